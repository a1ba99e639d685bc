import type { CallOptions } from '../../ports/runtime.js'

/** What an inventory can show about an object beside its existence. */
export type InventoryFacet = 'metadata' | 'tags' | 'legal-hold' | 'retention' | 'etag' | 'size' | 'storage-class'

/** What is known about an inventory before its rows are read. */
export interface InventoryDescription {
  /** Bucket whose objects it lists. */
  readonly bucket: string
  /** When it began, ISO 8601. Later changes may or may not be in it. Its rows describe that time, not the present. */
  readonly asOf: string
  /** What its rows may show. A facet that is not named is unknown for every object. */
  readonly facets: readonly InventoryFacet[]
}

/** One object version as an inventory has it. An absent field is unknown, never off. */
export interface InventoryRow {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  /** Whether it was the current version. Absent if the inventory lists current versions only, or does not say. */
  readonly isLatest?: boolean | undefined
  readonly isDeleteMarker?: boolean | undefined
  readonly sizeBytes?: number | undefined
  /** Without quotes. */
  readonly etag?: string | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
  readonly storageClass?: string | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
  readonly lockMode?: 'GOVERNANCE' | 'COMPLIANCE' | undefined
  /** ISO 8601. */
  readonly retainUntil?: string | undefined
  /** Names in lower case, without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Options of {@link InventorySource.rows}. */
export interface InventoryRowsOptions extends CallOptions {
  /** Only keys that begin with this prefix. @defaultValue every key */
  readonly prefix?: string | undefined
}

/**
 * A list of a bucket's objects that another service made: `S3Inventory`, `S3MetadataTable`. It selects the objects
 * to read, and shows missing ones. Only a HEAD shows the present state.
 */
export interface InventorySource {
  readonly name: string
  /** @throws LegalHoldError `INVENTORY_UNREADABLE` */
  describe(options?: CallOptions): Promise<InventoryDescription>
  /**
   * Every row, in no particular order. A list that ends with an error is incomplete, and does not prove that an
   * object is missing.
   *
   * @throws LegalHoldError `INVENTORY_UNREADABLE`
   */
  rows(options?: InventoryRowsOptions): AsyncIterable<InventoryRow>
}

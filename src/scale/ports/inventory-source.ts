import type { CallOptions } from '../../ports/runtime.js'

/** What an inventory can say of an object beside that it is there. */
export type InventoryFacet = 'metadata' | 'tags' | 'legal-hold' | 'retention' | 'etag' | 'size' | 'storage-class'

/** What is known of an inventory before its rows are read. */
export interface InventoryDescription {
  /** Bucket whose objects it lists. */
  readonly bucket: string
  /**
   * When it began, ISO 8601: what changed since is not in it, or only perhaps. Whatever follows from it is true of then, and not
   * of now.
   */
  readonly asOf: string
  /** What its rows may say. A facet that is not named is unknown of every object. */
  readonly facets: readonly InventoryFacet[]
}

/** One object version as an inventory has it. What is absent is unknown, never off. */
export interface InventoryRow {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  /** Whether it was the current version. Absent where the inventory lists current versions only, or does not say. */
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
  /** Only keys that begin so. @defaultValue every key */
  readonly prefix?: string | undefined
}

/**
 * A list of the objects of a bucket that somebody else made: `S3Inventory`, `S3MetadataTable`. It chooses what is to be read, and
 * shows where objects are missing; what is true now only a HEAD shows.
 */
export interface InventorySource {
  readonly name: string
  /** @throws LegalHoldError `INVENTORY_UNREADABLE` */
  describe(options?: CallOptions): Promise<InventoryDescription>
  /**
   * Every row, in no order. A list that ends with an error is incomplete, and nothing is missing because of it.
   *
   * @throws LegalHoldError `INVENTORY_UNREADABLE`
   */
  rows(options?: InventoryRowsOptions): AsyncIterable<InventoryRow>
}

/** A stretch of stored bytes. Copies share bytes instead of doubling them. */
export interface Segment {
  readonly blob: string
  readonly start: number
  readonly length: number
}

/** Content of an object or part. */
export interface Body {
  readonly segments: readonly Segment[]
  readonly sizeBytes: number
}

/** Names and values as they were sent; pairs, since a name may be `__proto__`. */
export type Pairs = readonly (readonly [name: string, value: string])[]

/** The checksums that the simulator knows. */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256' | 'SHA512' | 'MD5'

/** Whether a checksum is of the whole object or of the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** A checksum as it is kept. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; a composite one ends in `-` and the number of parts. */
  readonly value: string
  readonly type: ChecksumType
}

/** How an object is encrypted, or a bucket by default. */
export interface StoredEncryption {
  /** `AES256`, `aws:kms`, `aws:kms:dsse`; for SSE-C the algorithm the caller named. */
  readonly algorithm: string
  readonly kmsKeyId?: string | undefined
  readonly context?: string | undefined
  readonly bucketKey?: boolean | undefined
  /** Base64 MD5 of the key: set for SSE-C. The key itself is not kept, as in S3. */
  readonly customerKeyMd5?: string | undefined
}

/** A grant of an ACL. */
export interface StoredGrant {
  readonly type: 'CanonicalUser' | 'Group' | 'AmazonCustomerByEmail'
  /** Canonical id, group URI or e-mail address. */
  readonly grantee: string
  readonly permission: string
}

/** Object Lock retention of a version. */
export interface StoredRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  /** Milliseconds since the epoch. */
  readonly untilMs: number
}

/** A part of an object that was uploaded in several. */
export interface StoredPart {
  readonly number: number
  readonly sizeBytes: number
  readonly checksum?: string | undefined
}

/** What a write may say of an object beside its content. A multipart upload fixes it at its creation. */
export interface ObjectProperties {
  /** User metadata without `x-amz-meta-`, names lower-case. */
  readonly metadata: Pairs
  /** `content-type` and its kin, `expires`, `cache-control`: kept verbatim. */
  readonly headers: Pairs
  readonly storageClass: string
  readonly encryption: StoredEncryption
  readonly tags: Pairs
  readonly acl: readonly StoredGrant[]
  readonly redirect?: string | undefined
  readonly retention?: StoredRetention | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
}

/** One version of an object, or a delete marker. */
export interface ObjectVersion extends ObjectProperties {
  readonly key: string
  /** `null` for a version written while versioning was off or suspended. */
  readonly versionId: string
  /** Order of writing within the simulator. */
  readonly sequence: number
  readonly lastModifiedMs: number
  readonly deleteMarker: boolean
  readonly body: Body
  /** Without quotes. */
  readonly etag: string
  readonly checksum?: StoredChecksum | undefined
  /** Set for objects of a multipart upload. */
  readonly parts?: readonly StoredPart[] | undefined
  /** End of a restored copy of an archived object, milliseconds since the epoch. */
  readonly restoredUntilMs?: number | undefined
  /** No request sets these; tests do, through {@link S3Simulator.setObjectState}. */
  readonly replicationStatus?: string | undefined
  readonly missingMetadata?: number | undefined
  readonly archiveStatus?: string | undefined
}

// ---------------------------------------------------------------- storage

/** One object version. */
export interface ObjectRef {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
}

/** One entry of a listing. */
export interface ListedObject extends ObjectRef {
  /** Absent if the listing leaves it out. It is then unknown, never 0. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
  readonly storageClass?: string | undefined
}

/** One version of a key, or a delete marker, as a listing of versions shows it. */
export interface ListedVersion extends ObjectRef {
  readonly versionId: string
  /** The current version, which a request without a version id means. */
  readonly isLatest: boolean
  readonly deleteMarker: boolean
  /** 0 for a delete marker; absent if the listing leaves it out. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
  readonly storageClass?: string | undefined
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'

/** Object Lock retention of one version. */
export interface Retention {
  readonly mode: RetentionMode
  /** ISO 8601. */
  readonly retainUntilDate: string
}

/** A grant of an ACL, as S3 returns it. */
export interface AclGrant {
  readonly grantee: string
  readonly permission: string
}

/** Headers of an object that belong to its content and must survive a repair. Byte for byte as HEAD returned them. */
export interface ContentHeaders {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  readonly expires?: string | undefined
  readonly websiteRedirectLocation?: string | undefined
}

/** How an object is encrypted at rest. */
export interface ObjectEncryption {
  readonly algorithm?: string | undefined
  readonly kmsKeyId?: string | undefined
  readonly bucketKeyEnabled?: boolean | undefined
  /** Set for SSE-C: the object cannot be read or copied without the caller's key. */
  readonly customerAlgorithm?: string | undefined
}

/** Checksum as S3 stores it. */
export interface ObjectChecksum {
  /** As S3 names it: `CRC64NVME`, `SHA256`, `SHA512`, … An open set: one that this library does not know is kept as well. */
  readonly algorithm: string
  /** In base64. */
  readonly value: string
  readonly type?: 'FULL_OBJECT' | 'COMPOSITE' | (string & {}) | undefined
}

/**
 * All that is known of one object version. `undefined` means "not requested". A requested field that was refused
 * is `unreadable`, since an absent lock field may only mean a missing permission (s3-facts, Object Lock).
 */
export interface ObjectState extends ObjectRef {
  /** Absent if HEAD leaves it out (RFC 9110, 8.6) and it was not read in another way. It is then unknown, never 0. */
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** User metadata without the `x-amz-meta-` prefix, names lower-case, values byte for byte. No prototype. */
  readonly metadata: Readonly<Record<string, string>>
  /** Number of metadata values that S3 could not return (`x-amz-missing-meta`). */
  readonly missingMetadata?: number | undefined
  readonly headers: ContentHeaders
  readonly storageClass?: string | undefined
  readonly archiveStatus?: string | undefined
  readonly restore?: string | undefined
  readonly encryption: ObjectEncryption
  readonly checksum?: ObjectChecksum | undefined
  /**
   * All checksums if S3 shows several, `checksum` first. `unreadable` if the server refuses requests for them. It
   * is then not known whether there is one.
   */
  readonly checksums?: readonly ObjectChecksum[] | 'unreadable' | undefined
  readonly replicationStatus?: string | undefined
  readonly tagCount?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | 'unreadable' | undefined
  readonly legalHold?: 'ON' | 'OFF' | 'unreadable' | undefined
  readonly retention?: Retention | 'none' | 'unreadable' | undefined
  readonly acl?: readonly AclGrant[] | 'bucket-owner-enforced' | 'unreadable' | undefined
  readonly partsCount?: number | undefined
  readonly requestId?: string | undefined
  /** HTTP status of the answer. */
  readonly status?: number | undefined
}

import type { KeyIndex } from './key-index.js'
import type {
  Body,
  ChecksumAlgorithm,
  ChecksumType,
  ObjectProperties,
  Pairs,
  StoredEncryption,
  StoredGrant,
  StoredPart,
} from './object-version.js'

/** A part of an upload that is not complete. */
export interface UploadPart extends StoredPart {
  readonly body: Body
  readonly etag: string
  readonly lastModifiedMs: number
}

/** A multipart upload that is neither completed nor aborted. */
export interface MultipartUpload {
  readonly uploadId: string
  readonly key: string
  readonly initiatedMs: number
  readonly sequence: number
  readonly properties: ObjectProperties
  readonly checksumAlgorithm?: ChecksumAlgorithm | undefined
  readonly checksumType?: ChecksumType | undefined
  readonly parts: Map<number, UploadPart>
}

/** Who owns what is written to a bucket; `BucketOwnerEnforced` turns ACLs off. */
export type ObjectOwnership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'

/** Retention of versions that are written without one. */
export interface DefaultRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE'
  readonly days?: number | undefined
  readonly years?: number | undefined
}

/** What of public access a bucket blocks. */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean
  readonly ignorePublicAcls: boolean
  readonly blockPublicPolicy: boolean
  readonly restrictPublicBuckets: boolean
}

/** Configuration of a bucket: plain data, replaced as a whole when a part of it changes. */
export interface BucketSettings {
  readonly name: string
  readonly region: string
  /** What the location is answered as, where it is not the region: `EU`. */
  readonly location?: string | undefined
  readonly createdMs: number
  readonly versioning?: 'Enabled' | 'Suspended' | undefined
  readonly objectLock: boolean
  readonly defaultRetention?: DefaultRetention | undefined
  /** Undefined once the ownership controls are deleted, which means ObjectWriter. */
  readonly ownership?: ObjectOwnership | undefined
  readonly encryption: StoredEncryption
  /** Whether the default was configured, and is not only what every bucket has. */
  readonly encryptionConfigured?: boolean | undefined
  readonly blockedEncryption?: readonly string[] | undefined
  readonly publicAccessBlock?: PublicAccessBlock | undefined
  readonly policy?: string | undefined
  readonly acl: readonly StoredGrant[]
  readonly tags?: Pairs | undefined
  /** Configurations that are answered as they were put, by sub-resource. */
  readonly documents: Pairs
}

/** A bucket with all that is in it. */
export interface Bucket {
  settings: BucketSettings
  readonly objects: KeyIndex
  readonly uploads: Map<string, MultipartUpload>
  /** Sequence of the last write or deletion at a key, noted while there are uploads that it may collide with. */
  readonly touched: Map<string, number>
}

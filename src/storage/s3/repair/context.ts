import type { S3Bucket } from '../read/bucket.js'
import type { S3Reads } from '../read/reads.js'
import type { MultipartContext } from './multipart.js'
import type { S3Mutations } from './mutations.js'

/** What the parts of a repair by copy share. */
export interface RepairContext extends MultipartContext {
  readonly bucket: S3Bucket
  readonly reads: S3Reads
  readonly mutations: S3Mutations
}

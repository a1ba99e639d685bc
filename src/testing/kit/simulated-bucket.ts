import type { ListedObject, ObjectState } from '../../model/object.js'
import type { HeadResult } from '../../ports/storage.js'
import type { ObjectVersion, Pairs } from '../s3/state/object-version.js'
import type { S3Simulator } from '../s3-simulator.js'

/** A bucket as assertions read it. Every `StorageAdapter` fits. */
export interface BucketView {
  readonly bucket: string
  head(
    ref: { readonly bucket: string; readonly key: string },
    options?: { readonly full?: boolean },
  ): Promise<HeadResult>
  list(prefix: string): AsyncIterable<Pick<ListedObject, 'key'>>
}

/** A bucket of the S3 simulator that is read without requests. No fault hits these reads, and no log shows them. */
export class SimulatedBucket implements BucketView {
  readonly bucket: string
  readonly #s3: S3Simulator

  constructor(s3: S3Simulator, bucket: string) {
    this.#s3 = s3
    this.bucket = bucket
  }

  /** Keys that a listing would show. */
  keys(prefix = ''): readonly string[] {
    return this.#s3.keys(this.bucket).filter((key) => key.startsWith(prefix))
  }

  /** Versions and delete markers of a key, newest first. */
  versions(key: string): readonly ObjectVersion[] {
    return this.#s3.versions(this.bucket, key)
  }

  async head({ key }: { readonly key: string }): Promise<HeadResult> {
    const version = this.#s3.object(this.bucket, key)
    if (version === undefined) return { found: false, deleteMarker: false }
    if (version.deleteMarker) return { found: false, deleteMarker: true, versionId: version.versionId }
    return { found: true, state: stateOf(this.bucket, version) }
  }

  async *list(prefix: string): AsyncGenerator<Pick<ListedObject, 'key'>> {
    for (const key of this.keys(prefix)) yield { key }
  }
}

function stateOf(bucket: string, version: ObjectVersion): ObjectState {
  const { key, versionId, body, etag, metadata, tags, legalHold = 'OFF', retention, storageClass, encryption } = version
  return {
    bucket,
    key,
    versionId,
    sizeBytes: body.sizeBytes,
    etag: `"${etag}"`,
    metadata: recordOf(metadata),
    missingMetadata: version.missingMetadata,
    headers: {},
    storageClass,
    encryption: { algorithm: encryption.algorithm },
    tagCount: tags.length,
    tags: recordOf(tags),
    legalHold,
    retention:
      retention === undefined
        ? 'none'
        : { mode: retention.mode, retainUntilDate: new Date(retention.untilMs).toISOString() },
  }
}

/** Without a prototype, as an adapter returns it: a name may be `__proto__`. */
function recordOf(pairs: Pairs): Record<string, string> {
  const record: Record<string, string> = Object.create(null)
  for (const [name, value] of pairs) record[name] = value
  return record
}

import { createHash } from 'node:crypto'
import { isPending } from '../../internal/waits/pending.js'
import type { ContentDigests } from '../../journal/content-difference.js'
import type { ContentDigest } from '../../journal/record-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type { HashContent } from '../../model/evidence.js'
import { isVersioned } from '../../model/identity.js'
import type { ObjectChecksum, ObjectState } from '../../model/object.js'
import type { Remediation } from '../../model/verdict.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { isFatal } from '../validate.js'

/** How contents are read for their digests. */
export interface ContentReading {
  readonly storage: StorageAdapter
  readonly hashContent: HashContent
  readonly context: StageContext
}

/**
 * The digest of the version that now stands: S3's own checksum where it holds one, else the content's SHA-256 if the
 * caller wants it read. A content that cannot be read is not a failure of the run: the record says so.
 */
export function contentDigest(
  reading: ContentReading,
  state: ObjectState,
): ContentDigest | undefined | Promise<ContentDigest> {
  const { hashContent } = reading
  const own = state.checksum && storedDigest(state.checksum, state.versionId)
  if (hashContent === 'none' || (hashContent === 'missing' && own !== undefined)) return own
  return digestOfContent(reading, state, own)
}

async function digestOfContent(
  { storage, context }: ContentReading,
  state: ObjectState,
  own: ContentDigest | undefined,
): Promise<ContentDigest> {
  const { bucket, key, versionId, etag } = state
  const readContent = storage.readContent?.bind(storage)
  if (readContent === undefined) {
    return own ?? { source: 'unavailable', reason: `the storage ${storage.name} has no readContent` }
  }
  try {
    const value = await persist(context, 'validate', key, async () => {
      const sha256 = createHash('sha256')
      let sizeBytes = 0
      for await (const piece of readContent({ bucket, key, versionId }, { signal: context.signal, etag })) {
        sha256.update(piece)
        sizeBytes += piece.length
      }
      // Where HEAD names no size, the answer's own framing says that the content is whole.
      if (state.sizeBytes !== undefined && sizeBytes !== state.sizeBytes) throw changed(state, sizeBytes)
      return sha256.digest('hex')
    })
    return { algorithm: 'SHA256', value, source: 'content', versionId }
  } catch (error) {
    if (isFatal(error)) throw error
    const { code, message } = error as LegalHoldError
    return own ?? { source: 'unavailable', reason: `${code}: ${message}` }
  }
}

function storedDigest({ algorithm, value, type }: ObjectChecksum, versionId: string | undefined): ContentDigest {
  return { algorithm, value, type, source: 'storage', versionId }
}

/**
 * The digest of what a repair is about to overwrite, which nobody can read afterwards. With versioning the original
 * stays and is read once the repair is over.
 *
 * @param begun the repair was begun by an interrupted run, which may have overwritten it already
 */
export async function digestOfOverwritten(
  reading: ContentReading,
  state: ObjectState | undefined,
  begun: boolean,
): Promise<ContentDigest | undefined> {
  if (state === undefined || isVersioned(state)) return undefined
  if (begun && reading.hashContent !== 'none') {
    return { source: 'unavailable', reason: 'an interrupted run may have overwritten it' }
  }
  return contentDigest(reading, state)
}

/** Both digests once an object is finished. */
export async function contentDigests(
  reading: ContentReading,
  state: ObjectState | undefined,
  { remediation, overwritten }: { remediation: Remediation | undefined; overwritten: ContentDigest | undefined },
): Promise<ContentDigests> {
  const { before, after } = remediation ?? {}
  const last = after ?? state
  if (last === undefined) return {}
  const ofLast = contentDigest(reading, last)
  const digest = isPending(ofLast) ? await ofLast : ofLast
  if (before === undefined || after === undefined) return { digest }
  if (!isVersioned(before)) return { digest, digestBefore: overwritten }
  // A change in place leaves the version, and with it the content, as it was.
  if (before.versionId === after.versionId) return { digest }
  const ofFormer = contentDigest(reading, before)
  return { digest, digestBefore: isPending(ofFormer) ? await ofFormer : ofFormer }
}

function changed({ bucket, key, sizeBytes }: ObjectState, read: number): LegalHoldError {
  return new LegalHoldError(
    `s3://${bucket}/${key} had ${sizeBytes} bytes when its headers were read and gave ${read}. Somebody changed it.`,
    { code: 'OBJECT_CHANGED', stage: 'validate' },
  )
}

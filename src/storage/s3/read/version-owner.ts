import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectRef } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { S3Call } from '../answer/call.js'
import { subjectOf } from '../protocol/subject.js'
import type { S3Requests } from '../send/requests.js'
import { decodeKey } from './list.js'

/**
 * Whose version it is that the HEADs of two keys have named, after a second reading. The lists of both keys say so. Objects of
 * one content that were written in the same second differ by nothing else.
 *
 * @param rival the key that was answered with it before
 * @throws LegalHoldError `STORAGE_RESPONSE_INVALID` if one of the two answers was about the other object
 */
export async function requireOwnVersion(
  requests: S3Requests,
  ref: ObjectRef & { readonly versionId: string },
  rival: string,
  { stage, signal }: Pick<S3Call, 'stage' | 'signal'>,
): Promise<void> {
  const call = { stage, signal }
  const isOwn = await isListed(requests, ref, call)
  if (isOwn === false)
    throw notItsOwn(`The HEAD of ${subjectOf(ref)} was answered with a version of s3://${ref.bucket}/${rival}`, stage)
  const isShared = isOwn && (await isListed(requests, { ...ref, key: rival }, call))
  // Where nobody can tell, or keys share their ids, an id says nothing of whose it is.
  if (isShared !== false) return requests.marks.ignoreVersions()
  throw notItsOwn(
    `The HEAD of s3://${ref.bucket}/${rival} was answered before with a version of ${subjectOf(ref)}`,
    stage,
  )
}

/** Whether the version is among those of the key; `undefined` if the list does not say. */
async function isListed(
  requests: S3Requests,
  { key, versionId }: ObjectRef & { readonly versionId: string },
  call: CallOptions & Pick<S3Call, 'stage'>,
): Promise<boolean | undefined> {
  try {
    const { output } = await requests.send('ListObjectVersions', { Prefix: key, EncodingType: 'url' }, call)
    const versions = output.Versions ?? []
    if (
      versions.some(
        (one) =>
          one.VersionId === versionId && one.Key !== undefined && decodeKey(one.Key, output.EncodingType) === key,
      )
    )
      return true
    // More versions than a page shows, or an answer that is no list.
    return output.IsTruncated === false ? false : undefined
  } catch (error) {
    // Not implemented, or not allowed.
    if (LegalHoldError.isInstance(error) && !error.retryable && error.code !== 'ABORTED') return undefined
    throw error
  }
}

function notItsOwn(what: string, stage: S3Call['stage']): LegalHoldError {
  return new LegalHoldError(
    `${what}: what was read of one of the two may be about the other. Look for a cache or a proxy between here and the endpoint, and validate both again.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage, outcome: 'not-applied', status: 200 },
  )
}

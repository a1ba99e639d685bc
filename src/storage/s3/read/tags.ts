import { counted } from '../../../internal/text/counted.js'
import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { ObjectRef } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { S3Call } from '../answer/call.js'
import { invalidAnswer } from '../answer/checks.js'
import { subjectOf } from '../protocol/subject.js'
import type { S3Output, S3Requests } from '../send/requests.js'
import { target } from './target.js'

export type Tags = Readonly<Record<string, string>>

/** How a part of an object is read: compared with what is known of it, or not. */
export type PartCall = CallOptions & Pick<S3Call, 'compare'>

/** Tags, and the version that they are of where the server names it. */
export interface TaggedVersion {
  readonly tags: Tags
  readonly versionId: string | undefined
}

/** The tags of a version, or of the current one; a refusal is thrown. */
export async function readTags(
  requests: S3Requests,
  ref: ObjectRef,
  stage: Stage,
  { signal, compare }: PartCall,
): Promise<TaggedVersion> {
  const { output } = await requests.send('GetObjectTagging', target(ref), { stage, signal, compare })
  const tags: Record<string, string> = Object.create(null)
  // Ceph RGW leaves the empty set out altogether.
  for (const { Key, Value } of output.TagSet ?? []) {
    // Written back as the complete set, half a tag would be a changed one.
    if (Key === undefined || Value === undefined) throw halfTag(ref, stage)
    tags[Key] = Value
  }
  return { tags, versionId: output.VersionId }
}

/**
 * Refuses an answer with fewer tags than HEAD counts. It may come from a proxy or may have been cut off, and
 * writing it back would cost the object the tags of other matters. Somebody may also have tagged the object in
 * between: reading again tells.
 */
export function requireCount(ref: ObjectRef, tags: Tags, tagCount: number | undefined, stage: Stage): Tags {
  const count = Object.keys(tags).length
  if (tagCount === undefined || tagCount === count) return tags
  throw new LegalHoldError(
    `GetObjectTagging of ${subjectOf(ref)} was answered with ${counted(count, 'tag')}, while HEAD counts ${tagCount}. Nothing is written before both agree.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage, retryable: true, outcome: 'not-applied', details: { count, tagCount } },
  )
}

/** The tags of an answer must be as many as HEAD counts; `undefined` if it counts none. */
export function countOf(tagCount: number | undefined): S3Call['compare'] {
  if (tagCount === undefined) return undefined
  return ({ output = {} }) => {
    const { length } = (output as Partial<S3Output<'GetObjectTagging'>>).TagSet ?? []
    return length === tagCount ? undefined : `${counted(length, 'tag')}, while HEAD counts ${tagCount}`
  }
}

function halfTag(ref: ObjectRef, stage: Stage): LegalHoldError {
  const about = { operation: 'GetObjectTagging', stage, ...ref, mutation: false }
  return invalidAnswer(about, 'a tag without a key or a value')
}

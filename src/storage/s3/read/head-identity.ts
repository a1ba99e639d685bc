import { agreementOf, describeTraits, isOtherVersion, type ObjectTraits } from '../../../model/identity.js'
import type { ObjectRef, ObjectState } from '../../../model/object.js'
import type { HeadCall } from '../answer/call.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import { requestIdIn, textOf } from '../answer/marks.js'
import type { S3Call, S3Output, S3Requests } from '../send/requests.js'
import type { WireAnswer } from '../wire/transport.js'

/*
 * Whose HEAD an answer is. Nothing in it names the key: what the listing showed, the version that was asked for and the
 * marks of other answers must tell.
 */

/** Why an answer that came past the SDK is read again; `undefined` if it may be believed. Notes its marks. */
export function doubtOfHead(
  requests: S3Requests,
  ref: ObjectRef,
  call: HeadCall,
  { answer, state }: { readonly answer: WireAnswer; readonly state: ObjectState | undefined },
): DoubtedAnswer | undefined {
  const { connection } = answer
  const repetition = requests.marks.meet({
    question: ref.key,
    requestId: state?.requestId ?? requestIdIn(answer),
    versionId: state?.versionId,
    text: call.listed === undefined ? undefined : () => textOf(answer),
  })
  if (repetition !== undefined) return DoubtedAnswer.repeated(repetition, connection)
  const why = state === undefined ? absenceContradicts(call, answer.status) : contradictionOf(ref, call, state)
  return why === undefined ? undefined : new DoubtedAnswer(why, connection)
}

/** The same HEAD for the SDK, its answers to be compared as well. */
export function bySdk(ref: ObjectRef, call: HeadCall): S3Call {
  const { stage, signal, listed } = call
  if (listed === undefined) return { stage, signal }
  return {
    stage,
    signal,
    compare: ({ status, output = {} }) => {
      if (status === 404) return absenceContradicts(call, status)
      const {
        ETag: etag,
        ContentLength: sizeBytes,
        LastModified,
        VersionId,
      } = output as Partial<S3Output<'HeadObject'>>
      if (etag === undefined && LastModified === undefined) return undefined
      return contradictionOf(ref, call, {
        etag,
        sizeBytes,
        lastModified: LastModified?.toISOString(),
        versionId: VersionId,
      })
    },
  }
}

function contradictionOf(ref: ObjectRef, { listed }: HeadCall, state: ObjectTraits): string | undefined {
  if (isOtherVersion(ref.versionId, state.versionId)) return `what belongs to version ${state.versionId}`
  if (listed === undefined) return undefined
  const agreement = agreementOf(listed, state)
  return agreement === 'same' || agreement === 'unknown' ? undefined : `another object (${describeTraits(state)})`
}

function absenceContradicts({ listed }: HeadCall, status: number): string | undefined {
  return listed !== undefined && status === 404 ? 'that there is no such object, which the listing shows' : undefined
}

import { LegalHoldError, type Stage } from '../../../model/errors.js'
import type { SmithyResult } from '../client/middleware.js'
import type { Renewable } from '../client/sdk-connection.js'
import type { normaliseS3Error } from '../protocol/errors.js'
import { factsOf } from '../protocol/operation-table.js'
import type { S3Operation } from '../protocol/operations.js'
import { subjectOf } from '../protocol/subject.js'
import { foreignAnswer, foreignRefusal } from './belongs.js'
import type { S3Call, S3Headers } from './call.js'
import { DoubtedAnswer } from './doubted.js'
import { type AnswerMarks, type Marks, type Repetition, requestIdOf, textOfAnswer } from './marks.js'

/** A request, as far as its answer is held against it. */
export interface Asked {
  readonly operation: S3Operation
  /** Complete, as it was sent. */
  readonly input: object
  readonly call: Pick<S3Call, 'again' | 'compare'>
}

/** A proxy's page with status 200 parses as an empty answer: no objects, no tags, no rules. It must not count as one. */
export function refuseForeignAnswer(
  operation: S3Operation,
  headers: S3Headers,
  isEmpty: boolean,
  context: Parameters<typeof normaliseS3Error>[1],
): void {
  const isHtml = (headers['content-type'] ?? '').startsWith('text/html')
  const { mutates, root } = factsOf(operation)
  // Writes that S3 answers without a body: a page in its place says that they never got there.
  if (isHtml && mutates) throw invalidAnswer(context, 'an HTML page')
  if (root === undefined) return
  if (isHtml || isEmpty) throw invalidAnswer(context, isHtml ? 'an HTML page' : 'an empty body')
}

const longestQuote = 300

/** A 2xx answer that is not what S3 sends. */
export function invalidAnswer(
  context: {
    readonly operation: string
    readonly stage: Stage
    readonly bucket: string
    readonly mutation: boolean
  } & {
    readonly key?: string | undefined
    readonly versionId?: string | undefined
    /** Takes secrets out of what the server said. */
    readonly clean?: ((text: string) => string) | undefined
  },
  what: string,
): LegalHoldError {
  const said = (context.clean?.(what) ?? what).slice(0, longestQuote)
  return new LegalHoldError(
    `${context.operation} of ${subjectOf(context)} was answered with ${said}, which is not what S3 sends. Look for a proxy between here and the endpoint.`,
    {
      code: 'STORAGE_RESPONSE_INVALID',
      stage: context.stage,
      retryable: true,
      outcome: context.mutation ? 'unknown' : 'not-applied',
      status: 200,
    },
  )
}

/** In what an answer that has begun is one that has been read before: its body may never come. */
export function repeatedHead(seen: AnswerMarks, asked: Asked, { response }: SmithyResult): Repetition | undefined {
  const { headers = {} } = response ?? {}
  const marks = marksOf(asked.operation, asked.input, requestIdOf(headers), undefined)
  const versionId = asked.operation === 'HeadObject' ? headers['x-amz-version-id'] : undefined
  const repetition = seen.meetHead({ ...marks, versionId })
  const { again } = asked.call
  if (again?.repetition !== undefined && again.repetition.kind !== 'text') {
    seen.learn(again.repetition, { ...marks, versionId })
  }
  // The same mark again, over another connection: this server gives it to everybody.
  return repetition?.mark === again?.repetition?.mark ? undefined : repetition
}

/** The same of an answer that was read to its end. */
export function repeatedWhole(seen: AnswerMarks, asked: Asked, { response }: SmithyResult): Repetition | undefined {
  const { operation, input, call } = asked
  const { statusCode, headers = {}, body } = response ?? {}
  // A listing repeats what was asked, and is long.
  const isPart = body instanceof Uint8Array && factsOf(operation).echoes !== 'listing'
  const hasText = operation === 'HeadObject' ? call.compare !== undefined : isPart
  if (!hasText) return undefined
  const content = body instanceof Uint8Array ? Buffer.from(body).toString('latin1') : ''
  const marks = marksOf(operation, input, requestIdOf(headers), () => textOfAnswer(statusCode, headers, content))
  const repetition = seen.meetWhole(marks)
  if (call.again?.repetition?.kind === 'text') seen.learn(call.again.repetition, marks)
  return call.again === undefined ? repetition : undefined
}

/** Its id, as the SDK or the headers say it. */
export function requestIdOfAnswer(
  output: { readonly $metadata?: { readonly requestId?: string | undefined } },
  headers: S3Headers,
): string | undefined {
  return output.$metadata?.requestId ?? headers['x-amz-request-id']
}

/** By what the answer to a request is known. */
export function marksOf(
  operation: S3Operation,
  input: object,
  requestId: string | undefined,
  text: (() => string) | undefined,
): Marks {
  const asked = input as Partial<Record<(typeof askedFor)[number], unknown>>
  // As `read/head-identity.ts` asks.
  if (operation === 'HeadObject') return { question: String(asked.Key), requestId, text }
  const words = askedFor.map((name) => asked[name]).filter((value) => value !== undefined)
  return { question: [operation, ...words].join(' '), requestId, text }
}

/** What tells a request from others of its operation. */
const askedFor = [
  'Key',
  'VersionId',
  'Prefix',
  'StartAfter',
  'ContinuationToken',
  'KeyMarker',
  'VersionIdMarker',
] as const

/** Throws if an answer says of itself that it is to another request. */
export function refuseAnswerToAnother(
  operation: S3Operation,
  input: object,
  answer: { readonly output: object; readonly headers: S3Headers; readonly connection: Renewable | undefined },
): void {
  const foreign = foreignAnswer(operation, input, answer)
  if (foreign !== undefined) throw new DoubtedAnswer(foreign, answer.connection)
}

/** Throws if a refusal is about another key. */
export function refuseRefusalOfAnother(
  error: unknown,
  key: string | undefined,
  connection: Renewable | undefined,
): void {
  if (typeof error !== 'object' || error === null || LegalHoldError.isInstance(error)) return
  const foreign = foreignRefusal(error, key)
  if (foreign !== undefined) throw new DoubtedAnswer(foreign, connection)
}

/** Throws if the caller finds that a first answer is not the one to its request. */
export function refuseUnlike(
  { compare, again }: Pick<S3Call, 'again' | 'compare'>,
  answer: { readonly status: number | undefined; readonly output?: object },
  connection: Renewable | undefined,
): void {
  const unlike = again === undefined ? compare?.(answer) : undefined
  if (unlike !== undefined) throw new DoubtedAnswer(unlike, connection)
}

/**
 * How often a request is sent while its answers belong to other requests. The second attempt uses a new connection
 * if the client allows that. A client with its own transport may have several connections that are out of step.
 */
export const mostReadings = 4

/**
 * Throws if an answer to another request must end the call. A change is never sent again blindly. A read that was
 * already repeated, each time over another connection, does not become right by one more attempt.
 */
export function refuseForGood(
  doubted: DoubtedAnswer,
  about: Parameters<typeof invalidAnswer>[0] & { readonly operation: S3Operation },
  readings: number,
): void {
  if (readings < mostReadings && !about.mutation) return
  // The same each time, over another connection: the answer of a server that does not know what it was asked for.
  if (doubted.what === '<ListBucketResult>' && factsOf(about.operation).isPassedOver === true) throw passedOver(about)
  throw invalidAnswer(about, doubted.what)
}

function passedOver({ operation, stage, bucket }: Parameters<typeof invalidAnswer>[0]): LegalHoldError {
  return new LegalHoldError(
    `${operation} of s3://${bucket} was answered with a listing of the bucket: the server does not implement it.`,
    { code: 'STORAGE_UNSUPPORTED', stage, outcome: 'not-applied' },
  )
}

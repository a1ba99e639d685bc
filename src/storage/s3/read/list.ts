import { throwIfAborted } from '../../../internal/abort.js'
import { type RetryOptions, retrying } from '../../../internal/retry.js'
import { inheritWaits } from '../../../internal/waits/waits.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ListedObject } from '../../../model/object.js'
import type { CallOptions, Clock } from '../../../ports/runtime.js'
import { askedOf } from '../answer/belongs.js'
import { invalidAnswer, marksOf } from '../answer/checks.js'
import { DoubtedAnswer } from '../answer/doubted.js'
import { requestIdIn } from '../answer/marks.js'
import { echoContradiction, type ListedNames, namesContradiction } from '../protocol/list-echo.js'
import type { S3Call, S3Input, S3Output, S3Requests } from '../send/requests.js'
import { type ScannedPage, scanListing } from '../wire/list.js'
import type { FastRequest } from '../wire/path.js'
import { encodeQueryPart } from '../wire/signature.js'
import type { WireAnswer } from '../wire/transport.js'
import { type ListedPage, lastOf, Paging, type Position } from './paging.js'

type SdkPage = S3Output<'ListObjectsV2'>

type Page = ListedPage<ListedObject>

export interface ListContext {
  readonly requests: S3Requests
  /** Left out, that of the run counts. */
  readonly retry: RetryOptions | undefined
  readonly clock?: Clock | undefined
}

interface ListInput {
  readonly prefix: string
  readonly startAfter?: string | undefined
  readonly delimiter?: '/' | undefined
  /** One page of this many entries, and no more. */
  readonly limit?: number | undefined
}

/** Where a page begins: by what the one before said, and after what was on it. */
interface PageStart extends Position {
  readonly after?: string | undefined
}

/** Current versions under a prefix, in the UTF-8 byte order in which S3 lists them. */
export async function* listObjects(
  context: ListContext,
  input: ListInput,
  options: CallOptions,
): AsyncGenerator<ListedObject> {
  for await (const page of pages(context, input, options)) yield* page.objects
}

/** The same in the pages in which S3 answers: an await for each object would cost more than its line in the page. */
export async function* listObjectPages(
  context: ListContext,
  input: ListInput,
  options: CallOptions,
): AsyncGenerator<readonly ListedObject[]> {
  for await (const page of pages(context, input, options)) yield page.objects
}

/** The next "folders" under a prefix, with their trailing slash. */
export async function* listFolders(context: ListContext, prefix: string, options: CallOptions): AsyncGenerator<string> {
  for await (const page of pages(context, { prefix, delimiter: '/' }, options)) yield* page.folders
}

/**
 * Pages of a listing, the next one under way while the consumer works on this one. A page is repeated here, inside the
 * listing: nobody outside can repeat it.
 */
async function* pages(context: ListContext, input: ListInput, options: CallOptions): AsyncGenerator<Page> {
  const ahead = new AbortController()
  inheritWaits(ahead.signal, options.signal)
  const onAbort = () => ahead.abort(options.signal?.reason)
  if (options.signal?.aborted) onAbort()
  else options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    let start: PageStart = { startAfter: input.startAfter, after: input.startAfter }
    let next: Promise<Page> | undefined = fetchPage(context, input, start, ahead.signal)
    const paging = new Paging(context.requests.bucket)
    while (next !== undefined) {
      const page: Page = await next
      const position = paging.after(page)
      start = { ...position, after: lastOf(page) ?? start.after }
      const isLast = position === undefined || input.limit !== undefined
      next = isLast ? undefined : fetchPage(context, input, start, ahead.signal)
      // Nobody may ever await it, if the consumer stops here.
      next?.catch(() => {})
      yield page
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    ahead.abort(new Error('the listing was left'))
  }
}

function fetchPage(context: ListContext, input: ListInput, start: PageStart, signal: AbortSignal): Promise<Page> {
  const stage = 'discover'
  return retrying(
    async () => {
      throwIfAborted(signal, stage)
      return readPage(context.requests, input, start, { stage, signal })
    },
    context.retry,
    {
      stage,
      subject: `list of ${input.prefix || context.requests.bucket}`,
      service: context.requests.service,
      signal,
      clock: context.clock,
    },
  )
}

/**
 * Reads a page past the SDK where the client allows it. One that is the answer to another request is asked for again, by
 * the SDK and over a connection of its own.
 */
async function readPage(
  requests: S3Requests,
  input: ListInput,
  start: PageStart,
  call: Pick<S3Call, 'stage' | 'signal'>,
): Promise<Page> {
  const operation = 'ListObjectsV2'
  const { bucket } = requests
  const isEncoded = !requests.extras.isRefused(operation, 'url-encoding')
  const query = queryOf(input, start, isEncoded)
  const asked = inputOf(input, start)
  const request: FastRequest = (session) => session.list(query)
  const foreignNames = (page: Page) => namesContradiction({ bucket, prefix: input.prefix }, namesOn(page), start.after)
  const result = await requests.sendFast(request, call.signal).then(
    (answer) => (answer === undefined ? undefined : { answer }),
    (error: unknown) => ({ error }),
  )
  let again: DoubtedAnswer | undefined
  if (result !== undefined && 'answer' in result) {
    const { answer } = result
    const scanned = answer.status === 200 ? scanListing(answer.body) : undefined
    const page = scanned === undefined ? undefined : pageOfScan(scanned, bucket)
    const echoed = scanned && echoContradiction(askedOf(operation, { ...asked, Bucket: bucket }), scanned.echo)
    again = doubtOf(requests, asked, answer, echoed ?? (page && foreignNames(page)))
    if (page !== undefined && again === undefined) {
      if (isEncoded) requests.extras.accept(operation, 'url-encoding')
      return page
    }
  }
  again?.closeConnection()
  const hasOutcome = result !== undefined && again === undefined
  const outcome = hasOutcome ? await requests.outcomeOf(result, request, call, { operation }) : undefined
  const { output } = await requests.send(operation, asked, {
    ...call,
    outcome,
    again,
    compare: (listed) => listed.output && foreignNames(pageOfSdk(listed.output as SdkPage, bucket)),
  })
  const about = { operation, stage: call.stage, bucket, mutation: false } as const
  // An answer that is not a listing parses as an empty one, and an empty one would read as "nothing was delivered".
  if (output.IsTruncated === undefined && output.Name === undefined && output.KeyCount === undefined) {
    throw invalidAnswer(about, 'something other than a listing')
  }
  const page = pageOfSdk(output, bucket)
  const foreign = foreignNames(page)
  if (foreign !== undefined) throw invalidAnswer(about, foreign)
  return page
}

/** Why a page that came past the SDK is read again. Notes the marks of its answer. */
function doubtOf(
  requests: S3Requests,
  asked: object,
  answer: WireAnswer,
  foreign: string | undefined,
): DoubtedAnswer | undefined {
  const { connection } = answer
  const repetition = requests.marks.meet(marksOf('ListObjectsV2', asked, requestIdIn(answer), undefined))
  if (repetition !== undefined) return DoubtedAnswer.repeated(repetition, connection)
  return foreign === undefined ? undefined : new DoubtedAnswer(foreign, connection)
}

function namesOn({ objects, folders }: Page): ListedNames {
  return { keys: objects.map(({ key }) => key), folders }
}

// Keys may hold characters that XML cannot carry: hence the encoding (s3-facts: listing).
function inputOf(input: ListInput, { token, startAfter }: Position): Omit<S3Input<'ListObjectsV2'>, 'Bucket'> {
  return {
    Prefix: input.prefix,
    EncodingType: 'url',
    ...(input.limit === undefined ? {} : { MaxKeys: input.limit }),
    ...(input.delimiter === undefined ? {} : { Delimiter: input.delimiter }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
  }
}

/** The same, as the query of a request, sorted by name as its signature wants it. */
function queryOf(input: ListInput, { token, startAfter }: Position, isEncoded: boolean): string {
  return [
    ...(token === undefined ? [] : [`continuation-token=${encodeQueryPart(token)}`]),
    ...(input.delimiter === undefined ? [] : [`delimiter=${encodeQueryPart(input.delimiter)}`]),
    ...(isEncoded ? ['encoding-type=url'] : []),
    'list-type=2',
    ...(input.limit === undefined ? [] : [`max-keys=${input.limit}`]),
    `prefix=${encodeQueryPart(input.prefix)}`,
    ...(startAfter === undefined ? [] : [`start-after=${encodeQueryPart(startAfter)}`]),
  ].join('&')
}

function pageOfScan(page: ScannedPage, bucket: string): Page {
  const { encoding, token, truncated } = page
  return {
    objects: page.entries.map(({ key, sizeBytes, etag, lastModified, storageClass }) => ({
      bucket,
      key: decodeKey(key, encoding),
      sizeBytes,
      etag,
      lastModified,
      storageClass,
    })),
    folders: page.folders.map((folder) => decodeKey(folder, encoding)),
    truncated,
    token,
  }
}

function pageOfSdk(page: SdkPage, bucket: string): Page {
  const objects: ListedObject[] = []
  for (const { Key: key, Size: sizeBytes, ETag: etag, LastModified, StorageClass } of page.Contents ?? []) {
    if (key === undefined) throw withoutKey(bucket)
    const lastModified = LastModified?.toISOString()
    const decoded = decodeKey(key, page.EncodingType)
    objects.push({ bucket, key: decoded, sizeBytes, etag, lastModified, storageClass: StorageClass })
  }
  const folders: string[] = []
  for (const { Prefix: folder } of page.CommonPrefixes ?? []) {
    if (folder === undefined) throw withoutKey(bucket)
    folders.push(decodeKey(folder, page.EncodingType))
  }
  return { objects, folders, truncated: page.IsTruncated, token: page.NextContinuationToken }
}

/** An entry that nobody can name would be missing from the list without a word. */
function withoutKey(bucket: string): LegalHoldError {
  const about = { operation: 'ListObjectsV2', stage: 'discover', bucket, mutation: false } as const
  return invalidAnswer(about, 'an entry without a key')
}

/** The keys of a listing lie in the same folder by the thousand: the last plain one up to its last `=`. */
let lastFolder = { encoded: '', folder: '' }

/** Undoes `EncodingType: url`, where a space is `+` or `%20`. */
export function decodeKey(key: string, encoding: string | undefined): string {
  if (encoding !== 'url') return key
  const end = key.lastIndexOf('%3D') + '%3D'.length
  if (lastFolder.encoded.length === end && key.startsWith(lastFolder.encoded)) {
    const rest = key.slice(end)
    if (!rest.includes('%') && !rest.includes('+')) return lastFolder.folder + rest
  }
  // All that must be encoded in a key as Genesys writes it.
  const plain = key.replaceAll('%3D', '=')
  if (!plain.includes('%') && !plain.includes('+')) {
    if (end >= '%3D'.length)
      lastFolder = { encoded: key.slice(0, end), folder: key.slice(0, end).replaceAll('%3D', '=') }
    return plain
  }
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch (cause) {
    throw new LegalHoldError(`A key in the listing is not URL-encoded UTF-8: ${key.slice(0, 200)}`, {
      code: 'STORAGE_RESPONSE_INVALID',
      stage: 'discover',
      cause,
    })
  }
}

import { LegalHoldError } from '../errors.js'
import { throwIfAborted } from '../internal/abort.js'
import { type RetryOptions, retrying } from '../internal/retry.js'
import type { CallOptions, Clock, ListedObject } from '../ports.js'
import { type ScannedPage, scanListing } from './s3-fast-list.js'
import type { FastRequest } from './s3-fast-path.js'
import { encodeQueryPart } from './s3-fast-signature.js'
import { invalidAnswer, type S3Input, type S3Output, type S3Requests } from './s3-requests.js'

type SdkPage = S3Output<'ListObjectsV2'>

interface Page {
  readonly objects: readonly ListedObject[]
  /** With their trailing slash. */
  readonly folders: readonly string[]
  /** `undefined` where the server does not say. */
  readonly truncated: boolean | undefined
  readonly token: string | undefined
}

/** Where a page begins. */
interface Position {
  readonly token?: string | undefined
  readonly startAfter?: string | undefined
}

export interface ListContext {
  readonly requests: S3Requests
  readonly retry: RetryOptions
  readonly clock?: Clock | undefined
}

interface ListInput {
  readonly prefix: string
  readonly startAfter?: string | undefined
  readonly delimiter?: '/' | undefined
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
  const onAbort = () => ahead.abort(options.signal?.reason)
  if (options.signal?.aborted) onAbort()
  else options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    let next: Promise<Page> | undefined = fetchPage(context, input, { startAfter: input.startAfter }, ahead.signal)
    const paging = new Paging(context.requests.bucket)
    while (next !== undefined) {
      const page: Page = await next
      const position = paging.after(page)
      next = position === undefined ? undefined : fetchPage(context, input, position, ahead.signal)
      // Nobody may ever await it, if the consumer stops here.
      next?.catch(() => {})
      yield page
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    ahead.abort(new Error('the listing was left'))
  }
}

function fetchPage(
  { requests, retry, clock }: ListContext,
  input: ListInput,
  position: Position,
  signal: AbortSignal,
): Promise<Page> {
  const stage = 'discover'
  return retrying(
    async () => {
      throwIfAborted(signal, stage)
      const isEncoded = !requests.extras.isRefused('ListObjectsV2', 'url-encoding')
      const query = queryOf(input, position, isEncoded)
      const request: FastRequest = (session) => session.list(query)
      const result = await requests.sendFast(request, signal).then(
        (answer) => (answer === undefined ? undefined : { answer }),
        (error: unknown) => ({ error }),
      )
      const answer = result !== undefined && 'answer' in result ? result.answer : undefined
      const scanned = answer?.status === 200 ? scanListing(answer.body) : undefined
      if (scanned !== undefined) {
        if (isEncoded) requests.extras.accept('ListObjectsV2', 'url-encoding')
        return pageOfScan(scanned, requests.bucket)
      }
      const about = { operation: 'ListObjectsV2' } as const
      const outcome =
        result === undefined ? undefined : await requests.outcomeOf(result, request, { stage, signal }, about)
      const { output } = await requests.send('ListObjectsV2', inputOf(input, position), { stage, signal, outcome })
      // An answer that is no listing parses as an empty one, and an empty one would read as "nothing was delivered".
      if (output.IsTruncated === undefined && output.Name === undefined && output.KeyCount === undefined) {
        const about = { operation: 'ListObjectsV2', stage, bucket: requests.bucket, mutation: false } as const
        throw invalidAnswer(about, 'something other than a listing')
      }
      return pageOfSdk(output, requests.bucket)
    },
    retry,
    { stage, signal, clock },
  )
}

// Keys may hold characters that XML cannot carry: hence the encoding (s3-facts: listing).
function inputOf(input: ListInput, { token, startAfter }: Position): Omit<S3Input<'ListObjectsV2'>, 'Bucket'> {
  return {
    Prefix: input.prefix,
    EncodingType: 'url',
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

/**
 * Follows the tokens of one listing. A server whose tokens lead in a circle would be listed for ever: each is compared
 * with one that is kept, and that one is replaced after 1, 2, 4, … pages (Brent), so that any circle is found.
 */
class Paging {
  readonly #bucket: string
  #kept: string | undefined
  #pages = 0
  #keepAt = 1

  constructor(bucket: string) {
    this.#bucket = bucket
  }

  /** Where the next page begins, `undefined` where there is none. */
  after(page: Page): Position | undefined {
    const { truncated, token } = page
    if (truncated === false) {
      if (!token) return undefined
      throw this.#broken('that it ends, and from where it goes on')
    }
    if (token) return this.#next({ token }, token)
    if (truncated) throw this.#broken('that it goes on but not from where')
    // Whether there is more is not said: that nothing follows shows it.
    const position = afterLast(page)
    return position === undefined ? undefined : this.#next(position, position.startAfter ?? '')
  }

  #next(position: Position, mark: string): Position {
    if (mark === this.#kept) throw this.#broken('to go on from where it was before')
    this.#pages += 1
    if (this.#pages === this.#keepAt) {
      this.#kept = mark
      this.#keepAt *= 2
    }
    return position
  }

  #broken(says: string): LegalHoldError {
    return new LegalHoldError(
      `The listing of s3://${this.#bucket} says ${says}. The server's paging is broken; nothing can be said about what is missing.`,
      { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
    )
  }
}

/** The position behind everything on a page; `undefined` for an empty one. What lies in a folder comes before `0`, which follows `/`. */
function afterLast({ objects, folders }: Page): Position | undefined {
  const ends = [objects.at(-1)?.key, folders.at(-1)?.replace(/\/$/, '0')].filter((end) => end !== undefined)
  const [last, other] = ends
  if (last === undefined) return undefined
  const isBefore = other !== undefined && Buffer.compare(Buffer.from(last), Buffer.from(other)) < 0
  return { startAfter: isBefore ? other : last }
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
  // All that has to be encoded in a key as Genesys writes it.
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

import { LegalHoldError } from '../errors.js'
import { type RetryOptions, retrying } from '../internal/retry.js'
import type { CallOptions, Clock, ListedObject } from '../ports.js'
import { invalidAnswer, type S3Output, type S3Requests } from './s3-requests.js'

type Page = S3Output<'ListObjectsV2'>

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
  for await (const page of pages(context, input, options)) {
    for (const entry of page.Contents ?? []) {
      if (entry.Key === undefined) continue
      yield {
        bucket: context.requests.bucket,
        key: decodeKey(entry.Key, page.EncodingType),
        sizeBytes: entry.Size ?? 0,
        etag: entry.ETag,
        lastModified: entry.LastModified?.toISOString(),
        storageClass: entry.StorageClass,
      }
    }
  }
}

/** The next "folders" under a prefix, with their trailing slash. */
export async function* listFolders(context: ListContext, prefix: string, options: CallOptions): AsyncGenerator<string> {
  for await (const page of pages(context, { prefix, delimiter: '/' }, options)) {
    for (const { Prefix: folder } of page.CommonPrefixes ?? []) {
      if (folder !== undefined) yield decodeKey(folder, page.EncodingType)
    }
  }
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
    let next: Promise<Page> | undefined = fetchPage(context, input, undefined, ahead.signal)
    let token: string | undefined
    while (next !== undefined) {
      const page: Page = await next
      token = continuation(page, token, context.requests.bucket)
      next = token === undefined ? undefined : fetchPage(context, input, token, ahead.signal)
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
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const stage = 'discover'
  return retrying(
    async () => {
      const { output } = await requests.send(
        'ListObjectsV2',
        {
          Prefix: input.prefix,
          // Keys may hold characters that XML cannot carry (s3-facts: listing).
          EncodingType: 'url',
          ...(input.delimiter === undefined ? {} : { Delimiter: input.delimiter }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
          ...(token === undefined && input.startAfter !== undefined ? { StartAfter: input.startAfter } : {}),
        },
        { stage, signal },
      )
      // An answer that is no listing parses as an empty one, and an empty one would read as "nothing was delivered".
      if (output.IsTruncated === undefined && output.Name === undefined && output.KeyCount === undefined) {
        const about = { operation: 'ListObjectsV2', stage, bucket: requests.bucket, mutation: false } as const
        throw invalidAnswer(about, 'something other than a listing')
      }
      return output
    },
    retry,
    { stage, signal, clock },
  )
}

function continuation(page: Page, previous: string | undefined, bucket: string): string | undefined {
  if (page.IsTruncated !== true) return undefined
  const token = page.NextContinuationToken
  if (token !== undefined && token !== previous) return token
  throw new LegalHoldError(
    `The listing of s3://${bucket} says that it goes on but not from where. The server's paging is broken; nothing can be said about what is missing.`,
    { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
  )
}

/** Undoes `EncodingType: url`, where a space is `+` or `%20`. */
export function decodeKey(key: string, encoding: string | undefined): string {
  if (encoding !== 'url') return key
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

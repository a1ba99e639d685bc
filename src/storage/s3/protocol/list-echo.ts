import { compareKeys } from '../../../internal/key-order.js'

/*
 * Whose page a page is: a listing repeats what was asked for, and its entries lie where they were asked for. What a server
 * leaves out of that is unknown; what it says differently makes the page the answer to another request.
 */

/** What a page of a listing was asked for; what is absent was not asked. */
export interface ListAsked {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly delimiter?: string | undefined
  /** Of ListObjectsV2. */
  readonly startAfter?: string | undefined
  readonly token?: string | undefined
  /** Of ListObjectVersions and ListMultipartUploads. */
  readonly keyMarker?: string | undefined
  readonly idMarker?: string | undefined
}

/** What the page repeats of that, as it was sent. */
export interface ListEcho {
  readonly name?: string | undefined
  readonly prefix?: string | undefined
  readonly delimiter?: string | undefined
  readonly startAfter?: string | undefined
  readonly token?: string | undefined
  readonly keyMarker?: string | undefined
  readonly idMarker?: string | undefined
  /** `url` if what is made of keys comes encoded. */
  readonly encoding?: string | undefined
}

/** Names that stand for a bucket of another name. */
const aliases = /--(x|ol)-s3$|-s3alias$/

/** In what a page is that of another request; `undefined` if it may be the one that was asked for. Pure. */
export function echoContradiction(asked: ListAsked, echo: ListEcho): string | undefined {
  const { encoding } = echo
  const name = aliases.test(asked.bucket) ? undefined : echo.name
  const pairs: readonly (readonly [string, string | undefined, string | undefined, boolean])[] = [
    ['bucket', asked.bucket, name, false],
    ['prefix', asked.prefix, echo.prefix, true],
    ['delimiter', asked.delimiter, echo.delimiter, true],
    ['beginning', asked.startAfter, echo.startAfter, true],
    ['continuation token', asked.token, echo.token, true],
    ['key marker', asked.keyMarker, echo.keyMarker, true],
    ['marker', asked.idMarker, echo.idMarker, false],
  ]
  for (const [what, wanted = '', repeated = '', isEncoded] of pairs) {
    // Parsers of XML drop blanks at the ends.
    if (repeated === '' || repeated.trim() === wanted.trim()) continue
    if (isEncoded && encoding === 'url' && decoded(repeated) === wanted) continue
    return `a listing of another ${what}`
  }
  return undefined
}

/**
 * Whether a key or folder, as it was sent, lies under a prefix. One that cannot be decoded is for its reader to refuse.
 */
export function isUnder(name: string, prefix: string, encoding: string | undefined): boolean {
  const plain = encoding === 'url' ? decoded(name) : name
  return plain === undefined || plain.startsWith(prefix)
}

/** Not all servers encode what they repeat, and some write a space as a plus. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** The names on a page, decoded. */
export interface ListedNames {
  readonly keys: readonly string[]
  readonly folders: readonly string[]
}

/**
 * In what the names on a page are not those that were asked for.
 *
 * @param after what has been listed before, and is not to come again
 */
export function namesContradiction(
  { bucket, prefix = '' }: Pick<ListAsked, 'bucket' | 'prefix'>,
  { keys, folders }: ListedNames,
  after: string | undefined,
): string | undefined {
  if (![keys, folders].every((names) => names.every((name) => name.startsWith(prefix)))) {
    return 'a listing of keys outside of the prefix'
  }
  // Directory buckets list in no order.
  if (after === undefined || bucket.endsWith('--x-s3')) return undefined
  const comesBefore = [keys[0], folders[0]].some((name) => name !== undefined && compareKeys(name, after) < 0)
  return comesBefore ? 'a listing of keys that come before' : undefined
}

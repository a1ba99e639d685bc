import type { Call } from '../call.js'
import { invalidArgument } from '../http/errors.js'
import { encodeListed } from '../http/uri.js'
import { escapeXml, type Markup } from '../http/xml.js'
import { compareKeys, type OrderedKeys } from '../state/key-index.js'

/** What every listing takes. */
export interface ListingParameters {
  readonly prefix: string
  readonly delimiter: string
  readonly most: number
  readonly encoding: string | undefined
  /** Writes a key or prefix as markup, in the encoding asked for. */
  readonly encode: (text: string) => Markup
}

/** Reads the parameters that every listing takes. */
export function listingParameters(call: Call, maxName: string): ListingParameters {
  const { query } = call.request
  const encoding = query.get('encoding-type')
  if (encoding !== undefined && encoding !== 'url') {
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request')
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    most: readMost(query.get(maxName), maxName),
    encoding,
    // What is URI-encoded has nothing that XML would escape.
    encode: encoding === 'url' ? encodeListed : escapeXml,
  }
}

/** At most 1,000 are listed, however many are asked for. */
export function readMost(text: string | undefined, name: string): number {
  if (text === undefined || text === '') return 1000
  if (!/^-?\d+$/.test(text))
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`)
  const most = Number(text)
  if (most > 2_147_483_647 || most < -2_147_483_648) {
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`)
  }
  if (most < 0) throw invalidArgument(name, text, `Argument ${name} must be an integer between 0 and 2147483647`)
  return Math.min(most, 1000)
}

/** One thing on a page: the entries of a key, or the prefix that stands for many keys. */
export type Listed<T> = { readonly key: string; readonly entry: T } | { readonly commonPrefix: string }

/** A page of a listing. */
export interface Page<T> {
  readonly entries: readonly { readonly key: string; readonly entry: T }[]
  readonly commonPrefixes: readonly string[]
  readonly truncated: boolean
  /** The last thing on the page, from where the next one continues. */
  readonly last: Listed<T> | undefined
}

/** Where a listing begins. */
export interface Start {
  /** Key or common prefix that was listed last; empty for the beginning. */
  readonly after: string
  /** List that very key too, since only some of its versions were. */
  readonly inclusive?: boolean | undefined
}

/**
 * Walks keys in order, rolling those with the delimiter behind the prefix up into common prefixes. A rolled-up
 * prefix is skipped in one step, however many keys lie beneath.
 */
export function listPage<T>(
  ordered: OrderedKeys,
  parameters: Pick<ListingParameters, 'prefix' | 'delimiter' | 'most'>,
  start: Start,
  entriesOf: (key: string) => readonly T[],
): Page<T> {
  const { prefix, delimiter, most } = parameters
  const { keys } = ordered
  const entries: { key: string; entry: T }[] = []
  const commonPrefixes: string[] = []
  let last: Listed<T> | undefined
  let at = firstPosition(ordered, prefix, delimiter, start)
  while (at < keys.length) {
    const key = keys[at] ?? ''
    if (!key.startsWith(prefix)) break
    const rolled = commonPrefixOf(key, prefix, delimiter)
    const found = entriesOf(key)
    if (rolled !== undefined) {
      if (found.length === 0) {
        at += 1
        continue
      }
      if (entries.length + commonPrefixes.length >= most) return { entries, commonPrefixes, truncated: most > 0, last }
      commonPrefixes.push(rolled)
      last = { commonPrefix: rolled }
      at = ordered.positionAfterPrefix(rolled)
      continue
    }
    for (const entry of found) {
      if (entries.length + commonPrefixes.length >= most) return { entries, commonPrefixes, truncated: most > 0, last }
      last = { key, entry }
      entries.push(last)
    }
    at += 1
  }
  return { entries, commonPrefixes, truncated: false, last }
}

function firstPosition(ordered: OrderedKeys, prefix: string, delimiter: string, { after, inclusive }: Start): number {
  if (after === '' || compareKeys(after, prefix) < 0) return ordered.position(prefix)
  const rolled = commonPrefixOf(after, prefix, delimiter)
  // A page that ended in a common prefix continues behind everything beneath it; so does one from a key beneath.
  if (rolled !== undefined) return ordered.positionAfterPrefix(rolled)
  const at = ordered.position(after)
  return ordered.keys[at] === after && !inclusive ? at + 1 : at
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

/** Writes the common prefixes of a page. */
export function commonPrefixesXml(prefixes: readonly string[], encode: (text: string) => Markup): Markup {
  let markup = ''
  for (const prefix of prefixes) markup += `<CommonPrefixes><Prefix>${encode(prefix)}</Prefix></CommonPrefixes>`
  return markup
}

/** `<name>` around markup; nothing for an undefined value. */
export function encodedLeaf(name: string, markup: Markup | undefined): Markup {
  return markup === undefined ? '' : `<${name}>${markup}</${name}>`
}

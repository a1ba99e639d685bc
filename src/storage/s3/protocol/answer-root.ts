import { withoutEnd } from '../../../internal/text/edges.js'
import { factsOf } from './operation-table.js'
import type { S3Operation } from './operations.js'

/*
 * Answers whose absence of content means something: no tags, no hold, no retention, no grants. The SDK makes the same of
 * any other XML, of an empty body and of one that was cut off, and a repair would then write that back.
 */

interface Response {
  readonly statusCode?: number
  body?: unknown
}

/**
 * Reads the body of such an answer and leaves it to the SDK as bytes.
 *
 * @returns what the answer is instead, in words; `undefined` if it is what it should be, or none of this kind
 */
export async function foreignBody(operation: S3Operation, response: Response | undefined): Promise<string | undefined> {
  const { root, mutates } = factsOf(operation)
  // What a change was answered with is for its caller to judge: asking again would change once more.
  if (root === undefined || mutates || response === undefined || response.statusCode !== 200) return undefined
  const bytes = await bytesOf(response.body)
  if (bytes === undefined) return undefined
  response.body = bytes
  const text = new TextDecoder().decode(bytes).trim()
  if (text === '') return 'an empty body'
  const opened = rootOf(text)
  if (opened?.name !== root) return opened === undefined ? 'something other than XML' : `<${opened.name}>`
  const closed = opened.isEmpty ? opened.end === text.length : closes(text, root)
  return closed ? undefined : `a <${root}> that was cut off`
}

interface RootTag {
  /** Without a prefix. */
  readonly name: string
  /** `<Root/>`. */
  readonly isEmpty: boolean
  /** Where it ends in the text. */
  readonly end: number
}

/*
 * What follows reads character by character, in one pass: as a regular expression, the name and the attributes behind it
 * would share a long name in every possible way.
 */

function rootOf(text: string): RootTag | undefined {
  let at = 0
  while (text.startsWith('<?', at)) {
    const end = text.indexOf('>', at)
    if (end < at + 3 || text[end - 1] !== '?') return undefined
    at = end + 1
    while (isXmlBlank(text.charCodeAt(at))) at += 1
  }
  if (text[at] !== '<') return undefined
  const end = text.indexOf('>', at)
  const first = nameEnd(text, at + 1)
  if (end < 0 || first === at + 1) return undefined
  const second = text[first] === ':' ? nameEnd(text, first + 1) : first
  const name = second > first + 1 ? text.slice(first + 1, second) : text.slice(at + 1, first)
  return { name, isEmpty: text[end - 1] === '/', end: end + 1 }
}

/** Whether a document ends with the end of its root. */
export function closes(text: string, root: string): boolean {
  const at = text.lastIndexOf('</')
  if (at < 0 || !text.endsWith('>')) return false
  const name = withoutEnd(text.slice(at + 2, -1), isXmlBlank)
  const prefix = nameEnd(name, 0)
  const local = prefix > 0 && name[prefix] === ':' ? name.slice(prefix + 1) : name
  return local === root
}

/** What may stand around a document. */
export function isXmlBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}

function nameEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && isNameCharacter(text.charCodeAt(at))) at += 1
  return at
}

/** Of the names that S3 gives: letters and digits of ASCII, `_`, `.` and `-`. */
function isNameCharacter(code: number): boolean {
  const letter = code | 0x20
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2e ||
    code === 0x2d
  )
}

async function bytesOf(body: unknown): Promise<Uint8Array | undefined> {
  if (body instanceof Uint8Array) return body
  if (body === undefined || body === null) return new Uint8Array(0)
  if (!(Symbol.asyncIterator in Object(body))) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return Buffer.concat(chunks)
}

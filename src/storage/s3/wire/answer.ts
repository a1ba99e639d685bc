import { copyOf } from './text.js'

/*
 * An answer to HEAD as it came over the wire. It has no body whatever its headers say (RFC 9112, 6.3), so that its end
 * is that of its headers.
 */

/** An answer to HEAD. */
export interface HeadAnswer {
  readonly status: number
  /** Names as they were sent and values without the blanks around them, in turn; one character a byte. */
  readonly headers: readonly string[]
  readonly keepAlive: boolean
}

const beginning = 'HTTP/1.1 '
const [tab, carriageReturn, blank] = [9, 13, 32]
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/**
 * How the lines of the last answer began, with the names that they gave. Nearly all answers have the same lines in
 * the same order. A name is therefore compared instead of being cut out, looked up and checked.
 */
const expected: { readonly beginning: string; readonly name: string }[] = []
const mostExpected = 64
/** A server that sends further ones has nothing else to say. */
const mostInterim = 8

/** Reads the answer that a text begins with. `unreadable`: not in the form in which S3 writes it. Pure. */
export function readAnswer(text: string): HeadAnswer | 'incomplete' | 'unreadable' {
  let start = 0
  for (let interim = 0; interim <= mostInterim; interim += 1) {
    const answer = readHeaders(text, start)
    if (typeof answer === 'string') return answer
    // 1xx: the answer itself is still to come. 101 would be another protocol.
    if (answer.status >= 200) return answer.end === text.length ? answer : 'unreadable'
    if (answer.status === 101) return 'unreadable'
    start = answer.end
  }
  return 'unreadable'
}

/** The headers that begin at `start`, and where they end: an answer to HEAD, or what comes before a body. */
export function readHeaders(
  text: string,
  start: number,
): (HeadAnswer & { readonly end: number }) | 'incomplete' | 'unreadable' {
  const statusEnd = text.indexOf('\n', start)
  if (statusEnd < 0)
    return beginning.startsWith(text.slice(start, start + beginning.length)) ? 'incomplete' : 'unreadable'
  const status = statusOf(text, start)
  if (status === undefined || text.charCodeAt(statusEnd - 1) !== carriageReturn) return 'unreadable'
  const headers: string[] = []
  let keepAlive = true
  let line = 0
  for (let at = statusEnd + 1; ; ) {
    const end = text.indexOf('\n', at)
    if (end < 0) return 'incomplete'
    // Half a line break in the middle of a line may mean something else to somebody else.
    if (text.indexOf('\r', at) !== end - 1) return 'unreadable'
    if (end === at + 1) return { status, headers, keepAlive, end: end + 1 }
    let known = expected[line]
    if (known === undefined || !text.startsWith(known.beginning, at)) {
      const nameEnd = text.indexOf(':', at)
      const found = nameEnd < end ? text.slice(at, nameEnd) : ''
      if (!token.test(found)) return 'unreadable'
      const name = copyOf(found)
      known = { name, beginning: `${name}:` }
      if (line < mostExpected) expected[line] = known
    }
    const { name } = known
    const value = withoutBlanks(text, at + known.beginning.length, end - 1)
    headers.push(name, value)
    line += 1
    if (name.length === connection.length && name.toLowerCase() === connection) keepAlive &&= !/\bclose\b/i.test(value)
    at = end + 1
  }
}

const connection = 'connection'
function statusOf(text: string, start: number): number | undefined {
  if (!text.startsWith(beginning, start)) return undefined
  const at = start + beginning.length
  const after = text.charCodeAt(at + 3)
  const status = Number(text.slice(at, at + 3))
  if (!(status >= 100 && status <= 599) || (after !== blank && after !== carriageReturn)) return undefined
  return status
}

function withoutBlanks(text: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === blank || code === tab
}

import { type HeadAnswer, readHeaders } from './answer.js'
import { Beginning } from './arrival.js'
import type { RawHeaders } from './connections.js'

/*
 * An answer with a body as it comes over the wire, in the two forms in which S3 sends them (RFC 9112, 6.3): with its length, or
 * in chunks without trailers. Whatever has another form is not read here.
 */

/** An answer that is whole. */
export interface FramedAnswer extends HeadAnswer {
  /** In the pieces in which it came. */
  readonly body: readonly Buffer[]
}

/** Longer than any server's headers may be. */
const longestHeaders = 1 << 16
/** Longer than any listing or error. What is longer is none. */
const longestBody = 1 << 26
/** A line that gives the length of a chunk. */
const longestLine = 256
const [carriageReturn, lineFeed] = [13, 10]

/** Reads one answer after the other, as they arrive. */
export class AnswerReader {
  readonly #beginning = new Beginning()
  #headers: HeadAnswer | undefined
  #body: BodyReader | undefined

  /** The answer that ends with these bytes; `undefined` while it is not whole. The bytes are others' afterwards. */
  add(bytes: Buffer): FramedAnswer | 'unreadable' | undefined {
    let content = bytes
    if (this.#headers === undefined) {
      const begun = this.#begin(bytes)
      if (begun === undefined || begun === 'unreadable') return begun
      content = begun
    }
    const [headers, body] = [this.#headers, this.#body]
    const end = body?.add(content)
    if (headers === undefined || body === undefined || end === 'unreadable') return 'unreadable'
    if (end !== 'whole') return undefined
    this.forget()
    const { status, headers: raw, keepAlive } = headers
    return { status, headers: raw, keepAlive, body: body.pieces }
  }

  /** Nothing of the answer under way is of interest any more. */
  forget(): void {
    this.#beginning.set('')
    this.#headers = undefined
    this.#body = undefined
  }

  /** What follows on the headers, once they are whole. */
  #begin(bytes: Buffer): Buffer | 'unreadable' | undefined {
    const text = bytes.toString('latin1')
    const whole = this.#beginning.length === 0 ? text : this.#beginning.add(text)
    if (whole === undefined) return this.#beginning.length < longestHeaders ? undefined : 'unreadable'
    const headers = readHeaders(whole, 0)
    if (headers === 'incomplete' && whole.length < longestHeaders) {
      this.#beginning.set(whole)
      return undefined
    }
    // 1xx: nothing was asked for that would call for one.
    if (typeof headers === 'string' || headers.status < 200) return 'unreadable'
    const body = bodyOf(headers.status, headers.headers)
    const following = whole.length - headers.end
    if (body === undefined || following > bytes.length) return 'unreadable'
    this.#headers = headers
    this.#body = body
    return bytes.subarray(bytes.length - following)
  }
}

interface BodyReader {
  readonly pieces: readonly Buffer[]
  /** Takes what came. What comes behind the end makes it unreadable: nobody asked for more. */
  add(bytes: Buffer): 'whole' | 'unreadable' | undefined
}

/** How the body is read; `undefined` where its end is not said in one of the two ways. */
function bodyOf(status: number, headers: RawHeaders): BodyReader | undefined {
  let length: string | undefined
  let encoding: string | undefined
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]]
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) return undefined
      length = value
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (encoding !== undefined) return undefined
      encoding = value
    }
  }
  if (status === 204 || status === 304) return new KnownLength(0)
  if (encoding !== undefined) {
    return length === undefined && encoding.toLowerCase() === 'chunked' ? new Chunks() : undefined
  }
  if (length === undefined || !/^\d{1,10}$/.test(length)) return undefined
  const bytes = Number(length)
  return bytes <= longestBody ? new KnownLength(bytes) : undefined
}

class KnownLength implements BodyReader {
  readonly pieces: Buffer[] = []
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  add(bytes: Buffer): 'whole' | 'unreadable' | undefined {
    this.#left -= bytes.length
    if (this.#left < 0) return 'unreadable'
    if (bytes.length > 0) this.pieces.push(Buffer.from(bytes))
    return this.#left === 0 ? 'whole' : undefined
  }
}

/** RFC 9112, 7.1. */
class Chunks implements BodyReader {
  readonly pieces: Buffer[] = []
  #state: 'length' | 'content' | 'end' | 'trailer' = 'length'
  #line = ''
  /** Bytes of the chunk that are still to come, or of the line break behind it. */
  #left = 0
  #total = 0

  add(bytes: Buffer): 'whole' | 'unreadable' | undefined {
    let at = 0
    while (at < bytes.length) {
      const next = this.#state === 'content' ? this.#content(bytes, at) : this.#between(bytes, at)
      if (next === 'whole') return at + this.#taken === bytes.length ? 'whole' : 'unreadable'
      if (next === 'unreadable') return 'unreadable'
      at += this.#taken
    }
    return undefined
  }

  /** Bytes that the last step took. */
  #taken = 0

  #content(bytes: Buffer, at: number): undefined {
    const piece = bytes.subarray(at, at + this.#left)
    this.#taken = piece.length
    this.#left -= piece.length
    this.pieces.push(Buffer.from(piece))
    if (this.#left > 0) return
    this.#state = 'end'
    this.#left = 2
  }

  #between(bytes: Buffer, at: number): 'whole' | 'unreadable' | undefined {
    if (this.#state === 'end') {
      this.#taken = 1
      if (bytes[at] !== (this.#left === 2 ? carriageReturn : lineFeed)) return 'unreadable'
      this.#left -= 1
      if (this.#left === 0) this.#state = 'length'
      return undefined
    }
    const end = bytes.indexOf(lineFeed, at)
    const piece = bytes.subarray(at, end < 0 ? bytes.length : end + 1)
    this.#taken = piece.length
    this.#line += piece.toString('latin1')
    if (this.#line.length > longestLine) return 'unreadable'
    if (end < 0) return undefined
    const line = this.#line
    this.#line = ''
    if (this.#state === 'trailer') return line === '\r\n' ? 'whole' : 'unreadable'
    return this.#begin(line)
  }

  #begin(line: string): 'unreadable' | undefined {
    const digits = /^([0-9a-fA-F]{1,8})[\t ]*(?:;[^\r\n]*)?\r\n$/.exec(line)?.[1]
    if (digits === undefined) return 'unreadable'
    this.#left = Number.parseInt(digits, 16)
    this.#total += this.#left
    if (this.#total > longestBody) return 'unreadable'
    this.#state = this.#left === 0 ? 'trailer' : 'content'
    return undefined
  }
}

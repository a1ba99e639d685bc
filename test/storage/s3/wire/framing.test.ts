import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerReader, type FramedAnswer } from '../../../../src/storage/s3/wire/framing.js'

/** What comes of bytes that arrive in these pieces: the first that is not `undefined`, and the number of pieces it took. */
function arriving(bytes: Buffer, cuts: readonly number[], reader = new AnswerReader()) {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const pieces = [0, ...at].map((from, index) => bytes.subarray(from, [...at, bytes.length][index]))
  for (const piece of pieces) {
    if (piece.length === 0) continue
    // One buffer serves all sockets: what was read of it must not be needed again.
    const shared = Buffer.from(piece)
    const answer = reader.add(shared)
    shared.fill(0)
    if (answer !== undefined) return answer
  }
  return undefined
}

const read = (text: string, cuts: readonly number[] = []) => arriving(Buffer.from(text, 'latin1'), cuts)
const bodyOf = (answer: FramedAnswer | 'unreadable' | undefined) =>
  typeof answer === 'object' ? Buffer.concat(answer.body) : answer

const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const cuts = fc.array(fc.nat(), { maxLength: 12 })
const headersWith = (...lines: string[]) => ['HTTP/1.1 200 OK', 'ETag: "x"', ...lines, '', ''].join('\r\n')

const withLength = content.map((body) => ({
  body,
  bytes: Buffer.concat([Buffer.from(headersWith(`Content-Length: ${body.length}`)), body]),
}))
const inChunks = fc
  .array(
    fc.record({
      piece: fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
      extension: fc.constantFrom('', ';a=b', ' ', ' ;x="1"'),
      upper: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((chunks) => {
    const rendered = chunks.flatMap(({ piece, extension, upper }) => {
      const length = piece.length.toString(16)
      return [Buffer.from(`${upper ? length.toUpperCase() : length}${extension}\r\n`), piece, Buffer.from('\r\n')]
    })
    return {
      body: Buffer.concat(chunks.map(({ piece }) => piece)),
      bytes: Buffer.concat([
        Buffer.from(headersWith('Transfer-Encoding: chunked')),
        ...rendered,
        Buffer.from('0\r\n\r\n'),
      ]),
    }
  })
const whole = fc.oneof(withLength, inChunks)

describe('an answer with a body', () => {
  test('is the same in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(whole, cuts, ({ body, bytes }, at) => {
        const answer = arriving(bytes, at)
        expect(answer).toMatchObject({ status: 200, keepAlive: true })
        expect(bodyOf(answer)).toEqual(body)
      }),
      { numRuns: 500 },
    )
  })

  test('byte by byte is whole with its last byte, and not before', () => {
    fc.assert(
      fc.property(whole, ({ body, bytes }) => {
        const reader = new AnswerReader()
        for (let at = 0; at < bytes.length - 1; at += 1) expect(reader.add(bytes.subarray(at, at + 1))).toBeUndefined()
        expect(bodyOf(reader.add(bytes.subarray(-1)))).toEqual(body)
      }),
      { numRuns: 50 },
    )
  })

  test('is followed by nothing: what comes behind it in the same piece makes it unreadable', () => {
    fc.assert(
      fc.property(whole, fc.string({ minLength: 1, maxLength: 3 }), ({ bytes }, more) => {
        expect(arriving(Buffer.concat([bytes, Buffer.from(more)]), [])).toBe('unreadable')
      }),
    )
  })

  test('leaves nothing behind for the next one, and neither does one that was given up', () => {
    fc.assert(
      fc.property(whole, whole, fc.nat(), (first, second, cut) => {
        const reader = new AnswerReader()
        expect(bodyOf(arriving(first.bytes, [], reader))).toEqual(first.body)
        expect(bodyOf(arriving(second.bytes, [cut], reader))).toEqual(second.body)
        reader.add(Buffer.from(first.bytes.subarray(0, cut % first.bytes.length)))
        reader.forget()
        expect(bodyOf(arriving(second.bytes, [], reader))).toEqual(second.body)
      }),
    )
  })

  test('without a body is whole with its headers', () => {
    expect(read(headersWith('Content-Length: 0'))).toMatchObject({ status: 200, body: [] })
    expect(read('HTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ status: 204, body: [] })
    expect(read('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')).toMatchObject({
      keepAlive: false,
    })
  })

  test.each([
    ['no length', headersWith()],
    ['two lengths', headersWith('Content-Length: 1', 'content-length: 1')],
    ['a list of lengths', headersWith('Content-Length: 1, 1')],
    ['a negative length', headersWith('Content-Length: -1')],
    ['a length with a sign', headersWith('Content-Length: +1')],
    ['a length that no memory holds', headersWith('Content-Length: 9999999999')],
    ['a length and chunks', headersWith('Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['another encoding', headersWith('Transfer-Encoding: gzip, chunked')],
    ['two encodings', headersWith('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    ['another answer before it', `HTTP/1.1 100 Continue\r\n\r\n${headersWith('Content-Length: 0')}`],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['an older version', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['half line breaks', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ])('with %s is not read here', (_, text) => {
    expect(read(text)).toBe('unreadable')
    expect(read(text, [3, 20, 40, 60])).toBe('unreadable')
  })

  const chunked = headersWith('Transfer-Encoding: chunked')
  test.each([
    ['no digits', 'x\r\nabc\r\n0\r\n\r\n'],
    ['an empty length', '\r\nabc\r\n0\r\n\r\n'],
    ['a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a half line break behind the length', '3\nabc\r\n0\r\n\r\n'],
    ['a longer content than it says', '2\r\nabc\r\n0\r\n\r\n'],
    ['too long a line', `3;${'x'.repeat(300)}\r\nabc\r\n0\r\n\r\n`],
    ['too long a line that does not end', `3;${'x'.repeat(300)}`],
    ['a length that no memory holds', 'ffffffff\r\n'],
    ['trailers', '0\r\nETag: "other"\r\n\r\n'],
  ])('in chunks with %s is not read here', (_, text) => {
    expect(read(chunked + text)).toBe('unreadable')
    expect(read(chunked + text, [chunked.length, chunked.length + 1, chunked.length + 3])).toBe('unreadable')
  })

  test('with headers that do not end is given up', () => {
    const reader = new AnswerReader()
    reader.add(Buffer.from('HTTP/1.1 200 OK\r\n'))
    const line = Buffer.from(`x-long: ${'x'.repeat(1_000)}\r\n`)
    let answer: unknown
    for (let lines = 0; lines < 80 && answer === undefined; lines += 1) answer = reader.add(line)
    expect(answer).toBe('unreadable')
  })
})

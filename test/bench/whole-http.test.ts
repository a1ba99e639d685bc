import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../bench/whole/http.ts'

const server = serve(({ method, path, search, headers, body }, respond) => {
  respond({ status: 200, headers: ['x-seen', 'yes'], body: JSON.stringify({ method, path, search, headers, body }) })
})
let port = 0

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())

/** Everything that the server answers to these bytes, which arrive in pieces of such lengths. */
async function answersTo(bytes: string, lengths: readonly number[], answers: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  let answered = ''
  const done = new Promise<void>((resolve) => {
    socket.on('data', (text: string) => {
      answered += text
      if (answered.split('HTTP/1.1 ').length - 1 === answers && answered.endsWith('}')) resolve()
    })
    socket.on('close', () => resolve())
  })
  let at = 0
  for (const length of lengths) {
    socket.write(bytes.slice(at, at + length), 'latin1')
    at += length
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.write(bytes.slice(at), 'latin1')
  await done
  socket.destroy()
  return answered
}

test('requests are read whole, however they are cut', async () => {
  const request = fc.record({
    method: fc.constantFrom('PUT', 'GET', 'DELETE'),
    key: fc.stringMatching(/^[a-z0-9/=]{0,20}$/),
    search: fc.constantFrom('', 'versionId=v1', 'legal-hold&versionId=v1'),
    body: fc.string({ unit: fc.constantFrom('<', '>', 'é', '\r', '\n', 'x'), maxLength: 40 }),
  })
  const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), cuts, async (requests, lengths) => {
      const sent = requests.map(({ method, key, search, body }) => {
        const target = `/bucket/${key}${search === '' ? '' : `?${search}`}`
        return `${method} ${target} HTTP/1.1\r\nHost: h\r\nX-Amz-Thing:  a: b \r\nContent-Length: ${body.length}\r\n\r\n${body}`
      })
      const answered = await answersTo(sent.join(''), lengths, requests.length)
      const bodies = answered.split(/HTTP\/1\.1 200 OK\r\n/).slice(1)
      expect(bodies.map((text) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)))).toEqual(
        requests.map(({ method, key, search, body }) => ({
          ...{ method, path: `/bucket/${key}`, search, body },
          headers: { host: 'h', 'x-amz-thing': 'a: b', 'content-length': String(body.length) },
        })),
      )
    }),
    { numRuns: 60 },
  )
})

test('the client of Node understands the answers; one to HEAD has no body', async () => {
  const got = await fetch(`http://127.0.0.1:${port}/bucket/key?a=b`)
  expect(await got.json()).toMatchObject({ method: 'GET', path: '/bucket/key', search: 'a=b' })
  expect(got.headers.get('x-seen')).toBe('yes')
  expect(Math.abs(Date.parse(got.headers.get('date') ?? '') - Date.now())).toBeLessThan(5_000)
  const head = await fetch(`http://127.0.0.1:${port}/bucket/key`, { method: 'HEAD' })
  expect(await head.text()).toBe('')
  expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0)
})

test('a body without a length is refused, and not read as the next request', async () => {
  const answered = await answersTo('PUT /b/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', [], 1)
  expect(answered).toMatch(/^HTTP\/1\.1 411 /)
})

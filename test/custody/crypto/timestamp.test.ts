import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readCertificates } from '#src/custody/crypto/timestamp/certificates.js'
import { obtainTimestamp } from '#src/custody/crypto/timestamp/obtain.js'
import { verifyTimestamp } from '#src/custody/crypto/timestamp/token.js'
import { hasTool, LocalTsa } from './local-tsa.js'

const openssl = hasTool('openssl')
if (!openssl) console.warn('openssl is not installed: the time stamps of a local authority are not tested here')

const data = Buffer.from('what is stamped')
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

interface Answer {
  readonly status: number
  readonly body: Buffer | string
  readonly location?: string
}

function serve(answer: (request: Buffer, method: string) => Answer): Promise<string> {
  return listening(createServer(answering(answer)))
}

function answering(answer: (request: Buffer, method: string) => Answer): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { status, body, location } = answer(Buffer.concat(chunks), request.method ?? '')
      const headers = { 'content-type': 'application/timestamp-reply', ...(location === undefined ? {} : { location }) }
      response.writeHead(status, headers).end(body)
    })
  }
}

async function listening(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An authority that sends its callers elsewhere. */
const redirecting = (status: number, location: string) => serve(() => ({ status, body: 'elsewhere', location }))

describe.runIf(openssl)('a time stamp', () => {
  test.each(['rsa', 'ec'] as const)('of an authority with a key of type %s is obtained and verified', async (type) => {
    const tsa = new LocalTsa(type)
    const url = await serve((request) => ({ status: 200, body: tsa.reply(request) }))
    const { answer, verified } = await obtainTimestamp(data, { authority: url, ca: tsa.ca }, {})
    expect(verified).toMatchObject({ trusted: true, authority: expect.stringContaining('Local TSA') })
    expect(Math.abs(Date.parse(verified.time) - Date.now())).toBeLessThan(60_000)
    // openssl agrees.
    const folder = mkdtempSync(join(tmpdir(), 'tsr-'))
    writeFileSync(join(folder, 'a.tsr'), answer)
    writeFileSync(join(folder, 'data'), data)
    writeFileSync(join(folder, 'ca.pem'), tsa.ca)
    const args = ['ts', '-verify', '-data', 'data', '-in', 'a.tsr', '-CAfile', 'ca.pem']
    expect(execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }).toString()).toContain('OK')
  })

  test('is refused where the data, the authority or any of its signed bytes are others', async () => {
    const tsa = new LocalTsa('ec')
    const authority = async (request: Uint8Array) => tsa.reply(Buffer.from(request))
    const { answer } = await obtainTimestamp(data, { authority }, {})
    const trusted = readCertificates(tsa.ca)
    expect(verifyTimestamp(answer, data, trusted)).toMatchObject({ trusted: true })
    expect(verifyTimestamp(answer, data, [])).toMatchObject({ trusted: false })
    expect(() => verifyTimestamp(answer, Buffer.from('other'), trusted)).toThrow(/other data/)
    expect(() => verifyTimestamp(answer, data, readCertificates(new LocalTsa('ec').ca))).toThrow(/does not lead/)
    const signature = answer.length - 20
    const changed = Buffer.from(answer)
    changed[signature] = (changed[signature] ?? 0) ^ 1
    expect(() => verifyTimestamp(changed, data, trusted)).toThrow()
    expect(() => verifyTimestamp(answer.subarray(0, 100), data, trusted)).toThrow()
  })

  test('over another request is not taken for ours', async () => {
    const tsa = new LocalTsa('ec')
    let first: Buffer | undefined
    const authority = async (request: Uint8Array) => {
      first ??= tsa.reply(Buffer.from(request))
      return first
    }
    await obtainTimestamp(data, { authority }, {})
    await expect(obtainTimestamp(data, { authority }, {})).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining('another request'),
    })
  })

  test('is asked for again where the authority stumbles, and given up where it refuses', async () => {
    const tsa = new LocalTsa('ec')
    let asked = 0
    const url = await serve((request) => {
      asked += 1
      return asked < 3 ? { status: 503, body: 'busy' } : { status: 200, body: tsa.reply(request) }
    })
    await obtainTimestamp(data, { authority: url }, {})
    expect(asked).toBe(3)
    const refusing = await serve(() => ({ status: 403, body: 'no' }))
    await expect(obtainTimestamp(data, { authority: refusing }, {})).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
    })
    const refusal = await serve(() => ({ status: 200, body: readFileSync(new URL('./refusal.tsr', import.meta.url)) }))
    await expect(obtainTimestamp(data, { authority: refusal }, {})).rejects.toMatchObject({
      message: expect.stringContaining('did not grant'),
    })
  })

  test('over other data, or by a certificate that was not valid then, is rejected as it comes', async () => {
    const tsa = new LocalTsa('ec')
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
    const ofOther = async (request: Uint8Array) => {
      const changed = Buffer.from(request)
      sha256(Buffer.from('other')).copy(changed, changed.indexOf(sha256(data)))
      return tsa.reply(changed)
    }
    const rejected = (why: string) => ({
      code: 'TIMESTAMP_REJECTED',
      stage: 'report',
      message: expect.stringContaining(why),
    })
    await expect(obtainTimestamp(data, { authority: ofOther }, {})).rejects.toMatchObject(rejected('other data'))
    const expired = new LocalTsa('ec', { expired: true })
    const late = async (request: Uint8Array) => expired.reply(Buffer.from(request))
    await expect(obtainTimestamp(data, { authority: late }, {})).rejects.toMatchObject(rejected('was not valid at'))
    const nonsense = async () => Buffer.from('<html>')
    await expect(obtainTimestamp(data, { authority: nonsense }, {})).rejects.toMatchObject(rejected('cannot be used'))
  })

  test('is given up where the authority only stumbles, is silent or is not there, with its code', async () => {
    const broken = await serve(() => ({ status: 500, body: 'broken' }))
    const once = { retries: 0 }
    await expect(obtainTimestamp(data, { authority: broken }, once)).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining('HTTP 500'),
    })
    const silent = createServer(() => {})
    servers.push(silent)
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const asking = obtainTimestamp(data, { authority: url }, { ...once, attemptTimeoutMs: 50 })
    await expect(asking).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      message: expect.stringContaining('did not answer within 0.05 s'),
    })
    silent.closeAllConnections()
    await expect(obtainTimestamp(data, { authority: 'no address' }, once)).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      message: expect.stringContaining('"no address" could not be reached'),
    })
  })

  test('that is larger than any is not read to its end', async () => {
    let sent = 0
    const server = createServer((_, response) => {
      response.on('close', () => response.destroy())
      const piece = Buffer.alloc(65_536)
      const write = () => {
        if (response.destroyed) return
        sent += piece.length
        response.write(piece, () => setImmediate(write))
      }
      write()
    })
    const url = await listening(server)
    await expect(obtainTimestamp(data, { authority: url }, { retries: 0 })).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining('larger than a time stamp can be'),
    })
    expect(sent).toBeLessThan(64 * 1_048_576)
  })

  test('is not trusted by certificates that cannot be read', async () => {
    const tsa = new LocalTsa('ec')
    const authority = async (request: Uint8Array) => tsa.reply(Buffer.from(request))
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    for (const [ca, why] of [
      ['', 'holds no certificate'],
      ['my-ca.pem', 'holds no certificate'],
      [broken, 'cannot be read'],
    ]) {
      await expect(obtainTimestamp(data, { authority, ca }, {})).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining(why!),
      })
    }
  })

  test('ends at once when it is aborted', async () => {
    const url = await serve(() => ({ status: 503, body: 'busy' }))
    const controller = new AbortController()
    const asking = obtainTimestamp(data, { authority: url }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(asking).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe.runIf(openssl)('an authority that has moved', () => {
  const tsa = openssl ? new LocalTsa('ec') : undefined
  const granting = (request: Buffer) => ({ status: 200, body: tsa!.reply(request) })
  const once = { retries: 0 }

  test.each([301, 302, 303])(
    'by %i is not followed, and the new URL is named without what may be secret',
    async (status) => {
      let asked = 0
      const there = await serve((request) => {
        asked += 1
        return granting(request)
      })
      const url = await redirecting(status, `${there}/new/tsa?token=SECRET`)
      const error = await obtainTimestamp(data, { authority: url }, {}).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'TIMESTAMP_REJECTED', retryable: false })
      expect(String(error)).toContain(`(HTTP ${status}) to ${there}/new/tsa?…`)
      expect(String(error)).not.toContain('SECRET')
      expect(asked).toBe(0)
    },
  )

  test.each([307, 308])('by %i is followed once, with method and body', async (status) => {
    const methods: string[] = []
    const there = await serve((request, method) => {
      methods.push(method)
      return granting(request)
    })
    const url = await redirecting(status, `${there}/tsa`)
    const { verified } = await obtainTimestamp(data, { authority: url, ca: tsa!.ca }, once)
    expect(verified).toMatchObject({ trusted: true })
    expect(methods).toEqual(['POST'])
  })

  test('by 307 to https is followed, with method and body', async () => {
    const there = await serve(granting)
    const asked: [string, unknown, unknown][] = []
    const { fetch } = globalThis
    globalThis.fetch = async (url, init) => {
      asked.push([String(url), init?.method, init?.body])
      if (String(url) === 'https://tsa.example.org/tsr') return fetch(there, init)
      return new Response(null, { status: 307, headers: { location: 'https://tsa.example.org/tsr' } })
    }
    try {
      const authority = 'http://tsa.example.com/old'
      const { verified } = await obtainTimestamp(data, { authority, ca: tsa!.ca }, once)
      expect(verified).toMatchObject({ trusted: true })
    } finally {
      globalThis.fetch = fetch
    }
    const [first, second] = asked
    expect(asked).toHaveLength(2)
    expect(first).toEqual(['http://tsa.example.com/old', 'POST', second![2]])
    expect(second!.slice(0, 2)).toEqual(['https://tsa.example.org/tsr', 'POST'])
  })

  test('twice is followed once, and both URLs are named', async () => {
    const third = await serve(granting)
    const second = await redirecting(307, third)
    const url = await redirecting(307, second)
    await expect(obtainTimestamp(data, { authority: url }, once)).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining(`${second}/, and from there (HTTP 307) to ${third}/`),
    })
  })

  test.each([
    ['http off loopback', 'http://tsa.example.com/tsr', 'http://tsa.example.com/tsr, which is not https'],
    ['a file', 'file:///etc/passwd', 'a URL of the scheme file:, which is not https'],
    ['no URL', 'https://', 'does not say where to'],
    ['nowhere', '', 'does not say where to'],
  ])('to %s is not followed', async (_, location, why) => {
    const url = await redirecting(307, location)
    await expect(obtainTimestamp(data, { authority: url }, once)).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining(why),
    })
  })

  test('from elsewhere onto this machine is not followed in clear', async () => {
    let asked = 0
    const here = await serve((request) => {
      asked += 1
      return granting(request)
    })
    const { fetch } = globalThis
    globalThis.fetch = async (url, init) => {
      if (!String(url).includes('tsa.example.com')) return fetch(url, init)
      return new Response(null, { status: 307, headers: { location: here } })
    }
    try {
      const asking = obtainTimestamp(data, { authority: 'http://tsa.example.com' }, once)
      await expect(asking).rejects.toMatchObject({ message: expect.stringContaining('which is not https') })
    } finally {
      globalThis.fetch = fetch
    }
    expect(asked).toBe(0)
  })

  test.each([300, 304, 306])('by %i, which leads nowhere, is an answer without a time stamp', async (status) => {
    const url = await redirecting(status, 'https://tsa.example.com')
    await expect(obtainTimestamp(data, { authority: url }, once)).rejects.toMatchObject({
      code: 'TIMESTAMP_REJECTED',
      message: expect.stringContaining(`HTTP ${status}`),
    })
  })
})

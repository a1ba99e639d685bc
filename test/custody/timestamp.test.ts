import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { obtainTimestamp, readCertificates } from '#src/custody/timestamp.js'
import { verifyTimestamp } from '#src/custody/timestamp-token.js'
import { hasTool, LocalTsa } from './local-tsa.js'

const openssl = hasTool('openssl')
if (!openssl) console.warn('openssl is not installed: the time stamps of a local authority are not tested here')

const data = Buffer.from('what is stamped')
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

function serve(answer: (request: Buffer) => { status: number; body: Buffer | string }): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { status, body } = answer(Buffer.concat(chunks))
        response.writeHead(status, { 'content-type': 'application/timestamp-reply' }).end(body)
      })
    })
    servers.push(server)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

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

  test('ends at once when it is aborted', async () => {
    const url = await serve(() => ({ status: 503, body: 'busy' }))
    const controller = new AbortController()
    const asking = obtainTimestamp(data, { authority: url }, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(asking).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

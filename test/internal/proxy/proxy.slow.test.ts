import { execFile } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { loopbackProxy, tlsCertificate, tlsServer } from '../../fakes/loopback-proxy.js'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** Answers for each name. */
const answers: Readonly<Record<string, string>> = {
  tsa: 'reply',
  kms: JSON.stringify({ PublicKey: Buffer.from('public').toString('base64') }),
  store: 'plan',
  events: JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] }),
}

async function servers() {
  const reached: string[] = []
  const { port, close } = await tlsServer((request: IncomingMessage, response: ServerResponse) => {
    const [name = ''] = String(request.headers.host).split('.')
    request.resume().on('end', () => {
      reached.push(`${request.method} ${name}`)
      const type = name === 'tsa' ? 'application/timestamp-reply' : 'application/x-amz-json-1.1'
      // The engines have no such job; that is an answer of theirs.
      response
        .writeHead(name === 'batch' || name === 'states' ? 404 : 200, { 'content-type': type })
        .end(answers[name] ?? '')
    })
  })
  open.push(close)
  return { port, reached }
}

async function childWith(env: Record<string, string>): Promise<Record<string, unknown>> {
  const child = fileURLToPath(new URL('proxied-child.ts', import.meta.url))
  const { https_proxy, no_proxy, ...rest } = process.env
  const own = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_MAX_ATTEMPTS: '1' }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child], {
    env: { ...rest, ...own, NODE_EXTRA_CA_CERTS: tlsCertificate, ...env },
    timeout: 100_000,
  })
  return JSON.parse(stdout)
}

describe('the proxy of HTTPS_PROXY', () => {
  test('leads webhooks, time stamps, KMS, EventBridge, shards and doctor to their servers, encrypted to the end', async () => {
    const { port: target, reached } = await servers()
    const proxy = await loopbackProxy(target)
    open.push(() => proxy.close())
    const said = await childWith({ HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${proxy.port}` })
    expect(said).toEqual({
      webhook: 'done',
      authority: 'reply',
      kms: expect.stringContaining('BEGIN PUBLIC KEY'),
      events: 'done',
      store: 'plan',
      batch: expect.stringContaining('of S3 Batch Operations failed: '),
      states: expect.stringContaining('of Step Functions failed: '),
      doctor: [
        {
          area: 'host',
          subject: 'genesys.s3.proxied.test',
          result: 'ok',
          message: `answers through the proxy 127.0.0.1:${proxy.port}`,
        },
      ],
    })
    const posts = ['POST events', 'POST hooks', 'POST kms', 'POST states', 'POST tsa']
    expect([...new Set(reached)].sort()).toEqual(['GET batch', 'GET store', 'HEAD genesys', ...posts])
    const names = ['batch', 'events', 'genesys', 'hooks', 'kms', 'states', 'store', 'tsa']
    expect([...new Set(proxy.asked)].sort()).toEqual(names.map((name) => `CONNECT ${name}.s3.proxied.test:443`))
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]))
  })

  test('that refuses is named, without its password, and never passed by', async () => {
    const proxy = await loopbackProxy({ refuse: 407 })
    open.push(() => proxy.close())
    const said = await childWith({ HTTPS_PROXY: `http://me:hidden@127.0.0.1:${proxy.port}` })
    expect(said.webhook).toContain(`could not be reached through the proxy 127.0.0.1:${proxy.port}`)
    expect(said.doctor).toMatchObject([{ result: 'problem', message: expect.stringContaining('through the proxy') }])
    expect(said.kms).toMatch(/^LegalHoldError/)
    expect(said.events).toMatch(/^LegalHoldError/)
    for (const name of ['authority', 'store', 'batch', 'states']) expect(said[name]).toMatch(/^LegalHoldError/)
    expect(JSON.stringify(said)).not.toContain('hidden')
    expect(proxy.asked.every((line) => line.startsWith('CONNECT '))).toBe(true)
  })

  test('is not asked for what NO_PROXY names, and one that cannot be used is said', async () => {
    const proxy = await loopbackProxy({ refuse: 502 })
    open.push(() => proxy.close())
    await childWith({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'localhost,.proxied.test' })
    expect(proxy.asked).toEqual([])
    const said = await childWith({ HTTPS_PROXY: 'socks5://u:hidden@127.0.0.1:1080' })
    for (const one of Object.values(said)) expect(JSON.stringify(one)).toMatch(/HTTPS_PROXY|LegalHoldError/)
    expect(said.doctor).toMatchObject([{ message: expect.stringContaining('names no proxy that can be used') }])
    expect(JSON.stringify(said)).not.toContain('hidden')
  })
})

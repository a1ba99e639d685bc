import type { Server } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { LegalHoldError, LegalHoldExporter, type RunEvent } from '#src/index.js'
import { retrying } from '#src/internal/retry.js'
import { Contact } from '#src/internal/waits/contact.js'
import { networkAdvice } from '#src/internal/waits/proxy-advice.js'
import { runWaits } from '#src/internal/waits/run-waits.js'
import { S3StorageAdapter } from '#src/s3.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { request, tag } from '../../custody/bundle-world.js'
import { FakePlatform } from '../../fakes/platform.js'
import { closedPort, silentPort } from '../../fakes/ports.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function silent(): Promise<number> {
  const { port, server } = await silentPort()
  servers.push(server)
  return port
}

async function failed(exporter: LegalHoldExporter) {
  const events: RunEvent[] = []
  const error: unknown = await exporter.run(request, { onEvent: (event) => events.push(event) }).catch((one) => one)
  if (!LegalHoldError.isInstance(error)) throw new Error(`no LegalHoldError: ${String(error)}`)
  return { error, events, retries: events.filter((event) => event.type === 'retry') }
}

describe('the first contact of a run', () => {
  test('with Genesys Cloud fails within connectTimeoutMs, and says what was tried', async () => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const closed = await closedPort()
    const endpoint = `http://127.0.0.1:${closed}`
    const platform = new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', endpoint, clock })
    const { error, retries } = await failed(
      new LegalHoldExporter({ platform, storage: new MemoryStorageAdapter({ clock }), clock, hold: { tag } }),
    )
    expect(error.code).toBe('NETWORK_ERROR')
    expect(error.message).toMatch(
      new RegExp(
        `^Genesys Cloud did not answer within 15 s \\(connectTimeoutMs\\): 127\\.0\\.0\\.1:${closed} was tried \\d+ times\\. The last attempt: .*ECONNREFUSED.*Check the endpoint`,
      ),
    )
    expect(error.details).toMatchObject({ attempts: retries.length + 1, connectTimeoutMs: 15_000 })
    expect(clock.now() - Date.parse('2023-10-20T12:00:00Z')).toBeLessThanOrEqual(15_000)
    // More often than a patient back-off would: nothing suggests that the service is merely busy.
    expect(retries.length).toBeGreaterThan(6)
  })

  test('with S3 fails as soon, and inspection says what was tried', async () => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const endpoint = `http://127.0.0.1:${await closedPort()}`
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const storage = new S3StorageAdapter({ bucket: 'evidence', endpoint, credentials, clock })
    const { error, retries } = await failed(
      new LegalHoldExporter({ platform: new FakePlatform(), storage, clock, hold: { tag }, connectTimeoutMs: 4_000 }),
    )
    expect(error.code).toBe('PREFLIGHT_BLOCKED')
    expect(error.message).toMatch(
      /bucket-unreachable: .*S3 did not answer within 4 s.*127\.0\.0\.1:\d+ was tried \d+ times/,
    )
    expect(clock.now() - Date.parse('2023-10-20T12:00:00Z')).toBeLessThanOrEqual(4_000)
    expect(retries[0]).toMatchObject({ stage: 'inspect', subject: expect.stringContaining('s3://evidence') })
  })

  test.each([
    ['what lies under a prefix', { prefix: 'org/' }],
    ['keys', ['org/a.opus', 'org/b.opus']],
  ])('with S3 fails as soon where a single call begins with %s', async (_, source) => {
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const endpoint = `http://127.0.0.1:${await closedPort()}`
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const storage = new S3StorageAdapter({ bucket: 'evidence', endpoint, credentials, clock })
    const exporter = (remediation?: { readonly versions: 'all' }) =>
      new LegalHoldExporter({
        platform: new FakePlatform(),
        storage,
        clock,
        hold: { tag },
        connectTimeoutMs: 4_000,
        ...(remediation === undefined ? {} : { remediation }),
      })
    const calls = [
      () => exporter().validate(source),
      () => exporter({ versions: 'all' }).validate(source),
      () => exporter().remediate(source, { dryRun: true }),
      () => exporter().release(source, { reason: 'test', dryRun: true }),
    ]
    for (const call of calls) {
      const begun = clock.now()
      await expect(call().next()).rejects.toMatchObject({
        code: 'NETWORK_ERROR',
        message: expect.stringMatching(/S3 did not answer within 4 s \(connectTimeoutMs\): 127\.0\.0\.1:\d+ was tried/),
      })
      expect(clock.now() - begun).toBeLessThanOrEqual(4_000)
    }
  })

  test('is dropped where a server takes the connection and says nothing', async () => {
    const clock = new SimulatedClock()
    const endpoint = `http://127.0.0.1:${await silent()}`
    const platform = new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', endpoint, clock })
    const { error } = await failed(
      new LegalHoldExporter({
        platform,
        storage: new MemoryStorageAdapter({ clock }),
        clock,
        hold: { tag },
        connectTimeoutMs: 120,
      }),
    )
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/within 120 ms.*tried once\. It said nothing\./),
    })
  })

  test('ends as the last attempt failed that ended by itself, where the time is up during another', async () => {
    const contact = new Contact({ name: 'X', address: 'x:443', advice: 'Check x.' }, 60)
    const refused = new LegalHoldError('Nobody listens.', { code: 'NETWORK_ERROR', stage: 'inspect' })
    await expect(contact.attempt(() => Promise.reject(refused), { stage: 'inspect' })).rejects.toBe(refused)
    await expect(contact.attempt(() => new Promise(() => {}), { stage: 'inspect' })).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      message: expect.stringContaining('was tried 2 times. The last attempt: Nobody listens.'),
    })
  })

  test('gives its advice once, without that of the last attempt', async () => {
    const clock = new SimulatedClock()
    const endpoint = `http://127.0.0.1:${await closedPort()}`
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const worlds = [
      {
        platform: new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', endpoint, clock }),
        storage: new MemoryStorageAdapter({ clock }),
      },
      {
        platform: new FakePlatform(),
        storage: new S3StorageAdapter({ bucket: 'evidence', endpoint, credentials, clock }),
      },
    ]
    for (const world of worlds) {
      const { error } = await failed(new LegalHoldExporter({ ...world, clock, hold: { tag } }))
      expect(error.message.match(/\bCheck\b/g), error.message).toEqual(['Check'])
      expect(error.message).toContain('ECONNREFUSED')
    }
  })

  test('names several addresses as several', async () => {
    const contact = new Contact({ name: 'X', address: 'a:443, b:443', advice: 'Check x.' }, 60)
    const refused = new LegalHoldError('Nobody listens.', { code: 'NETWORK_ERROR', stage: 'inspect' })
    expect(contact.failureAfter(refused, 'inspect').message).toContain('a:443, b:443 were tried')
  })

  test('says so as well where nothing is repeated', async () => {
    const clock = new SimulatedClock()
    const endpoint = `http://127.0.0.1:${await closedPort()}`
    const platform = new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', endpoint, clock })
    const storage = new MemoryStorageAdapter({ clock })
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, retry: { retries: 0 } })
    expect((await failed(exporter)).error.message).toContain('was tried once')
  })

  test('is over with the first answer: an outage after it is waited for as long as any', async () => {
    const clock = new SimulatedClock({ now: 0 })
    const events: { type: string }[] = []
    const waits = runWaits(undefined, { retry: undefined, connectTimeoutMs: 15_000 }, (event) => events.push(event))
    const service = { name: 'X', address: 'x:443', advice: 'Check x.' }
    const context = { stage: 'inspect', subject: 'x', service, clock, signal: waits.signal } as const
    // A refusal is an answer.
    const refusal = new LegalHoldError('no', { code: 'PLATFORM_FORBIDDEN', stage: 'inspect', status: 403 })
    await expect(retrying(() => Promise.reject(refusal), undefined, context)).rejects.toBe(refusal)
    const done = retrying(
      async () => {
        if (clock.now() > 300_000) return 'done'
        throw new LegalHoldError('gone', { code: 'NETWORK_ERROR', stage: 'inspect', retryable: true })
      },
      undefined,
      context,
    )
    await expect(done).resolves.toBe('done')
    waits.end()
    expect(events.length).toBeGreaterThan(12)
    expect(events.at(-1)).toMatchObject({
      type: 'retry',
      reason: 'gone',
      nextAt: expect.any(String),
      givesUpAt: new Date(600_000).toISOString(),
    })
  })

  test('names the proxy without its password', () => {
    expect(networkAdvice('the region', {})).toMatch(
      /^Check the region, .* If only a proxy leads out of the network, set HTTPS_PROXY\.$/,
    )
    const set = networkAdvice('the region', { HTTPS_PROXY: 'http://user:secret@proxy.test:3128' })
    expect(set).toContain('HTTPS_PROXY is set (proxy.test:3128)')
    expect(set).not.toContain('secret')
  })

  test.each([-1, Number.NaN])('refuses %s as its time', (connectTimeoutMs) => {
    const options = { platform: new FakePlatform(), storage: new MemoryStorageAdapter(), hold: { tag } }
    expect(() => new LegalHoldExporter({ ...options, connectTimeoutMs })).toThrow('connectTimeoutMs must be')
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import { RecordingJobsPlatform } from '#src/genesys.js'
import { LegalHoldExporter, type RetryOptions, type RunEvent } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { request, tag } from '../../custody/bundle-world.js'
import { FakePlatform } from '../../fakes/platform.js'
import { ScriptedServer } from '../../platforms/scripted-server.js'

afterEach(() => vi.useRealTimers())

describe('an adapter of a run', () => {
  const asked = '/api/v2/organizations/me'

  async function requestsWith(own: RetryOptions | undefined, retry: RetryOptions | undefined) {
    const server = await new ScriptedServer().start()
    try {
      server.on(
        `GET ${asked}`,
        () => new Response('{}', { status: 503, headers: { 'content-type': 'application/json' } }),
      )
      const clock = new SimulatedClock()
      const { endpoint } = server
      const platform = new RecordingJobsPlatform({ region: 'eu-west-1', accessToken: 't', endpoint, clock, retry: own })
      const events: RunEvent[] = []
      const storage = new MemoryStorageAdapter({ clock })
      const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag }, retry })
      const run = exporter.run(request, { onEvent: (event) => events.push(event) })
      await expect(run).rejects.toMatchObject({ code: 'PLATFORM_UNAVAILABLE' })
      return { requests: server.count(`GET ${asked}`), retries: events.filter(({ type }) => type === 'retry') }
    } finally {
      await server.close()
    }
  }

  test('repeats by the policy of the exporter where it was given none, and tells of it', async () => {
    const { requests, retries } = await requestsWith(undefined, { retries: 1 })
    expect(requests).toBe(2)
    expect(retries).toHaveLength(1)
    expect(retries).toContainEqual(expect.objectContaining({ subject: 'read the organisation', attempt: 1 }))
  })

  test('keeps to its own policy', async () => {
    const { requests } = await requestsWith({ retries: 2 }, { retries: 0 })
    expect(requests).toBe(3)
  })
})

describe('a request that is not answered for long', () => {
  test('is told once, after 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    let answer: (value: { id: string }) => void = () => {}
    const platform = Object.assign(new FakePlatform(), {
      organization: () => new Promise<{ id: string }>((resolve) => (answer = resolve)),
    })
    const clock = new SimulatedClock()
    const exporter = new LegalHoldExporter({
      platform,
      storage: new MemoryStorageAdapter({ clock }),
      clock,
      hold: { tag },
    })
    const waiting: RunEvent[] = []
    const run = exporter.run(request, {
      onEvent: (event) => {
        if (event.type === 'waiting') waiting.push(event)
      },
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    vi.advanceTimersByTime(4_000)
    expect(waiting).toEqual([])
    vi.advanceTimersByTime(20_000)
    expect(waiting).toHaveLength(1)
    expect(waiting[0]).toMatchObject({ stage: 'inspect', subject: 'organization', reason: 'no answer yet' })
    answer({ id: 'org' })
    await run
    expect(vi.getTimerCount()).toBe(0)
  })
})

import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { collect } from '#src/internal/streams/streams.js'
import { MemoryStorageAdapter } from '#src/storage/memory/adapter.js'
import { SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'

const tag = 'MATTER-7'
const key = 'org/a.opus'
const reason = 'order 12/34'

/** A release during which somebody writes a list of tags that he read before, each time that the release waits. */
function racing(writes: readonly string[]) {
  const simulated = new SimulatedClock()
  const storage = new MemoryStorageAdapter({ clock: simulated })
  const left = [...writes]
  const clock = {
    now: () => simulated.now(),
    sleep: async (ms: number, signal?: AbortSignal) => {
      const hold = left.shift()
      if (hold !== undefined) await storage.mergeTags({ bucket: storage.bucket, key }, { hold })
      await simulated.sleep(ms, signal)
    },
  }
  storage.put(key, { body: 'sound', tags: { hold: `a ${tag}`, team: 'y' }, legalHold: 'ON' })
  const exporter = new LegalHoldExporter({
    platform: new FakePlatform(),
    storage,
    clock,
    hold: { tag },
    requirements: { tags: { hold: tag } },
  })
  const tags = () => ({ ...(storage.versions(key)[0]?.state?.tags as object) })
  return { storage, exporter, tags, simulated }
}

describe('a tag that comes back right after its release', () => {
  test('with the list of another matter is taken off again, and that is said', async () => {
    const { exporter, tags } = racing([`a ${tag} theirs`])
    const [release] = await collect(exporter.release([key], { reason }))
    expect(release).toMatchObject({
      outcome: 'released',
      reason: 'held again by an exporter of a, theirs at the same moment, and released again',
      remaining: ['a', 'theirs'],
      attempts: 2,
      before: { tags: { hold: `a ${tag}` } },
      after: { tags: { hold: 'a theirs' } },
    })
    expect(release?.steps.map(({ action }) => action)).toEqual(['replace-tags', 'replace-tags'])
    expect(tags()).toEqual({ hold: 'a theirs', team: 'y' })
  })

  test('every time is said to be held again, and never released', async () => {
    const { exporter, tags } = racing(Array.from({ length: 10 }, () => `a ${tag} theirs`))
    const [release] = await collect(exporter.release([key], { reason }))
    expect(release).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('held again by an exporter of a, theirs'),
      remaining: ['a', 'theirs'],
      after: { tags: { hold: `a ${tag} theirs` } },
    })
    expect(tags()).toEqual({ hold: `a ${tag} theirs`, team: 'y' })
  })

  test('by itself was put there for this matter, and stays', async () => {
    const { exporter, tags } = racing([tag])
    const [release] = await collect(exporter.release([key], { reason }))
    expect(release).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('held again by another') })
    expect(tags()).toEqual({ hold: tag, team: 'y' })
  })
})

describe('the second look of a release', () => {
  test('waits once for many objects', async () => {
    const { storage, exporter, simulated } = racing([])
    const keys = Array.from({ length: 40 }, (_, at) => `org/${at}.opus`)
    for (const one of keys) storage.put(one, { body: 'sound', tags: { hold: tag } })
    const from = simulated.now()
    const releases = await collect(exporter.release(keys, { reason }))
    expect(releases.map(({ outcome }) => outcome)).toEqual(keys.map(() => 'released'))
    expect(simulated.now() - from).toBe(2_000)
  })

  test('does not delay a plan', async () => {
    const { exporter, simulated } = racing([])
    const from = simulated.now()
    const [plan] = await collect(exporter.release([key], { reason, dryRun: true }))
    expect(plan?.outcome).toBe('planned')
    expect(simulated.now() - from).toBe(0)
  })

  test('leaves no timer behind where the loop over it ends early, nor where it is aborted', async () => {
    const { storage, exporter, simulated } = racing([])
    const keys = Array.from({ length: 3 }, (_, at) => `org/${at}.opus`)
    for (const one of keys) storage.put(one, { body: 'sound', tags: { hold: tag } })
    for await (const { outcome } of exporter.release(keys, { reason })) {
      expect(outcome).toBe('released')
      break
    }
    expect(simulated.sleeping).toBe(0)
    const from = simulated.now()
    const abort = new AbortController()
    const late = async function* () {
      yield key
      abort.abort()
      yield key
    }
    await expect(collect(exporter.release(late(), { reason, signal: abort.signal }))).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect([simulated.sleeping, simulated.now() - from]).toEqual([0, 0])
  })
})

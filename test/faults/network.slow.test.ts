import { afterEach, describe, expect, test } from 'vitest'
import { MemoryJournal } from '#src/index.js'
import { type NetworkWorld, networkWorld, wrongsOf } from './network-world.js'
import type { Trouble } from './proxy.js'

let world: NetworkWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** Every so manieth request meets the trouble. */
function oneIn(n: number, trouble: Trouble): () => Trouble {
  let count = 0
  return () => {
    count += 1
    return count % n === 0 ? trouble : { kind: 'none' }
  }
}

const troubles: readonly [string, number, Trouble][] = [
  ['slow', 1, { kind: 'delay', delayMs: 5 }],
  ['that drops requests', 10, { kind: 'reset' }],
  ['that drops answers', 10, { kind: 'reset-answer' }],
  ['that cuts off answers', 10, { kind: 'truncate', afterBytes: 300 }],
  ['half open now and then', 25, { kind: 'half-open' }],
]

describe.each(troubles)('a network %s', (_, n, trouble) => {
  test('changes nothing about the end of a run', async () => {
    world = await networkWorld(4)
    world.toGenesys.trouble = oneIn(n, trouble)
    world.toS3.trouble = oneIn(n, trouble)
    const report = await world.run(new MemoryJournal())
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 4, repaired: 4 } })
    expect(wrongsOf(world, 4)).toEqual([])
    expect(world.toS3.met[trouble.kind]).toBeGreaterThan(3)
    expect(world.toGenesys.met[trouble.kind]).toBeGreaterThan(0)
  })
})

describe('a network that is gone', () => {
  // Gone after the inspection, once there is a job, and in the midst of the repairs.
  test.each(['stage-finished', 'job-created', 'expected', 'remediation'] as const)(
    'for five minutes after %s is survived',
    async (when) => {
      world = await networkWorld(4)
      const w = world
      let wentAt: number | undefined
      const report = await w.run(new MemoryJournal(), ({ type }) => {
        if (type !== when || wentAt !== undefined) return
        wentAt = w.clock.now()
        w.goneFor(300_000)
      })
      expect(report.outcome).toBe('complete')
      expect(wrongsOf(w, 4)).toEqual([])
      expect(w.clock.now() - (wentAt ?? Number.POSITIVE_INFINITY)).toBeGreaterThan(300_000)
    },
  )

  test('from the beginning is told after 15 seconds, and not after minutes', async () => {
    world = await networkWorld(4)
    const w = world
    const startedAt = w.clock.now()
    w.goneFor(300_000)
    await expect(w.run(new MemoryJournal())).rejects.toMatchObject({
      code: expect.stringMatching(/^(NETWORK_ERROR|TIMEOUT)$/),
      message: expect.stringContaining('Genesys Cloud did not answer within 15 s'),
    })
    expect(w.clock.now() - startedAt).toBeLessThanOrEqual(15_000)
  })

  test('for good stops the run, and its journal goes on once it is back', async () => {
    world = await networkWorld(6)
    const w = world
    const journal = new MemoryJournal()
    let isGone = false
    const stopped = w.run(journal, ({ type }) => {
      if (type === 'remediation' && !isGone) {
        isGone = true
        w.goneFor(Number.POSITIVE_INFINITY)
      }
    })
    await expect(stopped).rejects.toMatchObject({ code: expect.stringMatching(/^(NETWORK_ERROR|TIMEOUT)$/) })
    w.goneFor(0)
    const report = await w.run(journal)
    expect(report).toMatchObject({ outcome: 'complete', resumed: 1 })
    expect(wrongsOf(w, 6)).toEqual([])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Repaired } from '../fakes/repair.js'
import { type ModelCase, modelCase } from './cases.js'
import { expectedOutcomes, violationsOf } from './invariants.js'
import { runsOr, seed } from './seed.js'
import { World } from './world.js'

const numRuns = runsOr(1_000)

describe('a repair, whatever the object, the policy, the faults and the other writers', () => {
  test('weakens nothing, loses nothing, is on record, repeats nothing blindly, and ends well when nothing interferes', async () => {
    process.stdout.write(`model test: ${numRuns} runs, MODEL_SEED=${seed}\n`)
    const outcomes: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(modelCase, async (model: ModelCase) => {
        const world = new World(model)
        await world.seed()
        const first = await world.repair(model.events)
        const { outcome, reason } = first.remediation
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        expect([...violationsOf(world, first), `${outcome}: ${reason ?? ''}`]).toEqual([`${outcome}: ${reason ?? ''}`])
        if (model.events.length === 0) expect(expectedOutcomes(world)).toContain(outcome)
        // One other writer and nothing else: what is found is decided about anew, and that comes to an end.
        const [event, ...more] = model.events
        const writer = event !== undefined && more.length === 0 && 'writer' in event ? event.writer : undefined
        if (writer === 'content' || writer === 'metadata' || writer === 'retain') {
          expect([writer, outcome, reason]).toEqual([writer, expect.not.stringMatching('failed'), reason])
        }
        await endsWell(world, first)
      }),
      { numRuns, seed, interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true },
    )
    process.stdout.write(`model test: ${JSON.stringify(outcomes)}\n`)
    // A model in which one of these never happens tests less than it says.
    if (numRuns >= 1_000) {
      for (const outcome of ['repaired', 'not-needed', 'refused', 'failed', 'planned']) {
        expect(outcomes[outcome] ?? 0).toBeGreaterThan(numRuns / 200)
      }
    }
  }, 300_000)
})

/** Once nothing interferes any more, one more repair makes an end of it, and another one finds nothing to do. */
async function endsWell(world: World, first: Repaired): Promise<void> {
  if (world.case.policy.dryRun) return
  world.requests.length = 0
  const again = await world.repair([])
  expect(violationsOf(world, again, first)).toEqual([])
  expect(['repaired', 'not-needed', 'refused']).toContain(again.remediation.outcome)
  if (again.remediation.outcome === 'refused') return
  const last = await world.repair([])
  expect([last.verdict.verdict, last.remediation.outcome]).toEqual(['held', 'not-needed'])
  // What an interrupted copy left behind is gone with the next one.
  if (again.remediation.steps.some(({ action }) => action === 'replace-metadata') && world.case.policy.multipart) {
    expect(world.simulator.uploads('evidence')).toEqual([])
  }
}

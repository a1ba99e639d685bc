import fc from 'fast-check'
import { describe, test } from 'vitest'
import { check, counts, race } from './matters-world.js'
import { runsOr, seed } from './seed.js'

describe('exporters of several matters at once, some of which let go', () => {
  test('leave every tag that is to be there, none that is not, and all else as it was, on whatever server', async () => {
    process.stdout.write(`matters at once: MODEL_SEED=${seed}\n`)
    await fc.assert(fc.asyncProperty(race, check), {
      numRuns: runsOr(150),
      seed,
      endOnFailure: process.env.CI !== undefined,
    })
    process.stdout.write(`matters at once: ${JSON.stringify(counts)}\n`)
  }, 280_000)
})

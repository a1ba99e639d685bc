import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportedFunctions } from './expressions.js'
import { elsewhere, parsers } from './parsers.js'
import { simulatorParsers, simulatorsElsewhere } from './simulator-parsers.js'
import { StepCounter } from './steps.js'

const counter = new StepCounter()
beforeAll(() => counter.open())
afterAll(() => counter.close())

const small = 12_500
/** So much larger that the square of it is unmistakable: 64 times the steps, and seconds. */
const factor = 8

async function measure(work: () => unknown) {
  let least = await counter.of(work)
  for (let round = 0; round < 2 && least.cpuMs > fewMs; round += 1) {
    const next = await counter.of(work)
    if (next.cpuMs < least.cpuMs) least = next
  }
  return least
}

/** Nothing that takes so little grows with the square of such a size; what is collected now and then takes as long. */
const fewMs = 150

describe.each(Object.entries({ ...parsers, ...simulatorParsers }))('%s', (_, { inputs, read }) => {
  test.each(Object.entries(inputs))('takes steps that grow with its size: %s', async (_, make) => {
    // What is made once, is made now.
    await read(make(1_000) as never)
    const [one, many] = [make(small), make(factor * small)]
    const first = await measure(() => read(one as never))
    const second = await measure(() => read(many as never))
    expect(second.steps).toBeLessThanOrEqual(2 * factor * first.steps + 2_000)
    if (second.cpuMs > fewMs) expect(second.cpuMs).toBeLessThan(5 * factor * Math.max(first.cpuMs, 3))
  })
})

test('every function that reads or parses is among them', () => {
  const named = exportedFunctions((name) => /^(?:read|parse|scan|decode|match)/.test(name))
  const known = new Set([
    ...Object.values({ ...parsers, ...simulatorParsers }).flatMap(({ reads }) => reads),
    ...Object.keys({ ...elsewhere, ...simulatorsElsewhere }),
  ])
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

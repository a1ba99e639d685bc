import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Transport, transports } from './answers-world.js'
import type { ByteAnswer, ByteRequest, Fate } from './byte-proxy.js'
import { outcomeOf } from './matrix-world.js'
import { expectedOfAnswers } from './whose-expected.js'
import { aboutOf, type Kind, lastingKinds, passingKinds } from './whose-kinds.js'
import { countsOf, render } from './whose-table.js'
import { whoseWorld } from './whose-world.js'

/** How a run ends while answers are not those to their requests, and to which kinds of requests that happened. */
async function runUnder(transport: Transport, decide: (request: ByteRequest, answer: ByteAnswer) => Fate) {
  const world = await whoseWorld(transport)
  const met = new Set<string>()
  world.proxy.fate = (request, answer) => {
    const fate = decide(request, answer)
    if (fate.answer !== undefined || fate.again !== undefined) met.add(request.operation)
    return fate
  }
  try {
    const outcome = await outcomeOf(world.run())
    return { outcome, met, wrongs: world.wrongs(), requests: world.proxy.requests }
  } finally {
    await world.close()
  }
}

/** Kinds of requests in a run without faults, with the number of objects or pages that each is about. */
async function operationsOf(transport: Transport): Promise<Map<string, Map<string, number>>> {
  const { requests, outcome } = await runUnder(transport, () => ({}))
  expect(outcome).toBe('survives')
  return countsOf(requests, aboutOf)
}

/** The outcome where every answer to one kind of request is of a kind, from the second one about something on. */
async function outcomeUnder(transport: Transport, operation: string, { begin }: Kind): Promise<string> {
  const decide = begin()
  const { outcome, met, wrongs } = await runUnder(transport, (request, answer) =>
    request.operation === operation ? decide(request, answer) : {},
  )
  // Whatever the server does: what is called complete is so.
  if (outcome === 'survives') expect([operation, wrongs]).toEqual([operation, []])
  return met.has(operation) ? outcome : 'not met'
}

describe.each(transports)('answers to other requests, %s', (transport) => {
  test.each(passingKinds)(
    '$name: to all kinds of requests, and the run ends as if nothing had been',
    async ({ begin }) => {
      const { outcome, wrongs, met } = await runUnder(transport, begin())
      expect([outcome, wrongs]).toEqual(['survives', []])
      expect(met.size).toBeGreaterThan(6)
    },
  )
})

describe('answers to other requests for good', () => {
  test('end as the table says', async () => {
    const operations = await operationsOf('past the SDK')
    const rows: string[][] = []
    for (const [operation, counts] of [...operations].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const row = [operation, 'survives']
      for (const kind of lastingKinds) {
        const isMet = kind.isMetBy(counts)
        row.push(isMet ? await outcomeUnder('past the SDK', operation, kind) : '-')
      }
      rows.push(row)
    }
    expect(rows).toEqual(expectedOfAnswers)
  }, 900_000)

  test.each(['HeadObject', 'GetObjectTagging', 'ListObjectVersions', 'CopyObject', 'PutObjectTagging'])(
    'end so by the SDK, too: %s',
    async (operation) => {
      const [, , ...expected] = expectedOfAnswers.find(([name]) => name === operation) ?? []
      for (const [at, kind] of lastingKinds.entries()) {
        if (expected[at] === '-') continue
        expect([kind.name, await outcomeUnder('by the SDK', operation, kind)]).toEqual([kind.name, expected[at]])
      }
    },
    300_000,
  )

  test('stand so in docs/faults.md', () => {
    const documented = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
    expect(documented).toContain(render(expectedOfAnswers))
  })
})

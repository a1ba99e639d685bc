import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bulkExportsAnswers, recordingJobsAnswers } from './whose-expected.js'
import { aboutOf, lastingKinds, passingKinds, runUnder } from './whose-genesys-world.js'
import type { Kind } from './whose-kinds.js'
import { countsOf, render } from './whose-table.js'

const surfaces = [
  { surface: 'recording-jobs', expected: recordingJobsAnswers },
  { surface: 'bulk-exports', expected: bulkExportsAnswers },
] as const
type Surface = (typeof surfaces)[number]['surface']

/** Kinds of requests in a run without faults, with the number of subjects or pages that each is about. */
async function operationsOf(surface: Surface): Promise<Map<string, Map<string, number>>> {
  const { requests, outcome } = await runUnder({ surface }, () => ({}))
  expect(outcome).toBe('survives')
  return countsOf(requests, aboutOf)
}

/** The outcome where every answer to one kind of request is of a kind. */
async function outcomeUnder(surface: Surface, operation: string, { begin, name }: Kind): Promise<string> {
  const only = () => {
    const decide = begin()
    return (...[request, answer]: Parameters<typeof decide>) =>
      request.operation === operation ? decide(request, answer) : {}
  }
  const { outcome, met, wrongs } = await runUnder({ surface }, only())
  if (outcome === 'survives') expect([operation, name, wrongs]).toEqual([operation, name, []])
  // Whatever the platform answers: where a recording never landed, nothing is complete.
  const lost = await runUnder({ surface, loses: true }, only())
  expect([operation, name, lost.outcome]).not.toEqual([operation, name, 'survives'])
  return met.has(operation) ? outcome : 'not met'
}

describe.each(surfaces)('answers of Genesys Cloud to other requests, $surface', ({ surface, expected }) => {
  test.each(passingKinds)('$name once: the run ends as if nothing had been', async ({ begin }) => {
    const { outcome, wrongs, met } = await runUnder({ surface }, begin())
    expect([outcome, wrongs]).toEqual(['survives', []])
    expect(met.size).toBeGreaterThan(0)
    const lost = await runUnder({ surface, loses: true }, begin())
    expect(lost.outcome).toBe('incomplete: missing')
  })

  test('for good: ends as the table says, and is never complete where a recording is not there', async () => {
    const rows: string[][] = []
    for (const [operation, counts] of [...(await operationsOf(surface))].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const row = [operation]
      for (const kind of lastingKinds) {
        row.push(kind.isMetBy(counts) ? await outcomeUnder(surface, operation, kind) : '-')
      }
      rows.push(row)
    }
    expect(rows).toEqual(expected)
  }, 300_000)

  test('stand so in docs/faults.md', () => {
    const documented = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
    expect(documented).toContain(render(expected))
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bulkExports, type ExpectedRow, recordingJobs } from './expected.js'
import type { Service } from './fault-kinds.js'
import { type Open, render, rowsOf, tableOf } from './matrix.js'
import { genesysWorld } from './matrix-world.js'

const worlds: readonly [string, Service, Open, readonly ExpectedRow[]][] = [
  ['recording jobs', 'genesys', (retry) => genesysWorld('recording-jobs', retry), recordingJobs],
  ['bulk exports', 'genesys', (retry) => genesysWorld('bulk-exports', retry), bulkExports],
]
const documented = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')

describe.each(worlds)('each fault and each request: %s', (_, service, open, expected) => {
  test('ends as the table says, and goes on from its journal', async () => {
    expect(rowsOf(await tableOf(open, service))).toEqual(expected)
  }, 600_000)

  test('stands so in docs/faults.md', () => {
    expect(documented).toContain(render(expected))
  })
})

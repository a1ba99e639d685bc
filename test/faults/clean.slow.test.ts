import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('however a run ends, nothing of it goes on: no request, no timer, no connection, no unhandled rejection', async () => {
  const child = fileURLToPath(new URL('clean-child.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child], { timeout: 280_000 })
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const ended = (ending: string, outcome: unknown, last = 'run-stopped') => ({
    ending,
    outcome,
    last,
    late: 0,
    left: [],
  })
  expect(lines).toEqual([
    ended('to its end', 'complete', 'report'),
    ended('by an abort', 'ABORTED'),
    ended('by credentials that S3 refuses', 'STORAGE_UNAUTHORIZED'),
    ended('by a copy that S3 refuses', 'STORAGE_UNAUTHORIZED'),
    ended('by a job that cannot be read', 'PLATFORM_FORBIDDEN'),
    ended('by a list that cannot be read', 'PLATFORM_FORBIDDEN'),
    ended('by a network that is gone', expect.stringMatching(/^(NETWORK_ERROR|TIMEOUT)$/)),
    ended('by answers that never come', 'ABORTED'),
  ])
}, 300_000)

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('the public surface is as it is written down in api/: npm run api writes it anew', async () => {
  const { code, out } = await new Promise<{ readonly code: number; readonly out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'scripts/api.ts', '--check'],
      { cwd: root, timeout: 110_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, out: `${stdout}${stderr}` }),
    )
  })
  expect(out).toBe('The public surface is as it is written down in api/.\n')
  expect(code).toBe(0)
  // What is compared is the surface, not an empty page.
  expect(readFileSync(`${root}api/index.api.md`, 'utf8')).toContain('export class LegalHoldExporter')
}, 120_000)

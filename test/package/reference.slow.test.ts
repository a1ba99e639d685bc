import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('the reference is built without a warning: every type that it names is in it', async () => {
  const out = await mkdtemp(join(tmpdir(), 'reference-'))
  try {
    const typedoc = join(root, 'node_modules/typedoc/bin/typedoc')
    const ended = await new Promise<{ readonly code: number; readonly told: string }>((resolve) => {
      execFile(
        process.execPath,
        [typedoc, '--out', out],
        { cwd: root, timeout: 170_000, env: { ...process.env, NO_COLOR: '1' } },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, told: `${stdout}${stderr}` }),
      )
    })
    expect(ended).toEqual({ code: 0, told: '' })
    // What was built is the reference, not an empty folder.
    expect(existsSync(join(out, 'classes/index.LegalHoldExporter.html'))).toBe(true)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
})

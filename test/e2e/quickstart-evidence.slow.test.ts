import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { hasTool } from '../custody/crypto/local-tsa.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

function sh(command: string): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number((error as { code?: unknown }).code), out: out + err }),
    )
  })
}

test('the quickstart leaves evidence, and each of the two lines it prints verifies it', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'quickstart-evidence-')), 'bundle')
  const { code, out } = await sh(`npm run --silent quickstart -- --count 5 --evidence ${dir}`)
  expect(code).toBe(0)
  expect(out).toContain(`in ${dir}`)
  expect(readFileSync(join(dir, 'public-key.pem'), 'utf8')).toContain('BEGIN PUBLIC KEY')
  const lines = out.split('\n').filter((line) => /^ {2}(npx --no-install|\(cd )/.test(line))
  expect(lines).toHaveLength(2)
  expect(await sh(lines[0]!)).toMatchObject({ code: 0, out: expect.stringContaining('VERIFIES') })
  if (['openssl', 'jq', 'sha256sum'].every(hasTool)) {
    expect(await sh(lines[1]!)).toMatchObject({ code: 0, out: expect.stringContaining('records.jsonl: OK') })
  }
})

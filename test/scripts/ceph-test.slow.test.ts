import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const which = (tool: string) => execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim()

/** The script with a PATH on which there are only its own tools and those given as scripts. */
function testCeph(scripts: Readonly<Record<string, string>>) {
  const bin = mkdtempSync(join(tmpdir(), 'ceph-test-'))
  const temporary = mkdtempSync(join(tmpdir(), 'ceph-test-'))
  for (const tool of [
    'bash',
    'cat',
    'dirname',
    'grep',
    'mkdir',
    'mktemp',
    'rm',
    'seq',
    'sleep',
    'tail',
    'timeout',
    'tr',
  ]) {
    symlinkSync(which(tool), join(bin, tool))
  }
  symlinkSync(process.execPath, join(bin, 'node'))
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!${which('sh')}\n${body}\n`, { mode: 0o755 })
  }
  const env = { PATH: bin, TMPDIR: temporary }
  const { status, stdout } = spawnSync(which('bash'), ['scripts/ceph-test.sh'], { cwd: root, env, encoding: 'utf8' })
  return { status, stdout, left: readdirSync(temporary) }
}

describe('npm run test:ceph', () => {
  test('says in one line what is not installed', () => {
    const { status, stdout } = testCeph({})
    expect(status).toBe(77)
    expect(stdout).toMatch(/^Ceph RGW is not installed \(ceph ceph-mon .*\): apt-get install .*\n$/)
  })

  test('says that the server did not come up, and leaves nothing behind', () => {
    const tools = ['ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'curl']
    const scripts = Object.fromEntries(tools.map((tool) => [tool, 'exit 0']))
    expect(testCeph({ ...scripts, monmaptool: 'exit 1' })).toEqual({
      status: 77,
      stdout: 'Ceph RGW did not come up.\n',
      left: [],
    })
  })
})

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))

/** A checkout whose builder writes down that it was called, and fails where it is told to. */
function checkout() {
  const dir = mkdtempSync(join(tmpdir(), 'checkout-'))
  for (const folder of ['src', 'bin', 'node_modules']) mkdirSync(join(dir, folder))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(dir, 'src', 'index.ts'), 'export {}')
  const tsup = join(dir, 'bin', 'tsup')
  writeFileSync(tsup, '#!/bin/sh\necho built >> builds\n[ ! -e fails ] && mkdir -p dist && touch dist/cli.js\n')
  chmodSync(tsup, 0o755)
  const build = (...flags: string[]) => {
    const args = ['--import', import.meta.resolve('tsx'), script, ...flags]
    const env = { ...process.env, PATH: `${join(dir, 'bin')}${delimiter}${process.env.PATH}` }
    const { status } = spawnSync(process.execPath, args, { cwd: dir, env })
    const builds = existsSync(join(dir, 'builds'))
      ? readFileSync(join(dir, 'builds'), 'utf8').split('\n').length - 1
      : 0
    return { status, builds }
  }
  return { dir, build }
}

test('what npx prepares is built once, and again only where the sources are others or the build is not whole', () => {
  const { dir, build } = checkout()
  expect(build('--unless-built')).toEqual({ status: 0, builds: 1 })
  expect(build('--unless-built')).toEqual({ status: 0, builds: 1 })
  expect(build()).toEqual({ status: 0, builds: 2 })
  writeFileSync(join(dir, 'src', 'more.ts'), 'export const more = 1')
  writeFileSync(join(dir, 'fails'), '')
  expect(build('--unless-built')).toEqual({ status: 1, builds: 3 })
  rmSync(join(dir, 'fails'))
  expect(build('--unless-built')).toEqual({ status: 0, builds: 4 })
  expect(build('--unless-built')).toEqual({ status: 0, builds: 4 })
  rmSync(join(dir, 'dist'), { recursive: true })
  expect(build('--unless-built')).toEqual({ status: 0, builds: 5 })
}, 60_000)

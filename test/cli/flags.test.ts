import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { resolveMatter } from '#src/cli/config/resolve.js'
import { parse } from '#src/cli/program.js'
import { closest } from '#src/internal/text/closest.js'
import { cli } from './run-cli.js'

const folder = mkdtempSync(join(tmpdir(), 'flags-'))
const command = (name: string) => commands.find((one) => one.name === name)!
const resolve = (args: readonly string[], env: Record<string, string> = {}, input?: string) =>
  resolveMatter(parse(command('export'), args), {
    out: () => {},
    err: () => {},
    env,
    signal: new AbortController().signal,
    input: input === undefined ? undefined : Readable.from([input]),
  })
const matterFile = (text: string) => {
  const file = join(folder, 'matter.yaml')
  writeFileSync(file, text)
  return file
}

test('a flag beats its variable, and that beats the file, which is told', async () => {
  const file = matterFile('hold: { tag: in-file }\ns3: { bucket: in-file, region: eu-west-1 }\n')
  const env = { HOLD_TAG: 'in-variable', EXPORT_BUCKET: 'in-variable', AWS_REGION: 'eu-west-1' }
  const { matter, notes } = await resolve(['--config', file, '--hold', 'typed'], env)
  expect(matter.hold?.tag).toBe('typed')
  expect(matter.s3).toEqual({ bucket: 'in-variable', region: 'eu-west-1' })
  expect(notes).toEqual([`EXPORT_BUCKET overrides s3.bucket of ${file}.`])
})

test('a variable that is not set is no mistake where the key is said otherwise', async () => {
  const file = matterFile('hold:\n  tag: $' + '{TAG}\n')
  expect((await resolve(['--config', file])).unset).toMatchObject([{ name: 'TAG', path: 'hold.tag', line: 2 }])
  expect((await resolve(['--config', file, '--hold', 'a'])).unset).toEqual([])
})

test('conversations are read from a file or from standard input, beside those that are named', async () => {
  const { matter } = await resolve(
    ['--conversation-ids', 'a,b', '--conversation-ids-from', '-'],
    {},
    '# of the order\nb\nc\r\n\n',
  )
  expect(matter.request?.conversationIds).toEqual(['a', 'b', 'c'])
  await expect(resolve(['--conversation-ids-from', '-'], {}, '\n')).rejects.toThrow('names no conversation')
  await expect(resolve(['--conversation-ids-from', '/nowhere'])).rejects.toThrow('cannot be read')
})

test('requirements are said by flags', async () => {
  const args = [
    '--require-tag',
    'legal-hold=a=b',
    '--require-tag',
    'x=y',
    '--require-legal-hold',
    '--exclude-sensitive',
  ]
  const { matter } = await resolve(args)
  expect(matter.requirements).toEqual({ tags: { 'legal-hold': 'a=b', x: 'y' }, legalHold: true })
  expect(matter.request?.includeSensitive).toBe(false)
  await expect(resolve(['--require-tag', 'x'])).rejects.toThrow('NAME=VALUE')
})

test.each([
  [['--accept', 'versioning-off', '--reason', 'a', '--reason', 'b'], '--reason must follow its --accept'],
  [['--reason', 'a', '--accept', 'versioning-off'], '--reason must follow its --accept'],
  [['--accept', 'versioning-off', '--reason', ' '], '--reason must say something'],
  [['--acept', 'versioning-off'], 'Did you mean --accept?'],
  [['--log-level', 'loud'], 'not one of debug, info, warn, error'],
  [['--config', '/nowhere.yaml'], 'cannot be read'],
])('export %j is refused', async (args, message) => {
  expect(await cli(['export', ...args])).toMatchObject({ code: 1, err: expect.stringContaining(message) })
})

test('every mistake of a matter is told with line and path, those of the library too', async () => {
  const file = matterFile(`hold: { tag: "two words" }
genesys:
  region: atlantis
  clientId: id
  clientSecret: hunter2
s3: { bucket: exports, region: eu-west-1, partSizeBytes: 1 }
request: { integrationId: i, interval: 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z }
`)
  const { code, err } = await cli(['inspect', '--config', file])
  expect(code).toBe(1)
  expect(err).toContain(`${file}:3: genesys.region`)
  expect(err).toContain(`${file}:6: s3.partSizeBytes`)
  expect(err.match(/partSizeBytes/g)).toHaveLength(1)
  expect(err).not.toContain('hunter2')
  const fixed = readFileSync(file, 'utf8').replace('atlantis', 'eu-west-1').replace(', partSizeBytes: 1', '')
  writeFileSync(file, `${fixed}onUnindexed: wait\nmaxJobInterval: P1Y\n`)
  const again = await cli(['inspect', '--config', file])
  expect(again.err).toContain(`${file}:1: hold.tag`)
  expect(again.err).toContain(`${file}:9: maxJobInterval`)
})

test('a name that is nearly one is found, and nothing is made of one that is not', () => {
  expect(closest('intergation', ['integration', 'interval'])).toBe('integration')
  expect(closest('requirments', ['request', 'requirements'])).toBe('requirements')
  expect(closest('xyz', ['integration', 'interval'])).toBeUndefined()
})

test('a command that is nearly one is told', async () => {
  expect((await cli(['exprot'])).err).toContain('did you mean export?')
})

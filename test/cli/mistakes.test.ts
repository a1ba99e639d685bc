import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { flagFor } from '#src/cli/telling/findings.js'
import type { Finding } from '#src/model/findings.js'
import { cli } from './run-cli.js'

// What a person gets wrong, and what the command says of it.

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mistakes-'))
})
const env = { GENESYS_CLIENT_ID: 'id', GENESYS_CLIENT_SECRET: 'secret', GENESYS_ENDPOINT: 'http://127.0.0.1:9' }
const interval = '2023-10-01T00:00:00Z/2023-10-03T00:00:00Z'
function matterFile(text = ''): string {
  const file = join(folder, 'matter.yaml')
  const lines = [
    'hold: { tag: doe-v-acme }',
    'genesys: { region: eu-west-1 }',
    's3: { bucket: legal-hold-exports, region: eu-west-1 }',
    `request: { integrationId: a, interval: ${text === '' ? interval : text} }`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

describe('a flag that takes one of some words', () => {
  test.each([
    ['--surface', 'soap', '--surface "soap" is not one of recording-jobs, bulk-exports.'],
    ['--surface', 'bulk-export', 'Did you mean bulk-exports?'],
    ['--on-unindexed', 'never', '--on-unindexed "never" is not one of block, wait.'],
    ['--on-conflict', 'foo', '--on-conflict "foo" is not one of refuse, merge.'],
    ['--versions', 'old', '--versions "old" is not one of current, all.'],
    ['--accept', 'retention-delete-before-hold', 'Did you mean retention-deletes-before-hold?'],
  ])('%s %s is refused', async (flag, word, message) => {
    const done = await cli(['export', '--config', matterFile(), flag, word], env)
    expect(done).toMatchObject({ code: 1, out: '', err: expect.stringContaining(message) })
  })
})

test('an interval of the file that is none is named by line and key, one that was typed by its flag', async () => {
  const file = matterFile('yesterday')
  const told = `${file}:4: request.interval must be START/END in ISO 8601, not "yesterday"`
  expect((await cli(['inspect', '--config', file], env)).err).toContain(told)
  const typed = await cli(['inspect', '--config', file, '--interval', 'today'], env)
  expect(typed.err).toContain('--interval must be START/END in ISO 8601, not "today".')
})

test.each([
  ['--notify', 'ftp://x', '--notify must be a URL with https.'],
  ['--notify', 'http://example.com/x', '--notify is not encrypted'],
  ['--notify-sns', 'legal-hold', '--notify-sns must be the ARN of a topic of Amazon SNS.'],
])('%s %s is refused before anything is done', async (flag, value, message) => {
  const done = await cli(['export', '--config', matterFile(), flag, value], env)
  expect(done).toMatchObject({ code: 1, err: expect.stringContaining(message) })
})

describe('init', () => {
  const flags = (given: Record<string, string> = {}) =>
    Object.entries({
      region: 'eu-west-1',
      integration: 'a',
      bucket: 'b',
      'bucket-region': 'eu-west-1',
      hold: 'doe-v-acme',
      interval,
      ...given,
    }).flatMap(([name, value]) => [`--${name}`, value])

  test.each([
    [{ media: 'call,fax' }, '"fax" is not one of call, chat, email, message, screen.'],
    [{ 'retain-until': 'tomorrow' }, '--retain-until must be ISO 8601 with a time zone, not "tomorrow".'],
    [{ interval: '2023-10-03T00:00:00Z/2023-10-01T00:00:00Z' }, 'The end must be after the start.'],
  ])('writes nothing that no other command would take: %o', async (given, message) => {
    const out = join(folder, 'matter.yaml')
    const done = await cli(['init', '--out', out, ...flags(given)], {})
    expect(done).toMatchObject({ code: 1, err: expect.stringContaining(message) })
    expect(existsSync(out) || existsSync(join(folder, 'signing-key.pem'))).toBe(false)
  })

  test('takes --config like the other commands, and names the file that cannot be written', async () => {
    const file = join(folder, 'matter.yaml')
    expect(await cli(['init', '--config', file, ...flags()], {})).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(file, 'utf8')).toContain('tag: doe-v-acme')
    const nowhere = join(folder, 'nowhere', 'matter.yaml')
    const done = await cli(['init', '--out', nowhere, ...flags()], {})
    expect(done).toMatchObject({ code: 1, err: expect.stringContaining(`${nowhere} cannot be written: ENOENT`) })
  })
})

test('every command takes --config', async () => {
  const { commands } = await import('#src/cli/commands.js')
  for (const { name } of commands) {
    expect([name, (await cli([...name.split(' '), '--help'])).out]).toEqual([name, expect.stringContaining('--config')])
  }
})

test('a log begins and ends with the command, whichever it is', async () => {
  const file = join(folder, 'command.log')
  await cli(['regions', '--log-file', file])
  await cli(['verify', join(folder, 'nowhere'), '--log-file', file])
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', details: { command: 'regions' } },
    { level: 'info', details: { command: 'regions', exitCode: 0 } },
    { level: 'info', details: { command: 'verify' } },
    { level: 'error', details: { command: 'verify', code: 'EVIDENCE_UNREADABLE' } },
  ])
})

test('a blocker names the flag that does what its remedy says', () => {
  const finding = (remedy: string): Finding => ({
    code: 'retention-deletes-before-hold',
    severity: 'blocker',
    subject: 's',
    message: 'm',
    remedy,
  })
  expect(flagFor(finding('Protect the conversations (protectSource).'))).toBe('--protect-source')
  expect(flagFor(finding('Require an Object Lock legal hold.'))).toContain('--require-legal-hold')
  expect(flagFor({ ...finding('Exempt it.'), code: 'lifecycle-expires-objects' })).toBeUndefined()
  expect(flagFor({ ...finding('protectSource'), severity: 'warning' })).toBeUndefined()
})

import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { interruption } from '#src/cli/signals.js'
import { FileJournal } from '#src/node.js'
import { type Simulators, startSimulators } from '#src/testing/index.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
type Ending = keyof typeof codes

// Of each test its own: the job of a run that was ended delivers all the same, over the objects of the next one.
let simulators: Simulators
beforeEach(async () => {
  // Slow enough to be in the middle of it, however slow the machine is.
  simulators = await startSimulators({ scenario: { count: 12 }, latencyMs: 25 })
})
afterEach(() => simulators.close())

const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  readonly said: { out: string; err: string }
}

function start(args: readonly string[], env: Record<string, string>): Started {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, args, { cwd: root, env: { PATH, HOME, ...env } })
  children.push(child)
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => {
    said.out += text
  })
  child.stderr.on('data', (text) => {
    said.err += text
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  return { child, said, ended }
}

/** Waits until some objects are repaired, by what is in the journal. */
async function underWay(journal: string): Promise<void> {
  const count = () => {
    const path = join(journal, 'records.jsonl')
    return existsSync(path) ? readFileSync(path, 'utf8').split('"type":"verdict"').length : 0
  }
  await expect.poll(count, { timeout: 60_000, interval: 20 }).toBeGreaterThan(3)
}

function settings(hold: string) {
  const { genesys, s3 } = simulators.description
  const { start, end } = simulators.scenario.interval
  return {
    GENESYS_REGION: 'eu-west-1',
    GENESYS_CLIENT_ID: genesys.clientId,
    GENESYS_CLIENT_SECRET: genesys.clientSecret,
    GENESYS_INTEGRATION_ID: genesys.integrationId,
    GENESYS_ENDPOINT: genesys.endpoint,
    EXPORT_BUCKET: s3.bucket,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    S3_ENDPOINT: s3.endpoint,
    HOLD_TAG: hold,
    INTERVAL: `${start}/${end}`,
    ACCEPT: 'retention-deletes-before-hold',
  }
}

const cli = (folder: string) => {
  const files = ['--journal', join(folder, 'journal'), '--report', join(folder, 'report.json')]
  return ['dist/cli.js', 'export', ...files, '--accept', 'retention-deletes-before-hold']
}

describe.each(Object.entries(codes) as [Ending, number][])('%s', (signal, code) => {
  test(`ends an export with its journal closed and code ${code}; the same command goes on from there`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signals-'))
    const journal = join(folder, 'journal')
    const { child, said, ended } = start(cli(folder), settings(`cli-${signal}`))
    await underWay(journal)
    child.kill(signal)
    expect(await ended).toEqual({ code, signal: null })
    expect(said.err).toContain('ABORTED during')
    expect(said.err).toContain(`(ended by ${signal})`)
    expect(said.err).toContain('With --journal DIR the same command resumes from here.')
    expect(existsSync(join(journal, 'journal.lock'))).toBe(false)
    const last = await new FileJournal(journal).head()
    expect(last).toMatchObject({ type: 'run-stopped', data: { error: { code: 'ABORTED' } } })
    const again = start(cli(folder), settings(`cli-${signal}`))
    const end = await again.ended
    expect(end, again.said.out + again.said.err).toEqual({ code: 0, signal: null })
    expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toMatchObject({
      outcome: 'complete',
      resumed: 1,
    })
  })

  test(`ends the example with its journal closed and code ${code}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signals-'))
    const journal = join(folder, 'journal')
    const env = { ...settings(`example-${signal}`), JOURNAL: journal, REPORT: join(folder, 'report.json') }
    const { child, said, ended } = start(['--import', 'tsx', 'examples/export-matter.ts'], env)
    await underWay(journal)
    child.kill(signal)
    expect(await ended).toEqual({ code, signal: null })
    expect(said.err).toContain('ABORTED during')
    expect(existsSync(join(journal, 'journal.lock'))).toBe(false)
  })
})

test('SIGHUP of a terminal that takes nothing any more closes the journal all the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signals-'))
  const journal = join(folder, 'journal')
  const { child, ended } = start(cli(folder), settings('hung-up'))
  await underWay(journal)
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.kill('SIGHUP')
  expect(await ended).toEqual({ code: 129, signal: null })
  expect(existsSync(join(journal, 'journal.lock'))).toBe(false)
})

describe('a command that a signal interrupts', () => {
  test('listens to the first one only: the second ends the process', () => {
    const source = new EventEmitter()
    const { signal, exitCodeOf } = interruption(source as unknown as NodeJS.Process)
    expect(exitCodeOf(1)).toBe(1)
    source.emit('SIGTERM', 'SIGTERM')
    expect(signal.aborted).toBe(true)
    expect(source.eventNames()).toEqual([])
    expect(exitCodeOf(1)).toBe(143)
  })

  test('keeps its own exit code where it came to an end', () => {
    const source = new EventEmitter()
    const { exitCodeOf } = interruption(source as unknown as NodeJS.Process)
    source.emit('SIGHUP', 'SIGHUP')
    expect([exitCodeOf(0), exitCodeOf(2)]).toEqual([0, 2])
  })
})

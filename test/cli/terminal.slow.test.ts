import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Simulators, startSimulators } from '#src/testing/index.js'

// A matter on a terminal, by the command alone, with a process that is killed in the middle. Node has no pseudoterminal:
// `script` of util-linux makes one.

const root = fileURLToPath(new URL('../../', import.meta.url))
/** The build; CLI_UNDER_TEST is that of an installed package. */
const command = process.env.CLI_UNDER_TEST ?? `'${process.execPath}' '${root}dist/cli.js'`
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true
if (!hasScript) console.warn('`script` of util-linux is not installed: the command is not tested on a terminal here')

let simulators: Simulators
let folder: string
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'terminal-'))
  // Slow enough to be killed in the middle of it, however fast the machine is.
  simulators = await startSimulators({ scenario: { count: 5 }, latencyMs: 20 })
  const { genesys, s3 } = simulators.description
  const { PATH = '', HOME = '' } = process.env
  env = {
    ...{ PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh' },
    GENESYS_CLIENT_ID: genesys.clientId,
    GENESYS_CLIENT_SECRET: genesys.clientSecret,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    GENESYS_ENDPOINT: genesys.endpoint,
    S3_ENDPOINT: s3.endpoint,
  }
})
afterAll(() => simulators.close())

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Runs the command on a terminal; `answers` are typed, each when its question stands there. */
function onTerminal(args: string, answers: readonly (readonly [question: string, answer: string])[] = []) {
  const child = spawn('script', ['-qfec', `${command} ${args}`, '/dev/null'], { cwd: folder, env })
  children.push(child)
  let said = ''
  const left = [...answers]
  child.stdout.on('data', (piece) => {
    said += piece
    const [next] = left
    if (next === undefined || !said.includes(next[0])) return
    left.shift()
    child.stdin.write(`${next[1]}\n`)
  })
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, said: said.replaceAll('\r\n', '\n') }))
  })
  return { child, ended, said: () => said }
}

const json = (text: string) => JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))

describe.runIf(hasScript)('on a terminal', () => {
  test('init asks, asks again after an answer that cannot be used, and writes the file', async () => {
    const { genesys, s3 } = simulators.description
    const { start, end } = simulators.scenario.interval
    const { code, said } = await onTerminal('init', [
      ['Region of the Genesys', 'atlantis'],
      ['not a region', 'eu-west-1'],
      ['Id of the AWS S3', genesys.integrationId],
      ['Bucket that it', s3.bucket],
      ['AWS region of', s3.region],
      ['Tag of the hold', 'doe v. acme'],
      ['A tag is 1 to 128', 'doe-v-acme'],
      ['Name of the matter', 'Doe v. Acme'],
      ['Interval, START/END', `${start}/${end}`],
      ['Media: digital', 'digital'],
    ]).ended
    expect(said).toContain('matter.yaml is written.')
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'matter.yaml'), 'utf8')).toMatch(/^ {2}matter: "Doe v. Acme"/m)
    // The simulators are faster than a cloud.
    appendFileSync(join(folder, 'matter.yaml'), 'polling: { minIntervalMs: 20, maxIntervalMs: 200 }\n')
  })

  test('doctor, export, kill, export, status, verify and release lead from there to the end', async () => {
    const run = (args: string) => onTerminal(args).ended
    const doctor = await run('doctor --config matter.yaml')
    expect(doctor.code).toBe(2)
    expect(doctor.said).toContain('PROBLEM   matter: retention-deletes-before-hold')
    const exporting = 'export --config matter.yaml --accept retention-deletes-before-hold --reason "J. Doe answers"'
    const first = onTerminal(exporting)
    const journal = join(folder, 'legal-hold/Doe-v.-Acme/journal')
    const verdicts = () => {
      const path = join(journal, 'records.jsonl')
      return existsSync(path) ? readFileSync(path, 'utf8').split('"type":"verdict"').length : 0
    }
    await expect.poll(verdicts, { timeout: 60_000, interval: 20 }).toBeGreaterThan(2)
    const running = json((await run('status --config matter.yaml --json')).said)
    process.kill(running.writer.pid, 'SIGKILL')
    expect((await first.ended).code).toBe(137)
    const killed = await run('status --config matter.yaml')
    expect(killed.code).toBe(3)
    expect(killed.said).toContain('interrupted')
    const second = await run(exporting)
    expect(second.said).toContain('evidence: ')
    expect(second.code).toBe(0)
    const finished = json((await run('status --config matter.yaml --json')).said)
    expect(finished).toMatchObject({ state: 'finished', outcome: 'complete', resumed: 1, counts: { expected: 5 } })
    const verified = await run('verify --config matter.yaml --key signing-key.pub.pem --live')
    expect(verified.said).toMatch(/^VERIFIES/)
    expect(verified.code).toBe(0)
    const released = await run(`release '' --config matter.yaml --reason 'Order of 4 March 2026' --yes`)
    expect(released.said).toMatch(/\d+ released/)
    expect(released.code).toBe(0)
    expect((await run('verify --config matter.yaml --key signing-key.pub.pem --live')).code).toBe(2)
  })
})

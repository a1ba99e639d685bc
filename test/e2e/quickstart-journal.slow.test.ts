import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { JournalRecord, RunReport } from '#src/index.js'
import { FileJournal } from '#src/node.js'
import { type Simulators, startSimulators } from '#src/testing/index.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'quickstart-journal-'))
const children: ChildProcess[] = []
const opened: Simulators[] = []
let numbers = 0
const fresh = () => {
  numbers += 1
  return join(temporary, String(numbers))
}

afterAll(async () => {
  for (const child of children.splice(0)) killGroup(child)
  await Promise.all(opened.splice(0).map((simulators) => simulators.close()))
  rmSync(temporary, { recursive: true, force: true })
})

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** npm in a process group of its own, with the shell and the process that it starts. */
function quickstart(flags: readonly string[], env: Record<string, string> = {}) {
  const file = `${fresh()}.json`
  const child = spawn('npm', ['run', '--silent', 'quickstart', '--', ...flags, '--report', file], {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
  })
  children.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', (data) => {
    output.out += data
  })
  child.stderr.on('data', (data) => {
    output.err += data
  })
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    ...output,
    report: existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunReport) : undefined,
  }))
  return { child, ended }
}

function records(dir: string): JournalRecord[] {
  const path = join(dir, 'records.jsonl')
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as JournalRecord)
}

/** Starts it, and kills it once so many records of a type are on the disk. */
async function killedAt(
  type: JournalRecord['type'],
  count: number,
  flags: readonly string[],
  { env = {}, whom = killGroup }: { env?: Record<string, string>; whom?: (child: ChildProcess) => void } = {},
): Promise<void> {
  const dir = flags[flags.indexOf('--journal') + 1] ?? ''
  const { child, ended } = quickstart(flags, env)
  // `expect.poll` belongs to one test at a time.
  const reached = vi.waitFor(
    () => expect(records(dir).filter((record) => record.type === type).length).toBeGreaterThanOrEqual(count),
    { timeout: 60_000, interval: 5 },
  )
  await Promise.race([reached, ended.then(({ err }) => expect.fail(`it ended by itself: ${err}`))])
  whom(child)
  // With the pipes: whatever npm had started has closed them, too.
  await ended
  expect(records(dir).some((record) => record.type === 'report')).toBe(false)
}

/** Every version in the bucket of the embedded S3, by key. */
function embeddedVersions(dir: string): Map<string, number> {
  const versions = new Map<string, number>()
  for (const line of readFileSync(join(dir, 'servers', 's3', 's3-state.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)) {
    const { kind, version } = JSON.parse(line) as { kind: string; version?: { key: string; versionId: string } }
    if (kind === 'version' && version !== undefined) versions.set(`${version.key}\n${version.versionId}`, 1)
  }
  const counts = new Map<string, number>()
  for (const id of versions.keys()) {
    const key = id.slice(0, id.lastIndexOf('\n'))
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function embeddedJobs(dir: string): number {
  const state = readFileSync(join(dir, 'servers', 'genesys', 'genesys-state.json'), 'utf8')
  return (JSON.parse(state) as { jobs: unknown[] }).jobs.length
}

// Each waits for a job most of its time.
describe.concurrent('npm run quickstart -- --journal DIR', { timeout: 180_000 }, () => {
  test('goes on after kill -9 with the same command: one job, the same bucket, no object copied twice; then it is only read', async () => {
    const dir = fresh()
    const flags = ['--count', '40', '--journal', dir]
    await killedAt('verdict', 10, flags)
    const before = records(dir)
    const { code, out, err, report } = await quickstart(flags).ended
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(report).toMatchObject({
      outcome: 'complete',
      resumed: 1,
      runId: before[0]?.runId,
      interval: (before[0]?.data as { request?: { interval: unknown } } | undefined)?.request?.interval,
      counts: { expected: 40, repaired: 40 },
    })
    expect(embeddedJobs(dir)).toBe(1)
    const copies = [...embeddedVersions(dir).values()]
    expect(Math.max(...copies)).toBe(2)
    expect(copies.filter((count) => count === 2)).toHaveLength(report?.remediations.repaired ?? 0)
    expect(out).toMatch(/taken over from process \d+, which is dead/)
    expect(out).toMatch(/resumed once; \d+ objects are on record and are not read again/)
    expect(out).toContain('is there already, and no other is created')

    // The organisation is that of the run: another number of recordings is not passed over.
    const more = await quickstart(['--journal', dir, '--count', '41']).ended
    expect(more).toMatchObject({ code: 1, report: undefined })
    expect(more.err).toContain(`The run in ${dir} has --count 40, not 41`)

    // Without a flag: what it is of stands in the journal. Nothing is started, and nothing is done.
    rmSync(join(dir, 'servers'), { recursive: true })
    // Nor is it sealed once more, with another key: the bundle lies beside the journal.
    const sealed = () => readFileSync(join(dir, 'evidence', 'statement.dsse.json'), 'utf8')
    const statement = sealed()
    const again = await quickstart(['--journal', dir]).ended
    expect(again).toMatchObject({ code: 0, err: '', report })
    expect(again.out).toMatch(/finished: \d+ objects are on record/)
    expect(existsSync(join(dir, 'servers'))).toBe(false)
    expect(sealed()).toBe(statement)
    expect(again.out).toContain(`  in ${join(dir, 'evidence')}: report.html`)

    const other = await quickstart(['--journal', dir, '--media', 'call']).ended
    expect(other).toMatchObject({ code: 1, report: undefined })
    expect(other.err).toContain('CHECKPOINT_MISMATCH')
    expect(other.err).not.toContain('    at ')
  })

  test('ends with npm when npm alone is killed, and goes on by the bulk exports surface with its evidence', async () => {
    const [dir, evidence] = [fresh(), fresh()]
    const flags = ['--platform', 'bulk-exports', '--count', '30', '--journal', dir, '--evidence', evidence]
    await killedAt('job', 1, flags, { whom: (child) => child.kill('SIGKILL') })
    const { code, err, report } = await quickstart(flags).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(report).toMatchObject({ platform: { name: 'bulk-exports' }, resumed: 1, counts: { expected: 30 } })
    expect(embeddedJobs(dir)).toBe(1)
    const statement = readFileSync(join(evidence, 'statement.dsse.json'), 'utf8')
    // Sealed once: the bundle stays as it is, and verifies again.
    const again = await quickstart(flags).ended
    expect(again).toMatchObject({ code: 0, err: '', report })
    expect(again.out).toContain('verified; anyone can do the same')
    expect(readFileSync(join(evidence, 'statement.dsse.json'), 'utf8')).toBe(statement)
  })

  test('goes on against servers that run elsewhere, without reshaping them', async () => {
    const simulators = await startSimulators()
    opened.push(simulators)
    const { genesys, s3 } = simulators.description
    const dir = fresh()
    const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region }
    const flags = ['--count', '30', '--journal', dir, '--genesys-endpoint', genesys.endpoint]
    flags.push('--s3-endpoint', s3.endpoint, '--bucket', s3.bucket)
    await killedAt('intent', 5, flags, { env })
    const { code, err, report } = await quickstart(flags, env).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(report).toMatchObject({ outcome: 'complete', resumed: 1, counts: { expected: 30, repaired: 30 } })
    expect(simulators.genesys.jobs).toHaveLength(1)
    for (const key of simulators.s3.keys(s3.bucket)) {
      expect(simulators.s3.versions(s3.bucket, key).length).toBeLessThanOrEqual(2)
    }
    // The same journal, as it was before it was finished.
    const lines = readFileSync(join(dir, 'records.jsonl'), 'utf8').split('\n')
    writeFileSync(join(dir, 'records.jsonl'), `${lines.slice(0, 10).join('\n')}\n`)
    const lost = await quickstart(['--journal', dir]).ended
    expect(lost.code).toBe(1)
    expect(lost.err).toContain('give --genesys-endpoint again')
  })

  test('exports own files to another S3 server, whose credentials are not kept', async () => {
    const simulators = await startSimulators()
    opened.push(simulators)
    const { s3 } = simulators.description
    const files = mkdtempSync(join(temporary, 'recordings-'))
    for (let at = 1; at <= 12; at += 1) writeFileSync(join(files, `call ${at}.wav`), Buffer.alloc(1_000, at))
    const dir = fresh()
    const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region }
    const flags = ['--recordings', files, '--journal', dir, '--s3-endpoint', s3.endpoint, '--bucket', s3.bucket]
    await killedAt('intent', 3, flags, { env })
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (!statSync(join(dir, name)).isFile()) continue
      expect(readFileSync(join(dir, name), 'utf8')).not.toContain(s3.secretAccessKey)
    }
    const { code, err, report } = await quickstart(flags, env).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(report).toMatchObject({ outcome: 'complete', resumed: 1, counts: { expected: 12, repaired: 12 } })
    expect(embeddedJobs(dir)).toBe(1)
  })

  test('gives an incomplete report again with its exit code, and is refused while another process writes', async () => {
    const dir = fresh()
    const flags = ['--count', '5', '--fail-at-source', '1', '--journal', dir]
    const first = await quickstart(flags).ended
    expect(first).toMatchObject({ code: 2, report: { outcome: 'incomplete', resumed: 0 } })
    expect(await quickstart(flags).ended).toMatchObject({ code: 2, report: first.report })
    const writer = new FileJournal(dir)
    await writer.open()
    try {
      const refused = await quickstart(flags).ended
      expect(refused).toMatchObject({ code: 1, report: undefined })
      expect(refused.err).toContain('JOURNAL_LOCKED')
    } finally {
      await writer.close()
    }
  })
})

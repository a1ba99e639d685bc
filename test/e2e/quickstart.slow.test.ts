import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { RunReport } from '#src/index.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'quickstart-'))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly report?: RunReport
}

let runs = 0
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { quickstart: string } }
/** As a user starts it, and what npm starts then: npm takes as long as a small run. */
const npm = ['npm', 'run', '--silent', 'quickstart', '--']
const byNpm = scripts.quickstart.split(' ')

function quickstart(flags: readonly string[], [program = '', ...args]: readonly string[] = byNpm): Promise<Ended> {
  runs += 1
  const file = join(temporary, `report-${runs}.json`)
  return new Promise((resolve) => {
    execFile(program, [...args, ...flags, '--report', file], { cwd: root }, (error, out, err) => {
      const code = error === null ? 0 : Number((error as { code?: unknown }).code)
      const report = existsSync(file) ? { report: JSON.parse(readFileSync(file, 'utf8')) as RunReport } : {}
      resolve({ code, out, err, ...report })
    })
  })
}

// Each is a process of its own, which waits for its simulated landing more than it works.
describe.concurrent('npm run quickstart', { timeout: 400_000 }, () => {
  test('runs the whole job: 200 digital recordings of 48 hours, all of them held in the end', async () => {
    const { code, out, err, report } = await quickstart([], npm)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(report).toMatchObject({
      schemaVersion: 1,
      outcome: 'complete',
      hold: { tag: 'discovery-batch-2023-10' },
      platform: { name: 'recording-jobs', region: 'eu-west-1' },
      counts: { expected: 200, held: 0, repaired: 200 },
      accepted: ['retention-deletes-before-hold'],
      coverage: { proven: true, depth: 'recordings' },
    })
    expect(report?.objects.unexpected).toBeGreaterThan(0)
    expect(report?.objects.attachments).toBeGreaterThan(0)
    expect(report?.objects.transcripts).toBeGreaterThan(0)
    expect(out).toMatch(/COMPLETE/)
    expect(out).not.toContain('\u001b')
    // Some 20 s alone; here other suites share the cores, and what is held is what is tested.
    expect(report?.timings.total).toBeLessThan(120_000)
  })

  test('does the same by the bulk exports surface', async () => {
    const { code, report } = await quickstart(['--platform', 'bulk-exports', '--count', '40'])
    expect(code).toBe(0)
    expect(report).toMatchObject({ platform: { name: 'bulk-exports' }, counts: { expected: 40, repaired: 40 } })
    expect(report?.accepted).toContain('hold-metadata-disabled')
  })

  // Fifty recordings make a shard: three of them, or two.
  test.each([
    ['local', 120],
    ['s3-batch', 60],
    ['map', 60],
  ])('does the same over shards with the engine %s', async (engine, count) => {
    const { code, out, err, report } = await quickstart(['--engine', engine, '--count', String(count)])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(report).toMatchObject({
      outcome: 'complete',
      counts: { expected: count, repaired: count },
      scale: { engine, rounds: 1, jobs: [{ round: 1, state: 'complete' }] },
    })
    expect(report?.scale?.shards).toBeGreaterThan(count / 60)
    expect(out).toMatch(/COMPLETE/)
    expect(out).toContain('shards verified, each with its list and its journal')
  })

  test('plans only with --dry-run, and ends with 2', async () => {
    const { code, report } = await quickstart(['--dry-run', '--count', '20'], npm)
    expect(code).toBe(2)
    expect(report).toMatchObject({ dryRun: true, outcome: 'incomplete', counts: { unrepaired: 20, repaired: 0 } })
  })

  test('tells what failed at the source, and ends with 2', async () => {
    const { code, report } = await quickstart(['--fail-at-source', '3', '--count', '20', '--media', 'call'])
    expect(code).toBe(2)
    expect(report).toMatchObject({ counts: { expected: 20, repaired: 17, failedAtSource: 3 } })
    expect(report?.exceptions).toHaveLength(3)
  })

  test('shows the blocker of an index that lags, and ends with 1 unless it is accepted, then with 2', async () => {
    const blocked = await quickstart(['--index-lag', '24', '--count', '20'])
    expect(blocked.code).toBe(1)
    expect(blocked.out).toContain('interval-not-indexed')
    expect(blocked.err).toContain('PREFLIGHT_BLOCKED')
    const accepted = await quickstart(['--index-lag', '24', '--count', '20', '--accept', 'interval-not-indexed'])
    expect(accepted.code).toBe(2)
    expect(accepted.report).toMatchObject({
      coverage: { proven: false },
      accepted: expect.arrayContaining(['interval-not-indexed']),
    })
  })

  test('exports the caller’s own files, byte for byte, and nothing else', async () => {
    const files = mkdtempSync(join(tmpdir(), 'recordings-'))
    writeFileSync(join(files, 'Anruf Köln.wav'), Buffer.alloc(1_000, 7))
    writeFileSync(join(files, 'chat.json'), '{"a":1}')
    writeFileSync(join(files, 'voice.ogg'), 'OggS')
    const { code, report } = await quickstart(['--recordings', files])
    expect(code).toBe(0)
    expect(report).toMatchObject({ counts: { expected: 3, repaired: 3 }, objects: { recordings: 3, unexpected: 0 } })
  })

  test('says nothing with --quiet', async () => {
    const { code, out, err } = await quickstart([
      '--quiet',
      '--count',
      '5',
      '--interval',
      '2023-10-01T00:00:00Z/2023-10-03T00:00:00Z',
    ])
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' })
  })

  test.each([
    [['--platform', 'fax'], 'recording-jobs, bulk-exports'],
    [['--count', 'many'], 'whole number'],
    [['--accept', 'nonsense'], 'none of'],
    [['--recordings', '/nowhere'], 'no such folder'],
    [['--s3-endpoint', 'http://127.0.0.1:1'], '--bucket'],
    [['--interval', 'yesterday'], 'START/END'],
    [['--evidence', 'package.json'], 'not a folder'],
    [['--genesys-endpoint', 'http://127.0.0.1:1'], 'does not answer: bad port'],
    [['--nonsense'], 'nonsense'],
  ])('refuses %j with a message and 1', async (flags, message) => {
    const { code, err } = await quickstart(flags)
    expect(code).toBe(1)
    expect(err).toContain(message)
    expect(err).not.toContain('    at ')
  })

  test('explains itself', async () => {
    const { code, out } = await quickstart(['--help'], npm)
    expect(code).toBe(0)
    for (const flag of ['--platform', '--recordings', '--s3-endpoint', '--genesys-endpoint', '--index-lag']) {
      expect(out).toContain(flag)
    }
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { RetryOptions } from '#src/index.js'
import type { ExpectedRow } from './expected.js'
import { lasting, type PassingFault, passing, type Service } from './fault-kinds.js'
import { type MatrixWorld, outcomeOf } from './matrix-world.js'

/** Opens a world of its own for each run. */
export type Open = (retry?: RetryOptions, attemptTimeoutMs?: number) => Promise<MatrixWorld>

/** Each answer that never comes takes this long; one that is merely slow is asked for again, which changes no outcome. */
const shortTimeoutMs = 250

export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Requests by kind in a run without faults, before the job is created and after. */
export async function phasesOf(open: Open) {
  const world = await open()
  try {
    let before: Readonly<Record<string, number>> = {}
    const outcome = await outcomeOf(
      world.run(() => {
        before = { ...world.counts() }
      }),
    )
    expect(outcome).toBe('survives')
    expect(world.wrongs()).toEqual([])
    const after = Object.entries(world.counts()).filter(([kind, count]) => count > (before[kind] ?? 0))
    return { before: new Set(Object.keys(before)), after: new Set(after.map(([kind]) => kind)) }
  } finally {
    await world.close()
  }
}

export type Phases = Awaited<ReturnType<typeof phasesOf>>

/** A kind of request by itself, in a table that is about nothing else. */
export interface Target {
  readonly operation: string
  /** Requests of this kind that are answered before the fault begins. */
  readonly after: number
}

/** Requests for which a passing fault means something else, and what. */
export const exceptions: Table = {
  'expired token': { requestToken: 'PLATFORM_UNAUTHORIZED' },
  // S3 may take minutes to assemble the parts, and so may the answer.
  'no answer in time': { CompleteMultipartUpload: 'waits 10 min' },
}

/** All kinds of requests meet the fault, at the beginning and again once the job is there. What each of them met. */
export async function underPassingFault(
  open: Open,
  service: Service,
  { before, after }: Phases,
  { times, ...fault }: PassingFault,
  passed = 0,
) {
  const action = fault[service]
  if (action === undefined) return undefined
  const world = await open(undefined, action.kind === 'hang' ? shortTimeoutMs : undefined)
  try {
    const hits = new Map<string, { readonly hits: number }[]>()
    const arm = (kinds: ReadonlySet<string>) => {
      for (const operation of kinds) {
        if (exceptions[fault.name]?.[operation] !== undefined) continue
        hits.set(operation, [
          ...(hits.get(operation) ?? []),
          world.faults.add({ match: { operation }, action, times, after: passed }),
        ])
      }
    }
    arm(before)
    const outcome = await outcomeOf(world.run(() => arm(after)))
    const met = [...hits].filter(([, handles]) => handles.every((handle) => handle.hits > 0)).map(([kind]) => kind)
    return { outcome, met: new Set(met), wrongs: world.wrongs() }
  } finally {
    await world.close()
  }
}

/** One kind of request fails for good, from the moment on when it matters; then the fault goes, and the run goes on. */
export async function underLastingFault(
  open: Open,
  service: Service,
  { before, after }: Phases,
  operation: string,
  fault: (typeof lasting)[number],
  passed = 0,
): Promise<string> {
  // Over soon: that it does not pass is known after a minute as well as after ten.
  const world = await open({ totalTimeoutMs: 60_000 })
  try {
    const arm = () =>
      world.faults.add({
        match: { operation },
        action: fault[service],
        times: Number.POSITIVE_INFINITY,
        after: passed,
      })
    const isLate = after.has(operation) && !before.has(operation)
    if (!isLate) arm()
    const outcome = await outcomeOf(world.run(isLate ? arm : undefined))
    expect(world.unrecorded()).toEqual([])
    const hasEnded = outcome !== 'survives' && !outcome.startsWith('incomplete')
    if (hasEnded) {
      // All that was finished is on record: the run goes on from there, and nothing is made twice.
      expect(world.journal.records.at(-1)?.type).toBe('run-stopped')
      world.faults.clear()
      expect([outcome, await outcomeOf(world.run())]).toEqual([outcome, 'survives'])
    }
    if (!outcome.startsWith('incomplete'))
      expect([operation, outcome, world.wrongs()]).toEqual([operation, outcome, []])
    return outcome
  } finally {
    await world.close()
  }
}

/** The whole table of one world: a row for each kind of request, first what passes, then what lasts. */
export async function tableOf(open: Open, service: Service): Promise<Table> {
  const phases = await phasesOf(open)
  const kinds = [...new Set([...phases.before, ...phases.after])].filter((kind) => kind !== 'PutObject').sort()
  const rows = Object.fromEntries(kinds.map((kind) => [kind, {} as Record<string, string>]))
  for (const fault of passing) {
    const result = await underPassingFault(open, service, phases, fault)
    if (result === undefined) continue
    expect([fault.name, result.wrongs]).toEqual([fault.name, []])
    for (const kind of kinds) {
      const exception = exceptions[fault.name]?.[kind]
      // A fault that was not met proves nothing.
      ;(rows[kind] ?? {})[fault.name] = exception ?? (result.met.has(kind) ? result.outcome : 'not met')
    }
  }
  for (const kind of kinds) {
    for (const fault of lasting) {
      ;(rows[kind] ?? {})[fault.name] = await underLastingFault(open, service, phases, kind, fault)
    }
  }
  return rows
}

/** The row of one kind of request. */
async function rowOf(
  open: Open,
  service: Service,
  { operation, after }: Target,
): Promise<Readonly<Record<string, string>>> {
  const whole = await phasesOf(open)
  const only = (kinds: ReadonlySet<string>) => new Set([operation].filter((kind) => kinds.has(kind)))
  // Where it was asked for before, it is the later requests that are meant: armed once, and so many pass.
  const before = only(whole.before)
  const phases: Phases = { before, after: before.size > 0 ? new Set<string>() : only(whole.after) }
  const row: Record<string, string> = {}
  for (const fault of passing) {
    const result = await underPassingFault(open, service, phases, fault, after)
    if (result === undefined) continue
    expect([fault.name, result.wrongs]).toEqual([fault.name, []])
    row[fault.name] = result.met.has(operation) ? result.outcome : 'not met'
  }
  for (const fault of lasting) row[fault.name] = await underLastingFault(open, service, phases, operation, fault, after)
  return row
}

/** The table as rows: of the faults that pass, those are named whose outcome is not the usual one. */
export function rowsOf(table: Table, usual = 'survives'): ExpectedRow[] {
  return Object.entries(table).map(([kind, row]) => {
    const others = passing.flatMap(({ name }) => {
      const outcome = row[name]
      return outcome === undefined || outcome === usual ? [] : [`${name}: ${outcome}`]
    })
    return [kind, [usual, ...others].join('; '), ...lasting.map(({ name }) => row[name] ?? '')]
  })
}

/** As it stands in docs/faults.md. */
export function render(rows: readonly ExpectedRow[]): string {
  const head = ['request', 'faults that pass', ...lasting.map(({ name }) => name)]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n').replace(/\| --- .*/, `|${'---|'.repeat(head.length)}`)
}

export const documented = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')

/** The tests of one table: it is what a run makes of each fault, and what the documentation says. */
export function describeMatrix(name: string, service: Service, open: Open, expected: readonly ExpectedRow[]): void {
  describe(`each fault and each request: ${name}`, () => {
    test('ends as the table says, and goes on from its journal', async () => {
      expect(rowsOf(await tableOf(open, service))).toEqual(expected)
    }, 600_000)

    test('stands so in docs/faults.md', () => {
      expect(documented).toContain(render(expected))
    })
  })
}

/** The tests of the rows that no run of the tables sends: each a run of its own. */
export function describeRows(
  name: string,
  rows: readonly { readonly label: string; readonly open: Open; readonly target: Target }[],
  expected: readonly ExpectedRow[],
): void {
  describe(`each fault and each request: ${name}`, () => {
    test.each(rows)(
      '$label ends as the table says, and goes on from its journal',
      async ({ label, open, target }) => {
        const row = await rowOf(open, 'genesys', target)
        expect(rowsOf({ [label]: row })).toEqual(expected.filter(([kind]) => kind === label))
      },
      300_000,
    )

    test('stands so in docs/faults.md', () => {
      expect(expected.map(([label]) => label)).toEqual(rows.map(({ label }) => label))
      expect(documented).toContain(render(expected))
    })
  })
}

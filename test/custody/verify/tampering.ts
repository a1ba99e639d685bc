// Changes of records by chance that keep them records.
import type { JournalRecord } from '#src/index.js'

/** Numbers from 0 to below a bound, the same for the same seed (mulberry32). */
export function randomOf(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

type Random = ReturnType<typeof randomOf>
type Json = Record<string, unknown>
export interface Edited {
  readonly what: string
  readonly records: JournalRecord[]
}

const states = [
  'held',
  'repaired',
  'conflicting',
  'unreadable',
  'unrepaired',
  'missing',
  'failedAtSource',
  'skippedAtSource',
]
/** Words that the records of a run are made of, by the name of the field they stand in. */
const words: Readonly<Record<string, readonly unknown[]>> = {
  state: states,
  outcome: ['held', 'repaired', 'conflicting', 'unreadable', 'unrepaired', 'missing', 'complete', 'incomplete'],
  verdict: ['held', 'untagged', 'mismatched', 'conflicting', 'unreadable', 'absent'],
  remediation: ['planned', 'repaired', 'not-needed', 'refused', 'failed', undefined],
  verification: ['passed', 'failed', 'not-needed', 'not-done'],
  decision: ['leave', 'repair', 'plan', 'refuse', 'none'],
  kind: ['recording', 'sidecar', 'transcript', 'attachment', 'unexpected'],
  severity: ['blocker', 'warning', 'info'],
  depth: ['recordings', 'counts'],
  type: [
    'run-started',
    'run-resumed',
    'run-stopped',
    'finding',
    'inspection',
    'job',
    'intent',
    'outcome',
    'verdict',
    'recording',
    'report',
    'release',
    'watermark',
    'withdrawal',
  ],
  action: ['merge-tags', 'replace-metadata', 'put-legal-hold', 'protect-original'],
  count: [-1, 0, 1, 2, 1.5, '1', undefined],
}

/** Paths of all leaves, and of all objects above them. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const members = Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))
  return path.length === 0 ? members : [...members, [...path]]
}

function at(record: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], record)
}

function put(record: unknown, path: readonly string[], value: unknown): void {
  const holder = at(record, path.slice(0, -1)) as Json
  const name = path.at(-1)!
  if (value === undefined) delete holder[name]
  else holder[name] = value
}

function otherValue(value: unknown, name: string, random: Random): unknown {
  const known = words[name]
  if (known !== undefined && random(3) > 0) return known[random(known.length)]
  if (typeof value === 'number') return [value + 1, value - 1, 0, -1, 1.5, String(value), value * 2][random(7)]
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') {
    if (/^\d{4}-\d\d-\d\dT/.test(value)) {
      return new Date(Date.parse(value) + [-86_400_000, 86_400_000, 3_600_000, -1][random(4)]!).toISOString()
    }
    return [`${value}x`, value.slice(1), 'x', value.replace(/[0-9]/, (digit) => String((Number(digit) + 1) % 10))][
      random(4)
    ]
  }
  if (Array.isArray(value)) return [value.slice(1), value.slice(0, -1), [...value, ...value], []][random(4)]
  return [{}, null, undefined, []][random(4)]
}

/** One change of one record, or of its place among the others. */
function changeOnce(records: JournalRecord[], random: Random): string {
  // A verdict is as likely to be changed as a report, of which there is one.
  const types = [...new Set(records.map(({ type }) => type))]
  const type = types[random(types.length)]!
  const ofType = records.flatMap((record, index) => (record.type === type ? [index] : []))
  const index = ofType[random(ofType.length)]!
  const other = random(records.length)
  const peer = ofType[random(ofType.length)]!
  const line = `${index + 1} (${type})`
  switch (random(9)) {
    case 0:
      records.splice(index, 1)
      return `${line} deleted`
    case 1:
      records.splice(other, 0, structuredClone(records[index]!))
      return `${line} doubled at ${other + 1}`
    case 2: {
      const to = random(2) === 0 ? peer : other
      ;[records[index], records[to]] = [records[to]!, records[index]!]
      return `${line} exchanged with ${to + 1}`
    }
    case 3: {
      const from = records[peer]!
      const path = randomPath(records[index]!, random)
      put(records[index], path, structuredClone(at(from, path)))
      return `${line}: ${path.join('.')} taken from ${peer + 1}`
    }
    case 4: {
      const path = randomPath(records[index]!, random)
      put(records[index], path, undefined)
      return `${line}: ${path.join('.')} removed`
    }
    default: {
      const path = randomPath(records[index]!, random)
      const value = otherValue(at(records[index], path), path.at(-1)!, random)
      put(records[index], path, value)
      return `${line}: ${path.join('.')} = ${JSON.stringify(value)}`
    }
  }
}

function randomPath(record: JournalRecord, random: Random): string[] {
  const { sequence, ...rest } = record
  const paths = pathsOf(rest)
  return paths[random(paths.length)]!
}

/** What somebody who wants a better report does beside: a report that fits the lines. */
export function withFittingReport(records: JournalRecord[]): JournalRecord[] {
  const report = records.findLast(({ type }) => type === 'report')
  if (report === undefined) return records
  const begun = records.findLastIndex(({ type }) => type === 'run-started' || type === 'run-resumed')
  const lines = records.slice(begun).filter(({ type }) => type === 'recording')
  const counts: Record<string, number> = { expected: 0, ...Object.fromEntries(states.map((state) => [state, 0])) }
  const exceptions: object[] = []
  for (const { data } of lines) {
    const { hold, ...line } = (data ?? {}) as { hold: string; state: string; count?: number }
    const count = Number(line.count ?? 1)
    counts.expected! += count
    counts[line.state] = (counts[line.state] ?? 0) + count
    if (line.state !== 'held' && line.state !== 'repaired') exceptions.push(line)
  }
  const data = (report.data ?? {}) as Json
  const isWhole = counts.held! + counts.repaired! === counts.expected
  Object.assign(data, { counts, exceptions, outcome: isWhole ? 'complete' : 'incomplete' })
  if (isWhole) Object.assign((data.coverage ?? {}) as Json, { proven: true, reason: undefined })
  return records
}

/** Records changed in one place or in three, and renumbered. With every other one goes a report that fits. */
export function tampered(original: readonly JournalRecord[], seed: number): Edited {
  const random = randomOf(seed)
  const records = structuredClone(original) as JournalRecord[]
  const changes = random(4) === 0 ? 3 : 1
  const what = Array.from({ length: changes }, () => changeOnce(records, random))
  if (random(2) === 0) {
    withFittingReport(records)
    what.push('and the report made to fit')
  }
  return { what: what.join('; '), records: records.map((record, index) => ({ ...record, sequence: index + 1 })) }
}

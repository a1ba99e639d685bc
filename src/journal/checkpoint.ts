import { canonicalJson } from '../internal/canonical-json.js'
import { LegalHoldError } from '../model/errors.js'
import type { FindingCode } from '../model/findings.js'
import type { Inspection } from '../model/inspection.js'
import type { RunReport } from '../model/report.js'
import type { Journal } from '../ports/journal.js'
import type { CallOptions } from '../ports/runtime.js'
import { BegunRepairs } from './begun-repairs.js'
import { AccountCheck } from './check/account-check.js'
import { flawOfForm, hasForm } from './form/data-form.js'
import { recordOf } from './form/record-form.js'
import { type JournalledJob, JournalledJobs } from './journalled-jobs.js'
import { ownJournalOf } from './own-journal.js'
import type { JobPart, JournalledProfile, RunIdentity } from './record-data.js'
import type { CheckedRecord, JournalData, RecordOf, UntrustedRecord } from './records.js'
import type { RecordedShardJob } from './shard-data.js'

/** What a journal says of the run that it is the record of. */
export interface Checkpoint {
  readonly runId: string
  /** What the run is of, as it was recorded. */
  readonly identity: RunIdentity
  /** Milliseconds. */
  readonly startedAt: number
  /** How often the run was resumed. */
  resumes: number
  /** The inspection that the job was created upon. */
  inspection: Inspection | undefined
  /** How the request was split into jobs. */
  parts: readonly JobPart[] | undefined
  readonly accepted: Set<FindingCode>
  readonly jobs: JournalledJob[]
  /** Sequence of the record from which on verdicts belong to the last attempt. */
  attemptFrom: number
  /** Objects with a verdict. */
  verdicts: number
  /** Objects with changes that no verdict followed. */
  readonly begun: BegunRepairs
  /** By folder, the key up to which everything that the last attempt listed is on record: one for each hour. */
  readonly watermarks: Map<string, string>
  /** A profile that was about to be forced and is not put back. */
  forced: JournalledProfile | undefined
  /** The jobs of engines that ran its shards, in the order of their records. */
  readonly shardJobs: RecordedShardJob[]
  /** The run is over. */
  report: RunReport | undefined
}

/**
 * Reads what a journal says of its run; `undefined` if it holds none. One pass, and nothing is kept of the objects:
 * they are read again, one by one, by {@link journalledVerdicts}.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT`, with `details.line`, where its records contradict each other: what somebody
 *   wrote into it is not to be believed. `CHECKPOINT_MISMATCH` for the journal of a release
 */
export async function readCheckpoint(journal: Journal, options: CallOptions = {}): Promise<Checkpoint | undefined> {
  let checkpoint: Checkpoint | undefined
  const jobs = new JournalledJobs()
  const check = new AccountCheck()
  let line = 0
  for await (const record of journal.entries(options)) {
    line += 1
    if (line === 1) refuseOwnJournal(record.runId)
    const read = recordOf(record)
    const checked = typeof read === 'string' ? read : check.take(read)
    if (typeof checked === 'string') throw corrupt(line, checked)
    if (checkpoint !== undefined) take(checked, checkpoint, jobs)
    else if (checked.type === 'run-started') checkpoint = begin(checked, jobs)
  }
  return checkpoint
}

/** @throws LegalHoldError `CHECKPOINT_MISMATCH` */
function refuseOwnJournal(runId: string): void {
  const what = ownJournalOf(runId)
  if (what === undefined) return
  throw new LegalHoldError(
    `The journal is the record of ${what}, and a run needs its own journal. Name another journal.`,
    { code: 'CHECKPOINT_MISMATCH', stage: 'journal', details: { runId, differences: ['run'] } },
  )
}

function corrupt(line: number, why: string): LegalHoldError {
  return new LegalHoldError(
    `Record ${line} of the journal ${why}. It was changed by something other than this library: keep it as it is, and begin a new journal.`,
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { line } },
  )
}

/**
 * The verdicts of the last attempt, in their order.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT`, with `details.line`
 */
export async function* journalledVerdicts(
  journal: Journal,
  { runId, attemptFrom }: Checkpoint,
  options: CallOptions = {},
): AsyncGenerator<JournalData['verdict'], void, void> {
  let line = 0
  for await (const entry of journal.entries(options)) {
    const record: UntrustedRecord = entry
    line += 1
    if (record.type !== 'verdict' || record.runId !== runId || record.sequence <= attemptFrom) continue
    // The journal was read a moment ago, and may have been changed since.
    if (!hasForm(record)) throw corrupt(line, flawOfForm(record))
    yield record.data
  }
}

/**
 * @throws LegalHoldError `CHECKPOINT_MISMATCH`, with `details.differences`: the journal is that of another run
 */
export function requireSameRun({ identity, runId }: Checkpoint, now: RunIdentity): void {
  const then = {
    ...identity,
    platform: asFarAsKnown(identity.platform, now.platform),
    storage: asFarAsKnown(identity.storage, now.storage),
  }
  const differences = (['request', 'hold', 'requirements', 'dryRun', 'platform', 'storage'] as const).filter(
    (name) => canonicalJson(then[name]) !== canonicalJson(now[name]),
  )
  if (differences.length > 0) {
    throw ofAnotherRun(
      runId,
      differences.map((name) => ({ name, was: identity[name], is: now[name] })),
    )
  }
}

/**
 * Before anything is done: the organisation is known only once the platform was asked.
 *
 * @throws LegalHoldError `CHECKPOINT_MISMATCH`
 */
export function requireSameOrganization({ inspection, runId }: Checkpoint, { organization }: Inspection): void {
  const was = inspection?.organization?.id
  if (was === undefined || was === organization.id) return
  throw ofAnotherRun(runId, [{ name: 'organization', was, is: organization.id }])
}

/** What was recorded, and what is not known of it then or now as it is now. */
function asFarAsKnown<T extends object>(then: T, now: T): T {
  const names = Object.keys({ ...then, ...now }) as (keyof T)[]
  const values = names.map((name) => [name, now[name] === undefined ? undefined : (then[name] ?? now[name])])
  return Object.fromEntries(values) as T
}

function ofAnotherRun(
  runId: string,
  differences: readonly { readonly name: string; readonly was: unknown; readonly is: unknown }[],
): LegalHoldError {
  const list = differences
    .map(({ name, was, is }) => `${name} was ${JSON.stringify(was)} and is ${JSON.stringify(is)}`)
    .join('; ')
  return new LegalHoldError(
    `The journal is the record of another run (${runId}): ${list}. Use another journal, or repeat the run as it was.`,
    {
      code: 'CHECKPOINT_MISMATCH',
      stage: 'journal',
      details: { runId, differences: differences.map(({ name }) => name) },
    },
  )
}

function begin({ runId, time, data }: RecordOf<'run-started'>, jobs: JournalledJobs): Checkpoint {
  const { request, hold, requirements, dryRun, platform, storage } = data
  return {
    runId,
    identity: {
      request,
      hold,
      requirements,
      dryRun,
      platform: { name: platform.name, region: platform.region },
      storage: { name: storage.name, bucket: storage.bucket, endpoint: storage.endpoint },
    },
    startedAt: Date.parse(time),
    resumes: 0,
    inspection: undefined,
    parts: undefined,
    accepted: new Set(),
    jobs: jobs.list,
    attemptFrom: 0,
    verdicts: 0,
    begun: new BegunRepairs(),
    watermarks: new Map(),
    forced: undefined,
    shardJobs: [],
    report: undefined,
  }
}

function take({ type, time, data, sequence }: CheckedRecord, checkpoint: Checkpoint, jobs: JournalledJobs): void {
  switch (type) {
    case 'run-resumed':
      checkpoint.resumes += 1
      break
    case 'acceptance':
      checkpoint.accepted.add(data.code)
      break
    case 'inspection':
      checkpoint.inspection = data
      checkpoint.parts = data.parts
      break
    case 'job-intent':
      if (!jobs.intend(data, Date.parse(time))) break
      checkpoint.attemptFrom = sequence
      checkpoint.verdicts = 0
      checkpoint.watermarks.clear()
      break
    case 'job':
      jobs.see(data)
      break
    case 'job-cancel':
      for (const entry of jobs.of(data.jobId)) entry.cancelling = true
      break
    case 'protection':
      takeProtection(data, jobs)
      break
    case 'listing':
      for (const entry of jobs.of(data.jobId)) {
        const listed = data.expected + (data.laterThanInterval ?? 0)
        entry.listed = Math.max(entry.listed ?? 0, listed)
      }
      break
    case 'intent':
      checkpoint.begun.intend(data, Date.parse(time))
      break
    case 'outcome':
      checkpoint.begun.answered(data)
      break
    case 'verdict':
      checkpoint.verdicts += 1
      checkpoint.begun.settle(data.object.key)
      break
    case 'watermark':
      checkpoint.watermarks.set(data.prefix, data.through)
      break
    case 'profile-intent':
      checkpoint.forced = data
      break
    case 'profile-restored':
      checkpoint.forced = undefined
      break
    case 'shard-job':
      checkpoint.shardJobs.push(data)
      break
    case 'report':
      checkpoint.report = data
      break
    default:
      break
  }
}

/** A record of an earlier version counts what the platform was not asked about: it is protected once more. */
function takeProtection({ jobId, requested, ...rest }: JournalData['protection'], jobs: JournalledJobs): void {
  if (requested === undefined) return
  for (const entry of jobs.of(jobId)) entry.protection = { requested, ...rest }
}

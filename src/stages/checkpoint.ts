import { AccountCheck } from '../account-check.js'
import { LegalHoldError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { LegalHold } from '../hold.js'
import type {
  CallOptions,
  ExportJob,
  Journal,
  JournalRecord,
  MutationResult,
  ObjectRef,
  ObjectState,
  PlatformCoverage,
} from '../ports.js'
import type { ProtectionReport, RunReport } from '../report.js'
import type { ExportRequest } from '../request.js'
import type { HoldRequirements } from '../requirements.js'
import type { ObjectPlace, RemediationStep } from '../verdict.js'
import type { JournalledProfile } from './forced-profile.js'
import type { Inspection } from './inspect.js'
import type { JobPart } from './parts.js'
import type { BegunRepair, BegunStep } from './remediate.js'

/** What a run is of. Only the same run goes on with a journal. */
export interface RunIdentity {
  readonly request: ExportRequest
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly dryRun: boolean
  /** What is not known is not compared: journals of earlier versions hold no endpoint. */
  readonly platform: { readonly name: string; readonly region?: string | undefined }
  readonly storage: { readonly name: string; readonly bucket: string; readonly endpoint?: string | undefined }
}

/** What a job is asked for with, recorded before it is. */
export interface JobIntent {
  /** 0 for the first export, then the repeats with the profile forced. */
  readonly attempt: number
  readonly request: ExportRequest
  /** How far the platform's index reached. */
  readonly coverage: PlatformCoverage
  /** It is the job of a run before. @defaultValue false */
  readonly takenUp?: boolean | undefined
}

/** One job that a run intended, and what is known of it. */
export interface JournalledJob extends JobIntent {
  /** Milliseconds: before this the job was not asked for. */
  readonly intendedAt: number
  /** As it was last seen; absent where the run ended before it knew whether there is one. */
  job: ExportJob | undefined
  /** The run was about to cancel it. */
  cancelling: boolean
  /** What became of deletion protection at the source; `undefined` where it was not asked about afterwards. */
  protection: ProtectionReport | undefined
  /** Recordings that the platform listed for it, later ones too, when it listed most; `undefined` where no list was read to its end. */
  listed: number | undefined
}

/** An object that a run had begun to repair. */
export interface BegunObject {
  readonly object: ObjectRef
  readonly place: ObjectPlace
  readonly repair: BegunRepair
}

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
  /** Objects with changes that no verdict followed, by key: as few as were under way when the run was interrupted. */
  readonly begun: Map<string, BegunObject>
  /** By folder, the key up to which everything that the last attempt listed is on record: one for each hour. */
  readonly watermarks: Map<string, string>
  /** A profile that was about to be forced and is not put back. */
  forced: JournalledProfile | undefined
  /** The run is over. */
  report: RunReport | undefined
}

/**
 * Reads what a journal says of its run; `undefined` where it holds none. One pass, and nothing is kept of the objects:
 * they are read again, one by one, by {@link journalledVerdicts}.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT`, with `details.line`, where its records contradict each other: what somebody
 *   wrote into it is not to be believed
 */
export async function readCheckpoint(journal: Journal, options: CallOptions = {}): Promise<Checkpoint | undefined> {
  let checkpoint: Checkpoint | undefined
  const check = new AccountCheck()
  for await (const record of journal.entries(options)) {
    const contradiction = check.add(record)
    if (contradiction !== undefined) throw corrupt(record.sequence, contradiction)
    if (checkpoint === undefined) {
      if (record.type === 'run-started') checkpoint = begin(record)
    } else if (record.runId === checkpoint.runId) take(record, checkpoint)
  }
  return checkpoint
}

function corrupt(line: number, why: string): LegalHoldError {
  return new LegalHoldError(
    `Record ${line} of the journal ${why}. It was changed by something other than this library: keep it as it is, and begin a new journal.`,
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { line } },
  )
}

/** The verdicts of the last attempt, in their order. */
export async function* journalledVerdicts(
  journal: Journal,
  { runId, attemptFrom }: Checkpoint,
  options: CallOptions = {},
): AsyncGenerator<JournalRecord['data'], void, void> {
  for await (const { type, runId: of, sequence, data } of journal.entries(options)) {
    if (type === 'verdict' && of === runId && sequence > attemptFrom) yield data
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
    (name) => canonical(then[name]) !== canonical(now[name]),
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

/** The same text for data that means the same. */
export function canonical(data: unknown): string {
  return (
    JSON.stringify(data, (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ) ?? ''
  )
}

function begin({ runId, time, data }: JournalRecord): Checkpoint {
  const { request, hold, requirements, dryRun, platform, storage } = data as unknown as RunIdentity
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
    jobs: [],
    attemptFrom: 0,
    verdicts: 0,
    begun: new Map(),
    watermarks: new Map(),
    forced: undefined,
    report: undefined,
  }
}

function take({ type, time, data, sequence }: JournalRecord, checkpoint: Checkpoint): void {
  switch (type) {
    case 'run-resumed':
      checkpoint.resumes += 1
      break
    case 'acceptance':
      checkpoint.accepted.add(data.code as FindingCode)
      break
    case 'inspection':
      checkpoint.inspection = data as unknown as Inspection
      checkpoint.parts = data.parts as readonly JobPart[]
      break
    case 'job-intent':
      takeIntent(data as unknown as JobIntent, time, sequence, checkpoint)
      break
    case 'job':
      takeJob(data as unknown as ExportJob, checkpoint)
      break
    case 'job-cancel':
      for (const entry of checkpoint.jobs) entry.cancelling ||= entry.job?.id === data.jobId
      break
    case 'protection':
      takeProtection(data as unknown as JournalledProtection, checkpoint)
      break
    case 'listing':
      for (const entry of checkpoint.jobs) {
        if (entry.job?.id !== data.jobId) continue
        entry.listed = Math.max(entry.listed ?? 0, Number(data.expected) + Number(data.laterThanInterval ?? 0))
      }
      break
    case 'intent':
      takeRepairIntent(data as unknown as RepairIntent, Date.parse(time), checkpoint)
      break
    case 'outcome':
      takeRepairOutcome(data as unknown as RepairOutcome, checkpoint)
      break
    case 'verdict':
      checkpoint.verdicts += 1
      checkpoint.begun.delete((data.object as ObjectRef).key)
      break
    case 'watermark':
      checkpoint.watermarks.set(data.prefix as string, data.through as string)
      break
    case 'profile-intent':
      checkpoint.forced = data as unknown as JournalledProfile
      break
    case 'profile-restored':
      checkpoint.forced = undefined
      break
    case 'report':
      checkpoint.report = data as unknown as RunReport
      break
    default:
      break
  }
}

function takeIntent(intent: JobIntent, time: string, sequence: number, checkpoint: Checkpoint): void {
  if (checkpoint.jobs.every(({ attempt }) => attempt !== intent.attempt)) {
    checkpoint.attemptFrom = sequence
    checkpoint.verdicts = 0
    checkpoint.watermarks.clear()
  }
  const { attempt, request, coverage, takenUp } = intent
  const unknown = { job: undefined, cancelling: false, protection: undefined, listed: undefined }
  checkpoint.jobs.push({ attempt, request, coverage, takenUp, intendedAt: Date.parse(time), ...unknown })
}

interface JournalledProtection extends ProtectionReport {
  readonly jobId: string
}

/** A record of an earlier version counts what the platform was not asked about: it is protected once more. */
function takeProtection({ jobId, ...protection }: JournalledProtection, { jobs }: Checkpoint): void {
  if (protection.requested === undefined) return
  for (const entry of jobs) if (entry.job?.id === jobId) entry.protection = protection
}

/** A job is that of the last intent for its request, or one that is known and seen again. */
function takeJob(job: ExportJob, checkpoint: Checkpoint): void {
  const wanted = canonical(job.request)
  const known = checkpoint.jobs.find((entry) => entry.job?.id === job.id)
  const entry =
    known ?? checkpoint.jobs.findLast(({ job: none, request }) => none === undefined && canonical(request) === wanted)
  if (entry !== undefined) entry.job = job
}

/** As the recorder writes it. */
interface RepairIntent {
  readonly object: ObjectRef
  readonly place: ObjectPlace
  readonly step: RemediationStep
  readonly before: ObjectState
}

interface RepairOutcome {
  readonly object: ObjectRef
  readonly action: RemediationStep['action']
  readonly result?: MutationResult | undefined
  readonly error?: BegunStep['error']
}

function takeRepairIntent({ object, place, step, before }: RepairIntent, at: number, { begun }: Checkpoint): void {
  const { original, steps, noncurrent } = begun.get(object.key)?.repair ?? nothingBegun
  const touched = { object: { bucket: object.bucket, key: object.key }, place }
  if (step.action === 'hold-noncurrent') {
    const versions = new Set([...noncurrent, step.versionId])
    begun.set(object.key, { ...touched, repair: { original, steps, noncurrent: versions, lastIntentAt: at } })
    return
  }
  // A step that is taken again after an interruption was not taken before.
  const known = steps.filter((other) => other.step.action !== step.action || !isInDoubt(other))
  const repair = { original: original ?? before, steps: [...known, { step }], noncurrent, lastIntentAt: at }
  begun.set(object.key, { ...touched, repair })
}

const nothingBegun: Pick<BegunRepair, 'original' | 'steps' | 'noncurrent'> = {
  original: undefined,
  steps: [],
  noncurrent: new Set(),
}

function takeRepairOutcome({ object, action, result, error }: RepairOutcome, { begun }: Checkpoint): void {
  const known = begun.get(object.key)
  // A step that was aborted may have been taken all the same: nobody waited for the answer.
  if (known === undefined || error?.code === 'ABORTED') return
  const { repair } = known
  const steps = repair.steps.map((other) =>
    other.step.action === action && isInDoubt(other) ? { ...other, result, error } : other,
  )
  begun.set(object.key, { ...known, repair: { ...repair, steps } })
}

function isInDoubt({ result, error }: BegunStep): boolean {
  return result === undefined && error === undefined
}

import type { Checkpoint } from '../../journal/checkpoint.js'
import type { LegalHold } from '../../model/hold.js'
import type { JournalRecord } from '../../model/record.js'
import type { RecordingCounts, RecordingException, RunOutcome } from '../../model/report.js'
import type { Interval } from '../../model/request.js'

/** Where a run is: its last stage that is on record. */
export type RunStage = 'inspect' | 'export' | 'deliver' | 'account' | 'finished'

/** What `status --json` prints. */
export interface JournalStatus {
  readonly schemaVersion: 1
  readonly kind: 'run'
  readonly journal: string
  /** `running` while a process holds the journal; else `finished`, or `interrupted`: the same command resumes it. */
  readonly state: 'running' | 'interrupted' | 'finished'
  /** The process that writes it. */
  readonly writer?: { readonly pid: number; readonly host: string; readonly since: string } | undefined
  readonly runId: string
  readonly dryRun: boolean
  readonly hold: LegalHold
  readonly bucket: string
  readonly interval: Interval
  readonly stage: RunStage
  /** ISO 8601 in UTC, as all times here. */
  readonly startedAt: string
  readonly resumed: number
  readonly records: number
  /** The last record: when the run last moved. */
  readonly lastMoved: { readonly at: string; readonly agoMs: number; readonly record: string }
  /** Why the run was stopped, where it was not resumed since. */
  readonly stopped?: { readonly code: string; readonly message: string } | undefined
  readonly jobs: readonly { readonly id?: string | undefined; readonly state: string }[]
  /** Recordings that the platform listed; absent if no list has been read to its end. */
  readonly listed?: number | undefined
  /** Objects of the last attempt with a verdict, by outcome. */
  readonly objects: Readonly<Record<string, number>>
  /** Of a finished run, from its report. */
  readonly outcome?: RunOutcome | undefined
  readonly counts?: RecordingCounts | undefined
  /** Why coverage is not proven. */
  readonly unproven?: string | undefined
  /** What is not under the hold, and why: of a finished run the first 1,000 recordings. */
  readonly missing: readonly RecordingException[]
}

/** What the checkpoint of a resumed run does not keep. */
export class StatusTally {
  readonly #attemptFrom: number
  #last: JournalRecord | undefined
  #stage: RunStage = 'inspect'
  #stopped: JournalStatus['stopped']
  #objects: Record<string, number> = {}

  constructor({ attemptFrom }: Pick<Checkpoint, 'attemptFrom'>) {
    this.#attemptFrom = attemptFrom
  }

  add(record: JournalRecord): void {
    const { type, data, sequence } = record
    this.#last = record
    this.#stage = stageOf[type] ?? this.#stage
    this.#stopped = type === 'run-stopped' ? stoppedBy(data) : type === 'run-resumed' ? undefined : this.#stopped
    if (type !== 'verdict' || sequence <= this.#attemptFrom) return
    const outcome = String(data.outcome)
    this.#objects[outcome] = (this.#objects[outcome] ?? 0) + 1
  }

  /** @param now milliseconds */
  status(journal: string, checkpoint: Checkpoint, writer: JournalStatus['writer'], now: number): JournalStatus {
    const { runId, identity, startedAt, resumes, jobs, report } = checkpoint
    const listed = jobs.reduce<number | undefined>((sum, { listed: more }) => addUp(sum, more), undefined)
    const { sequence = 0, time = '', type = 'report' } = this.#last ?? {}
    const { coverage } = report ?? {}
    return {
      schemaVersion: 1,
      kind: 'run',
      journal,
      state: report !== undefined ? 'finished' : writer === undefined ? 'interrupted' : 'running',
      writer,
      runId,
      dryRun: identity.dryRun,
      hold: identity.hold,
      bucket: identity.storage.bucket,
      interval: identity.request.interval,
      stage: report === undefined ? this.#stage : 'finished',
      startedAt: new Date(startedAt).toISOString(),
      resumed: resumes,
      records: sequence,
      lastMoved: { at: time, agoMs: Math.max(0, now - Date.parse(time)), record: type },
      stopped: this.#stopped,
      jobs: jobs.map(({ job }) =>
        job === undefined ? { state: 'unknown' } : { id: job.id, state: job.platformState },
      ),
      listed,
      objects: this.#objects,
      outcome: report?.outcome,
      counts: report?.counts,
      unproven: coverage === undefined || coverage.proven ? undefined : (coverage.reason ?? 'unknown'),
      missing: report?.exceptions ?? [],
    }
  }
}

const stageOf: Readonly<Partial<Record<JournalRecord['type'], RunStage>>> = {
  'job-intent': 'export',
  job: 'export',
  listing: 'export',
  intent: 'deliver',
  outcome: 'deliver',
  verdict: 'deliver',
  watermark: 'deliver',
  recording: 'account',
  report: 'finished',
}

function stoppedBy({ code, message, error }: JournalRecord['data']): JournalStatus['stopped'] {
  const cause = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  return { code: String(code ?? cause.code ?? 'unknown'), message: String(message ?? cause.message ?? '') }
}

function addUp(sum: number | undefined, more: number | undefined): number | undefined {
  return more === undefined ? sum : (sum ?? 0) + more
}

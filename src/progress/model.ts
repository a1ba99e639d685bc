import type { Stage } from '../model/errors.js'
import type { RunEvent } from '../model/events.js'
import type { ExportJob } from '../model/platform.js'
import type { RemediationOutcome, VerdictKind } from '../model/verdict.js'
import { Estimate } from './estimate.js'
import { Rate } from './rate.js'

const ended: ReadonlySet<string> = new Set(['FULFILLED', 'FAILED', 'CANCELLED'])

interface JobProgress {
  readonly job: ExportJob
  readonly etaMs: number | undefined
  readonly atMs: number
}

/** What the run waits for. Times in milliseconds since the epoch. */
export interface Waiting {
  readonly subject: string
  readonly reason: string
  /** Since when. */
  readonly atMs: number
  /** The attempt that failed, where another follows. */
  readonly attempt?: number | undefined
  readonly nextMs?: number | undefined
  readonly givesUpMs?: number | undefined
}

/** What the events of one run add up to. No I/O, and no clock but the events' own. */
export class ProgressModel {
  readonly jobs = new Map<string, JobProgress>()
  readonly verdicts = new Map<VerdictKind, number>()
  readonly remediations = new Map<RemediationOutcome, number>()
  readonly retries = new Map<string, number>()
  /** Recordings that the platform lists; `undefined` before it has. */
  expected: number | undefined
  /** Expected recordings that have not landed, as of the last pass. */
  pending: number | undefined
  atMs = Number.NaN
  /** When the first event came. */
  startedMs = Number.NaN
  /** What is waited for beside the stage's own work. */
  waiting: Waiting | undefined
  /** When the export will be over, as the platform's progress lets expect. */
  readonly exportEnd = new Estimate()
  /** When everything will have been checked, at the present rate. */
  readonly checkEnd = new Estimate()
  readonly #stages = new Set<Stage>()
  #recordings = 0
  readonly #objectRate = new Rate()
  readonly #recordingRate = new Rate()

  apply(event: RunEvent): void {
    this.atMs = Date.parse(event.at)
    if (Number.isNaN(this.startedMs)) this.startedMs = this.atMs
    this.#wait(event)
    switch (event.type) {
      case 'stage-started':
        this.#stages.delete(event.stage)
        this.#stages.add(event.stage)
        break
      case 'stage-finished':
        this.#stages.delete(event.stage)
        break
      case 'job-created':
        this.jobs.set(event.job.id, { job: event.job, etaMs: undefined, atMs: this.atMs })
        break
      case 'job-progress':
        this.jobs.set(event.job.id, { job: event.job, etaMs: event.etaMs, atMs: this.atMs })
        break
      case 'expected':
        if (this.expected !== undefined && event.recordings > this.expected)
          this.#slowed('more recordings are expected')
        this.expected = event.recordings
        break
      case 'landing':
        this.pending = event.pending
        break
      case 'verdict':
        add(this.verdicts, event.verdict.verdict)
        if (event.verdict.place?.kind === 'recording') this.#recordings += 1
        this.#objectRate.add(this.atMs, this.objects)
        this.#recordingRate.add(this.atMs, this.#recordings)
        break
      case 'remediation':
        add(this.remediations, event.remediation.outcome)
        break
      case 'retry':
        add(this.retries, event.error.code)
        break
      case 'forced-retry':
        // Everything is exported, and so checked, again.
        this.jobs.clear()
        this.verdicts.clear()
        this.pending = undefined
        this.#recordings = 0
        this.exportEnd.forget()
        this.checkEnd.forget()
        break
      default:
        break
    }
    this.exportEnd.expect(this.atMs, this.exportEtaMs)
    this.checkEnd.expect(this.atMs, this.checkEtaMs)
  }

  /** What was begun last and is not over. */
  get stage(): Stage | undefined {
    return [...this.#stages].at(-1)
  }

  /** Whatever happens after a wait shows that it is over. */
  #wait(event: RunEvent): void {
    const atMs = this.atMs
    if (event.type === 'retry') {
      const { subject, error, attempt, nextAt, givesUpAt } = event
      const [nextMs, givesUpMs] = [Date.parse(nextAt), Date.parse(givesUpAt)]
      this.waiting = { subject, reason: error.code, atMs, attempt, nextMs, givesUpMs }
      this.#slowed('requests are repeated')
    } else if (event.type === 'waiting') {
      const { subject, reason, waitedMs, waitMs } = event
      const givesUpMs = waitMs === undefined ? undefined : atMs + waitMs
      this.waiting = { subject, reason, atMs: atMs - waitedMs, givesUpMs }
      this.#slowed(reason)
    } else if (event.type === 'job-waiting') {
      this.waiting = { subject: 'a job slot', reason: event.reason, atMs: atMs - event.waitedMs }
    } else if (event.type === 'index-waiting') {
      const reason = `it must reach ${event.until}`
      this.waiting = { subject: 'the index of the platform', reason, atMs: atMs - event.waitedMs }
    } else if (event.type !== 'finding') {
      this.waiting = undefined
    }
  }

  #slowed(why: string): void {
    this.exportEnd.slowedBy(why)
    this.checkEnd.slowedBy(why)
  }

  /** Objects checked. */
  get objects(): number {
    return sum(this.verdicts)
  }

  /** Objects checked that were not held when they came. */
  get lacking(): number {
    return this.objects - (this.verdicts.get('held') ?? 0)
  }

  /** Recordings checked. Those that an earlier part of the run finished show only in the number that is still pending. */
  get recordings(): number {
    if (this.expected === undefined) return this.#recordings
    const landed = this.pending === undefined ? 0 : this.expected - this.pending
    return Math.min(this.expected, Math.max(this.#recordings, landed))
  }

  get objectsPerSecond(): number | undefined {
    return this.#objectRate.perSecond(this.atMs, this.objects)
  }

  /** Until everything has been checked; `undefined` while the job decides about that, or nothing moves. */
  get checkEtaMs(): number | undefined {
    const rate = this.#recordingRate.perSecond(this.atMs, this.#recordings)
    if (!this.exported || this.expected === undefined || rate === undefined || rate === 0) return undefined
    return ((this.expected - this.recordings) * 1_000) / rate
  }

  /** Whether there are jobs and all of them have ended. */
  get exported(): boolean {
    return this.jobs.size > 0 && this.jobsEnded === this.jobs.size
  }

  get jobsEnded(): number {
    return [...this.jobs.values()].filter(({ job }) => ended.has(job.state)).length
  }

  /** 0 to 1 over all jobs, by their recordings where all say how many they have. */
  get exportFraction(): number | undefined {
    if (this.jobs.size === 0) return undefined
    const parts = [...this.jobs.values()].map(({ job }) => ({
      weight: job.totals.recordings,
      fraction: job.state === 'FULFILLED' ? 1 : fractionOf(job),
    }))
    const weighted = parts.every(({ weight }) => (weight ?? 0) > 0)
    const weights = parts.map(({ weight }) => (weighted ? (weight ?? 0) : 1))
    const whole = weights.reduce((total, weight) => total + weight, 0)
    return parts.reduce((total, { fraction }, at) => total + fraction * (weights[at] ?? 0), 0) / whole
  }

  /** The latest end that the platform's progress promises. */
  get exportEtaMs(): number | undefined {
    const open = [...this.jobs.values()].filter(({ job }) => !ended.has(job.state))
    const etas = open.flatMap(({ etaMs, atMs }) => (etaMs === undefined ? [] : [Math.max(0, atMs + etaMs - this.atMs)]))
    return etas.length === 0 ? undefined : Math.max(...etas)
  }
}

function fractionOf({ percentProgress = 0 }: ExportJob): number {
  return Math.min(1, Math.max(0, percentProgress / 100))
}

function add<K>(counts: Map<K, number>, name: K): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  let total = 0
  for (const count of counts.values()) total += count
  return total
}

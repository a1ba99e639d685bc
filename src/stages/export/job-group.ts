import pLimit from 'p-limit'
import { forManyListeners, throwIfAborted } from '../../internal/abort.js'
import { hourMs } from '../../internal/durations.js'
import { inheritWaits } from '../../internal/waits/waits.js'
import type { Recorder } from '../../journal/recorder.js'
import type { JobPart } from '../../journal/records.js'
import type { Stage } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { ExportJob, PlatformCoverage } from '../../model/platform.js'
import type { ProtectionReport } from '../../model/report.js'
import type { ExportRequest } from '../../model/request.js'
import type { Settings } from '../../options/exporter-options.js'
import type { ListedLedger } from '../account/ledger-view.js'
import type { StageContext } from '../context.js'
import type { Revisit } from '../discover/folder-state.js'
import { waitForIndex } from '../inspect/index-wait.js'
import { type ListAccount, readExpectedList } from './expected-list.js'
import { waitForJob } from './job.js'
import type { AttemptJobs } from './job-book.js'
import { protectConversations } from './protect.js'

/** Jobs of an organisation that may be pending or processing (genesys-facts, recording jobs). */
const jobSlots = 2

/** What the jobs of a request need. */
export interface JobGroupSubject {
  readonly settings: Settings
  readonly parts: readonly JobPart[]
  /** How far the index reached when the parts were made. */
  readonly coverage: PlatformCoverage
  readonly jobs: AttemptJobs
  /** Protect the conversations at the source before their job is started. */
  readonly protect: boolean
  readonly ledger: ListedLedger
  readonly recorder: Recorder
  readonly context: StageContext
  readonly timed: <T>(stage: Stage, work: () => Promise<T>) => Promise<T>
}

/** What became of one part of a request. */
export interface PartAccount extends ListAccount {
  readonly request: ExportRequest
  /** How far the index reached before the job was created. */
  coverage: PlatformCoverage
  job: ExportJob | undefined
  /** Recordings that the platform named as failed. */
  namedFailures: number
  /** Recordings in the list of the same job before the run was interrupted. */
  formerlyExpected?: number | undefined
  /** What became of deletion protection at the source; `undefined` if it was not asked for. */
  protection: ProtectionReport | undefined
}

interface PartState {
  readonly account: PartAccount
  createdAt: number
  started: boolean
  listed: boolean
  endedAt: number | undefined
  /** Hours of conversations that an earlier part has exported too; `'any'` if they are not known. */
  again: Set<number> | 'any'
}

/**
 * The jobs of one request: each with the list of what it is to export, at most two at a time. They share a ledger, so
 * that a recording which belongs to two of them counts once.
 */
export class JobGroup {
  /** The hours of each list that was read; `undefined` if they are not known. */
  readonly lists: (ReadonlySet<number> | undefined)[] = []
  readonly #subject: JobGroupSubject
  readonly #parts: PartState[]
  readonly #started = deferred()
  readonly #takenUp = deferred()
  readonly #stop = new AbortController()
  readonly #context: StageContext

  constructor(subject: JobGroupSubject) {
    this.#subject = subject
    this.#context = {
      ...subject.context,
      signal: inheritWaits(forManyListeners(this.#stop.signal), subject.context.signal),
    }
    this.#parts = subject.parts.map(({ request }) => ({
      account: {
        request,
        coverage: subject.coverage,
        job: undefined,
        expected: 0,
        skipped: 0,
        later: 0,
        namedFailures: 0,
        protection: undefined,
        listing: undefined,
      },
      createdAt: Number.POSITIVE_INFINITY,
      started: false,
      listed: !subject.ledger.listed,
      endedAt: undefined,
      again: new Set(),
    }))
    for (const part of this.#parts) this.#announce(part)
  }

  /** Resolves when the first job delivers and its list has been read. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** Resolves when the lists of all jobs that a former part of the run had begun have been read. */
  get takenUp(): Promise<void> {
    return this.#takenUp.promise
  }

  get accounts(): readonly PartAccount[] {
    return this.#parts.map(({ account }) => account)
  }

  /** The jobs that exist, in the order of their parts. */
  get jobs(): readonly ExportJob[] {
    return this.#parts.flatMap(({ account: { job } }) => (job === undefined ? [] : [job]))
  }

  /** When the last of the jobs was fulfilled, in milliseconds. */
  get fulfilledAt(): number | undefined {
    let last: number | undefined = Number.NEGATIVE_INFINITY
    for (const { endedAt } of this.#parts)
      last = endedAt === undefined || last === undefined ? undefined : Math.max(last, endedAt)
    return last
  }

  /** When objects of these jobs can have been written at the earliest, in milliseconds. */
  get createdAt(): number {
    return Math.min(...this.#parts.map((part) => part.createdAt))
  }

  /** Whether every list has been read. */
  listsComplete(): boolean {
    return this.#parts.every(({ listed }) => listed)
  }

  /** A job that exports a conversation again may overwrite what an earlier one delivered in its hour. */
  revisit(hour: number | undefined, afterMs: number): Revisit {
    let last: Revisit = { revisit: 'none' }
    for (const { again, endedAt } of this.#parts) {
      const touches = again === 'any' || (hour === undefined ? again.size > 0 : again.has(hour))
      if (!touches) continue
      if (endedAt === undefined) return { revisit: 'open' }
      const at = endedAt + afterMs
      last = { revisit: 'at', at: last.revisit === 'at' ? Math.max(last.at, at) : at }
    }
    return last
  }

  /** Runs all parts to their end. A failure of one stops the others, and what is under way is waited for. */
  async run(): Promise<void> {
    const { signal } = this.#subject.context
    const onAbort = () => this.#stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    const failures: unknown[] = []
    const fail = (error: unknown) => {
      failures.push(error)
      this.#stop.abort(error)
    }
    const limit = pLimit(jobSlots)
    try {
      await Promise.all(
        this.#parts.map((part, index) =>
          limit(() => this.#run(part, this.#subject.parts[index]?.awaitIndex ?? false, fail)).catch(fail),
        ),
      )
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    // The first one stopped the others: what they said then is its echo.
    if (failures.length > 0) throw failures[0]
  }

  async #run(part: PartState, awaitIndex: boolean, fail: (error: unknown) => void): Promise<void> {
    const { settings, jobs, protect, timed } = this.#subject
    const { account } = part
    const context = this.#context
    throwIfAborted(context.signal, 'export')
    const intended = jobs.intended(account.request)
    if (intended !== undefined) account.coverage = intended
    else if (awaitIndex) {
      const { interval } = account.request
      account.coverage = await waitForIndex(
        settings.platform,
        interval,
        settings.reconciliation.indexTimeoutMs,
        context,
      )
    }
    const openedAt = settings.clock.now()
    const job = await jobs.open(account.request, account.coverage, context)
    account.job = job
    part.createdAt = job.createdAt === undefined ? openedAt : Date.parse(job.createdAt)
    if (protect) {
      const known = this.#subject.ledger.conversationCount
      await this.#list(part, job)
      account.protection = jobs.protection(job.id) ?? (await timed('protect', () => this.#protect(job.id, known)))
      await this.#follow(part, job)
    } else {
      await Promise.all([this.#follow(part, job).catch(fail), this.#list(part, job).catch(fail)])
    }
  }

  async #follow(part: PartState, job: ExportJob): Promise<void> {
    const { settings, timed, recorder, ledger } = this.#subject
    const context = this.#context
    const { platform, polling, clock } = settings
    const { account } = part
    const onProgress = (current: ExportJob) => {
      account.job = current
      part.started = current.state === 'PROCESSING' || current.state === 'FULFILLED'
      this.#announce(part)
    }
    let ended = job
    try {
      ended = await timed('export', () => waitForJob(platform, job, { ...polling, onProgress }, context))
      account.job = ended
    } finally {
      // That it failed is on record too: running again then means another job.
      if (account.job !== undefined && hasEnded(account.job)) await recorder.record('job', account.job)
    }
    for await (const failed of platform.failedRecordings(ended, { signal: context.signal })) {
      ledger.failedAtSource(failed.recordingId, failed.reason, failed.conversationId)
      account.namedFailures += 1
    }
    part.endedAt = clock.now()
  }

  async #list(part: PartState, job: ExportJob): Promise<void> {
    const { settings, ledger, jobs, recorder } = this.#subject
    const context = this.#context
    const { account } = part
    if (part.listed) return
    let hours: Set<number> | undefined = new Set()
    const noteHour = (start: string | undefined) => {
      const hour = start === undefined ? Number.NaN : Math.floor(Date.parse(start) / hourMs) * hourMs
      if (Number.isNaN(hour)) hours = undefined
      else hours?.add(hour)
      return Number.isNaN(hour) ? undefined : hour
    }
    const onEntry = (conversationStart: string | undefined, isKnown: boolean) => {
      const hour = noteHour(conversationStart)
      if (!isKnown) return
      if (hour === undefined || part.again === 'any') part.again = 'any'
      else part.again.add(hour)
    }
    const { platform } = settings
    const { signal } = context
    const { repeated, digest, laterRecordings } = await readExpectedList({
      platform,
      job,
      request: account.request,
      ledger,
      account,
      signal,
      includeParticipants: settings.includeParticipants,
      onEntry,
    })
    account.formerlyExpected = jobs.listed(job.id)
    const { expected, skipped, later, listing } = account
    const beyond = later === 0 ? {} : { laterThanInterval: later, laterRecordings }
    await recorder.record('listing', { jobId: job.id, expected, repeated, skipped, digest, ...beyond, ...listing })
    part.listed = true
    this.lists.push(hours)
    context.emit({ type: 'expected', recordings: ledger.size, skipped: ledger.skipped })
    this.#announce(part)
  }

  #announce({ started, listed }: PartState): void {
    if (started && listed) this.#started.resolve()
    const isOpen = ({ account, listed }: PartState) =>
      !listed && this.#subject.jobs.intended(account.request) !== undefined
    if (!this.#parts.some(isOpen)) this.#takenUp.resolve()
  }

  /** @param known conversations of earlier lists, which are protected already */
  async #protect(jobId: string, known: number): Promise<ProtectionReport | undefined> {
    const { settings, recorder, ledger } = this.#subject
    const { emit } = this.#context
    const subject = {
      platform: settings.platform,
      protectedByRun: known,
      onBeyondCap: async (finding: Finding) => {
        emit({ type: 'finding', finding, accepted: false })
        await recorder.note('finding', finding)
      },
    }
    const result = await protectConversations(subject, ledger.conversations(known), this.#context)
    if (result !== undefined) await recorder.record('protection', { jobId, ...result })
    return result
  }
}

function hasEnded({ state }: ExportJob): boolean {
  return state === 'FULFILLED' || state === 'FAILED' || state === 'CANCELLED'
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

import { abortedError, sleepOrAbort, throwIfAborted } from '../../internal/abort.js'
import { compareKeys } from '../../internal/key-order.js'
import type { Recorder } from '../../journal/recorder.js'
import type { RecordedShardJob } from '../../journal/shard-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ScaleJob } from '../../model/report.js'
import type { CallOptions } from '../../ports/runtime.js'
import { persist, type StageContext } from '../../stages/context.js'
import { parseShardKey, type RunKeys, roundKey } from '../keys.js'
import { IndexWriter, type Plan, refsOf } from '../plan/plan.js'
import type { EngineJob, ShardEngine, ShardRef } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import { isCancelled } from './cancel.js'
import { heldForMs } from './claims.js'
import { doneOrCancelled } from './done-or-cancelled.js'
import { ends, tokenOf } from './job.js'

/** How rounds are run. */
export interface RoundOptions {
  /** Engine jobs at most: each is given the shards that are not sealed yet. */
  readonly maxRounds: number
  /** Shards at once, if the engine limits that. */
  readonly concurrency?: number | undefined
  /** Between two looks at a job, in milliseconds. */
  readonly pollMs: number
  /** How long one round may take, in milliseconds. */
  readonly roundTimeoutMs: number
}

/** What rounds work with. */
export interface RoundSubject {
  readonly store: ShardStore
  readonly keys: RunKeys
  readonly engine: ShardEngine
  readonly plan: Plan
  readonly options: RoundOptions
  /** What the journal of a resumed run says of its jobs. */
  readonly former: readonly RecordedShardJob[]
  readonly recorder: Recorder
  readonly context: StageContext
}

/** How the rounds of a run ended. */
export interface RoundsEnd {
  readonly rounds: number
  readonly jobs: readonly ScaleJob[]
  /** Why shards are not sealed, by their keys, as far as the engine says. */
  readonly reasons: ReadonlyMap<string, string>
}

/** Between two looks at the claims of workers. */
const leastPauseMs = 5_000
/** Reasons that are kept. */
const mostReasons = 1_000

/**
 * Gives an engine the shards that are not sealed, round by round, until all are or the rounds are used up. Whether a shard is
 * done its seal says, never the engine.
 */
export class Rounds {
  readonly #subject: RoundSubject
  /** The last word on each round, by its number. */
  readonly #recorded = new Map<number, RecordedShardJob>()
  readonly #reasons = new Map<string, string>()

  constructor(subject: RoundSubject) {
    this.#subject = subject
    for (const job of subject.former) this.#recorded.set(job.round, job)
  }

  /** @throws LegalHoldError `JOB_CANCELLED`, `JOB_DEADLINE_EXCEEDED`, `ABORTED`, and what the engine throws */
  async run(): Promise<RoundsEnd> {
    const { options } = this.#subject
    const last = Math.max(1, ...this.#recorded.keys())
    for (let round = last; round <= Math.max(last, options.maxRounds + this.#cancelledRounds); round += 1) {
      const former = this.#recorded.get(round)
      if (former !== undefined && ends.has(former.state ?? '')) continue
      const open = await this.#open(round)
      if (open.shards === 0) {
        if (former !== undefined) await this.#lastWord(former)
        break
      }
      await this.#round(round, open)
    }
    const jobs = [...this.#recorded.values()].filter(({ id }) => id !== undefined)
    return { rounds: this.#recorded.size, jobs: jobs.map(shownJob), reasons: this.#reasons }
  }

  /** What became of a job whose shards were all sealed while no coordinator looked; one that is forgotten stays as it was. */
  async #lastWord(former: RecordedShardJob): Promise<void> {
    const { engine, context } = this.#subject
    const { signal } = context
    const job = await persist(context, 'validate', `round ${former.round}`, () => engine.find(former.token, { signal }))
    if (job === undefined || (job.state === former.state && former.id !== undefined)) return
    const { id, state, reason } = job
    await this.#note({ ...former, id, state, ...(reason === undefined ? {} : { reason }) })
  }

  /** A round that a person cancelled is none of those that were tried. */
  get #cancelledRounds(): number {
    return [...this.#recorded.values()].filter(({ state }) => state === 'cancelled').length
  }

  async #round(round: number, open: OpenShards): Promise<void> {
    const { engine, context } = this.#subject
    const token = tokenOf(this.#subject.plan, round)
    const intent = { engine: engine.name, round, token, shards: open.shards }
    const isResumed = this.#recorded.has(round)
    if (!isResumed) await this.#note(intent)
    else if (await this.#wasCancelled(intent)) return
    if (round > 1 || isResumed) await this.#awaitClaims(intent, open)
    const job = await this.#submit(intent, open)
    const known = { ...intent, shards: this.#recorded.get(round)?.shards ?? open.shards, id: job.id }
    await this.#note({ ...known, state: job.state })
    const ended = await this.#watch(job, known)
    await this.#note({ ...known, state: ended.state, ...(ended.reason === undefined ? {} : { reason: ended.reason }) })
    throwIfAborted(context.signal, 'validate')
    // Whoever runs again what was cancelled while no coordinator looked wants the rest done.
    const isOld = isResumed && job.state === 'cancelled'
    if (ended.state === 'cancelled' && !isOld) throw cancelled(ended)
    await this.#read(ended)
  }

  /**
   * Waits until no worker that has died holds a shard: a job that begins before that does these shards in vain, and one that is
   * under way already has workers that live.
   */
  async #awaitClaims({ round, token }: RecordedShardJob, { refs }: OpenShards): Promise<void> {
    const { engine, store, options, context } = this.#subject
    const { clock, signal, emit } = context
    const find = () => engine.find(token, { signal })
    if ((await persist(context, 'validate', `round ${round}`, find)) !== undefined) return
    const held = () =>
      persist(context, 'validate', 'claims on shards', () => heldForMs(store, refs(), { signal, clock }))
    const startedAt = clock.now()
    let waitMs = await held()
    const endsAt = startedAt + Math.min(waitMs, options.roundTimeoutMs)
    while (waitMs > 0 && clock.now() < endsAt) {
      const reason =
        'a worker ended without letting go of its shard: nobody takes over before its invocation would have ended'
      const waitedMs = clock.now() - startedAt
      emit({ type: 'waiting', stage: 'validate', subject: `shards of round ${round}`, reason, waitedMs, waitMs })
      await sleepOrAbort(Math.min(waitMs, Math.max(options.pollMs, leastPauseMs)), context, 'validate')
      waitMs = await held()
    }
  }

  /** Whether its end was asked for while no coordinator looked: whoever runs again wants the rest done, by another round. */
  async #wasCancelled(intent: RecordedShardJob): Promise<boolean> {
    const { engine, context } = this.#subject
    const { signal } = context
    const { round, token } = intent
    if (!(await isCancelled(this.#subject, round, { signal }))) return false
    const there = await engine.find(token, { signal })
    if (there !== undefined) await engine.cancel(there.id, { signal })
    const { id = there?.id, shards } = this.#recorded.get(round) ?? intent
    const reason = 'it was cancelled'
    await this.#note({ ...intent, shards, state: 'cancelled', reason, ...(id === undefined ? {} : { id }) })
    return true
  }

  /** The job of a token: the one that is there, or a new one. An unknown outcome is looked up before it is asked for again. */
  async #submit(intent: RecordedShardJob, open: OpenShards): Promise<EngineJob> {
    const { engine, plan, options, context } = this.#subject
    const { round, token, shards } = intent
    const { signal } = context
    return persist(context, 'validate', `round ${round}`, async () => {
      const found = await engine.find(token, { signal })
      if (found !== undefined) return found
      const { runId, planSha256 } = plan
      const refs = () => open.refs()
      const job = { token, runId, planSha256, round, shards, refs, concurrency: options.concurrency }
      try {
        return await engine.submit(job, { signal })
      } catch (error) {
        const there = await engine.find(token, { signal }).catch(() => undefined)
        if (there === undefined) throw error
        return there
      }
    })
  }

  /** Follows a job to its end. Each of its states is on record: `status` reads them on other machines. */
  async #watch(job: EngineJob, known: RecordedShardJob): Promise<EngineJob> {
    const { engine, options, context, plan } = this.#subject
    const { clock, signal, emit } = context
    const { round } = known
    const startedAt = clock.now()
    let current = job
    for (;;) {
      throwIfAborted(signal, 'validate')
      const { succeeded = 0 } = current.counts ?? {}
      const { id, state } = current
      emit({ type: 'shards', round, shards: plan.shards, sealed: succeeded, jobId: id, state })
      if (ends.has(state)) return current
      if (state !== this.#recorded.get(round)?.state) await this.#note({ ...known, state })
      if (state === 'waiting' && engine.confirm !== undefined) await engine.confirm(id, { signal })
      if (clock.now() - startedAt > options.roundTimeoutMs) throw tooLate(current, options.roundTimeoutMs)
      if (engine.done !== undefined) {
        const isWished = () => isCancelled(this.#subject, round, { signal })
        await doneOrCancelled({ engine, id, everyMs: options.pollMs, isWished, logger: context.logger, signal })
      } else await sleepOrAbort(options.pollMs, context, 'validate')
      current = await persist(context, 'validate', `job ${id}`, () => engine.get(id, { signal }))
    }
  }

  /** Why shards failed, as far as the engine says. A report that cannot be read hides nothing: the seals decide. */
  async #read({ id }: EngineJob): Promise<void> {
    const { engine, context } = this.#subject
    this.#reasons.clear()
    try {
      for await (const { key, outcome, reason = 'the engine gives no reason' } of engine.results(id, context)) {
        if (outcome === 'failed' && this.#reasons.size < mostReasons) this.#reasons.set(key, reason)
      }
    } catch (error) {
      if (context.signal?.aborted) throw abortedError(context.signal, 'validate')
      context.logger?.warn(`The report of the job ${id} could not be read: what is not sealed is done again.`, error)
    }
  }

  async #note(job: RecordedShardJob): Promise<void> {
    await this.#subject.recorder.record('shard-job', job)
    this.#recorded.set(job.round, job)
  }

  /** The shards that are not sealed now. Where they are not those of the plan, they are written down: a job is read more than once. */
  async #open(round: number): Promise<OpenShards> {
    const { store, keys, plan, context } = this.#subject
    const { signal } = context
    let shards = 0
    for await (const _ of unsealed(store, keys, plan, { signal })) shards += 1
    if (shards === 0 || shards === plan.shards) return { shards, refs: () => refsOf(store, plan, { signal }) }
    const writer = new IndexWriter(store, (page, sha256) => roundKey(keys, round, page, sha256))
    for await (const { key } of unsealed(store, keys, plan, { signal })) await writer.add(key)
    const pages = await writer.finish()
    const refs = async function* () {
      for await (const { key } of refsOf(store, { pages }, { signal })) {
        const shard = parseShardKey(key)?.shard
        if (shard !== undefined) yield { shard, key }
      }
    }
    return { shards: pages.reduce((sum, page) => sum + page.shards, 0), refs }
  }
}

interface OpenShards {
  readonly shards: number
  refs(): AsyncIterable<ShardRef>
}

/** The shards of a plan that have no seal. */
export async function* unsealed(
  store: ShardStore,
  keys: RunKeys,
  plan: Plan,
  options: CallOptions = {},
): AsyncGenerator<ShardRef, void, void> {
  const seals = store.list(keys.seals, options)[Symbol.asyncIterator]()
  try {
    let next = await seals.next()
    for await (const ref of refsOf(store, plan, options)) {
      const seal = parseShardKey(ref.key)?.seal ?? ''
      while (next.done !== true && compareKeys(next.value, seal) < 0) next = await seals.next()
      if (next.done === true || next.value !== seal) yield ref
    }
  } finally {
    await seals.return?.()
  }
}

function shownJob({ round, id = '', state = 'unknown', shards, reason }: RecordedShardJob): ScaleJob {
  return { round, id, state, shards, ...(reason === undefined ? {} : { reason }) }
}

function cancelled({ id, reason = 'no reason is given' }: EngineJob): LegalHoldError {
  return new LegalHoldError(
    `The engine's job ${id} was cancelled: ${reason}. What is sealed stays; run again to do the rest.`,
    {
      code: 'JOB_CANCELLED',
      stage: 'validate',
      details: { id },
    },
  )
}

function tooLate({ id, state }: EngineJob, ms: number): LegalHoldError {
  return new LegalHoldError(
    `The engine's job ${id} is ${state} after ${Math.round(ms / 1_000)} s. It continues by itself: check it in the engine's console, and run again to follow it.`,
    { code: 'JOB_DEADLINE_EXCEEDED', stage: 'validate', details: { id, state } },
  )
}

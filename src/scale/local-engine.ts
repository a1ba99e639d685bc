import { randomUUID } from 'node:crypto'
import { throwIfAborted } from '../internal/abort.js'
import { OptionCheck } from '../internal/option-check.js'
import { mapWindow } from '../internal/streams/streams.js'
import { LegalHoldError } from '../model/errors.js'
import type { CallOptions } from '../ports/runtime.js'
import type {
  EngineJob,
  ShardEngine,
  ShardEngineCapabilities,
  ShardJob,
  ShardRef,
  ShardResult,
} from './ports/shard-engine.js'
import type { ShardWorker } from './ports/shard-worker.js'

/** Options of {@link LocalEngine}. */
export interface LocalEngineOptions {
  /** `shardWorker({ store, storage })`. */
  readonly worker: ShardWorker
  /** Shards at once. @defaultValue 4 */
  readonly concurrency?: number | undefined
}

interface LocalJob {
  readonly id: string
  readonly job: ShardJob
  readonly stop: AbortController
  /** Why shards were not sealed, by their keys: those that were are not kept. */
  readonly failures: Map<string, string>
  /** Keys below this number of shards are done. */
  succeeded: number
  failed: number
  state: EngineJob['state']
  reason?: string
  done: Promise<void>
}

/**
 * Runs shards in this process, for tests and for runs in pieces on one machine. Its jobs end with the process.
 * Sealed shards stay, and a resumed run does the others.
 *
 * The signal of `submit` ends the job as well, because nothing may continue in a process whose run was aborted.
 */
export class LocalEngine implements ShardEngine {
  readonly name = 'local'
  readonly capabilities: ShardEngineCapabilities
  readonly #worker: ShardWorker
  readonly #concurrency: number
  readonly #jobs = new Map<string, LocalJob>()

  /** @throws LegalHoldError `INVALID_OPTIONS` */
  constructor(options: LocalEngineOptions) {
    const { worker, concurrency = 4 } = options ?? {}
    const mistakes = new OptionCheck('The options of LocalEngine')
    mistakes.check(typeof worker === 'function', 'worker', 'must be a ShardWorker: shardWorker({ store, storage })')
    const isCount = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 1_000
    mistakes.check(isCount, 'concurrency', 'must be 1 to 1000')
    mistakes.throwIfAny()
    this.#worker = worker
    this.#concurrency = concurrency
    this.capabilities = { confirms: false, limitsConcurrency: true, concurrency }
  }

  async submit(job: ShardJob, { signal }: CallOptions = {}): Promise<EngineJob> {
    throwIfAborted(signal, 'export')
    const known = this.#jobs.get(job.token)
    if (known !== undefined) return shown(known)
    const local: LocalJob = {
      id: `local-${randomUUID()}`,
      job,
      stop: new AbortController(),
      failures: new Map(),
      succeeded: 0,
      failed: 0,
      state: 'active',
      done: Promise.resolve(),
    }
    this.#jobs.set(job.token, local)
    const onAbort = () => local.stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    local.done = this.#run(local).finally(() => signal?.removeEventListener('abort', onAbort))
    return shown(local)
  }

  async find(token: string): Promise<EngineJob | undefined> {
    const job = this.#jobs.get(token)
    return job === undefined ? undefined : shown(job)
  }

  async get(id: string): Promise<EngineJob> {
    return shown(this.#job(id))
  }

  /** Resolves when the job has ended, with or without success. */
  async done(id: string): Promise<void> {
    await this.#job(id).done
  }

  /** Resolves once no shard of it is being worked on. */
  async cancel(id: string): Promise<void> {
    const job = this.#job(id)
    job.stop.abort(new Error('The job was cancelled.'))
    await job.done
  }

  async *results(id: string): AsyncGenerator<ShardResult, void, void> {
    const job = this.#job(id)
    await job.done
    if (job.state !== 'complete') {
      for (const [key, reason] of job.failures) yield { key, outcome: 'failed', reason }
      return
    }
    for await (const { key } of job.job.refs()) {
      const reason = job.failures.get(key)
      yield reason === undefined ? { key, outcome: 'succeeded' } : { key, outcome: 'failed', reason }
    }
  }

  #job(id: string): LocalJob {
    for (const job of this.#jobs.values()) if (job.id === id) return job
    throw new LegalHoldError(`There is no job ${id} in this process: a LocalEngine's jobs end with their process.`, {
      code: 'ENGINE_JOB_NOT_FOUND',
      stage: 'export',
      details: { id },
    })
  }

  /** Never rejects: how it ended is what the job says. */
  async #run(local: LocalJob): Promise<void> {
    const { job, stop } = local
    const most = Math.min(this.#concurrency, job.concurrency ?? this.#concurrency)
    try {
      for await (const _ of mapWindow(until(job.refs(), stop.signal), most, (ref) => this.#do(local, ref))) {
        // The window does the work.
      }
      local.state = stop.signal.aborted ? 'cancelled' : 'complete'
      if (stop.signal.aborted) local.reason = 'it was cancelled'
    } catch (error) {
      local.state = 'failed'
      local.reason = error instanceof Error ? error.message : String(error)
    }
  }

  async #do(local: LocalJob, ref: ShardRef): Promise<void> {
    const end = await this.#worker(ref, { signal: local.stop.signal })
    if (end.outcome === 'sealed') local.succeeded += 1
    else {
      local.failed += 1
      local.failures.set(ref.key, `${end.code}: ${end.reason}`)
    }
  }
}

async function* until(refs: AsyncIterable<ShardRef>, signal: AbortSignal): AsyncGenerator<ShardRef, void, void> {
  for await (const ref of refs) {
    if (signal.aborted) return
    yield ref
  }
}

function shown({ id, job, state, reason, succeeded, failed }: LocalJob): EngineJob {
  const counts = { total: job.shards, succeeded, failed }
  return { id, engine: 'local', state, counts, ...(reason === undefined ? {} : { reason }) }
}

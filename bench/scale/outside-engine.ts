import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EngineJob, ShardEngine, ShardJob, ShardRef, ShardResult } from '../../src/scale.ts'
import type { WorkerOrders, WorkerWord } from './worker-process.ts'

interface Job {
  readonly id: string
  readonly failures: Map<string, string>
  succeeded: number
  isOver: boolean
  done: Promise<void>
}

/** An engine whose workers are another process, as those of AWS are elsewhere. */
export class OutsideEngine implements ShardEngine {
  readonly name = 'outside'
  readonly capabilities = { confirms: false, limitsConcurrency: false }
  /** Objects that are to be repaired. */
  readonly due: number
  readonly #child: ChildProcess
  readonly #jobs = new Map<string, Job>()

  private constructor(child: ChildProcess, due: number) {
    this.#child = child
    this.due = due
  }

  static async start(orders: WorkerOrders): Promise<OutsideEngine> {
    const child = fork(fileURLToPath(new URL('worker-process.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, WORKER_ORDERS: JSON.stringify(orders) },
    })
    const [first] = (await once(child, 'message')) as [WorkerWord]
    return new OutsideEngine(child, 'due' in first ? first.due : 0)
  }

  async submit({ token, round, shards, refs }: ShardJob): Promise<EngineJob> {
    const job: Job = { id: `job-${round}`, failures: new Map(), succeeded: 0, isOver: false, done: Promise.resolve() }
    this.#jobs.set(token, job)
    job.done = this.#run(job, shards, refs())
    return shown(job)
  }

  async find(token: string): Promise<EngineJob | undefined> {
    const job = this.#jobs.get(token)
    return job === undefined ? undefined : shown(job)
  }

  async get(id: string): Promise<EngineJob> {
    return shown(this.#job(id))
  }

  async done(id: string): Promise<void> {
    await this.#job(id).done
  }

  async cancel(): Promise<void> {}

  async *results(id: string): AsyncGenerator<ShardResult, void, void> {
    for (const [key, reason] of this.#job(id).failures) yield { key, outcome: 'failed', reason }
  }

  stop(): void {
    this.#child.disconnect()
  }

  #job(id: string): Job {
    for (const job of this.#jobs.values()) if (job.id === id) return job
    throw new Error(`There is no job ${id}.`)
  }

  async #run(job: Job, shards: number, refs: AsyncIterable<ShardRef>): Promise<void> {
    let ended = 0
    let onEnd: () => void = () => {}
    const over = new Promise<void>((resolve) => {
      onEnd = resolve
    })
    const hear = (word: WorkerWord) => {
      if (!('key' in word)) return
      ended += 1
      if (word.outcome === 'sealed') job.succeeded += 1
      else job.failures.set(word.key, word.reason ?? '')
      if (ended === shards) onEnd()
    }
    this.#child.on('message', hear)
    for await (const ref of refs) this.#child.send(ref)
    await over
    this.#child.off('message', hear)
    job.isOver = true
  }
}

function shown({ id, isOver, succeeded, failures }: Job): EngineJob {
  const counts = { total: succeeded + failures.size, succeeded, failed: failures.size }
  return { id, engine: 'outside', state: isOver ? 'complete' : 'active', counts }
}

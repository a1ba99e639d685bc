import type { EngineJob, ShardEngine, ShardJob, ShardRef, ShardResult } from '../../scale/ports/shard-engine.js'
import { allOf, type ConformanceRunner, type ConformanceSubject, codeOf, onSubject } from './suite.js'

/** An engine without jobs, as its author provides it to each test. */
export interface ShardEngineConformanceSubject extends ConformanceSubject {
  readonly engine: ShardEngine
  /** The same engine as another process opens it, after the first may have been killed. */
  reopen(): Promise<ShardEngine>
  /** Resolves once nothing more happens until somebody confirms, resumes or submits. */
  settle(): Promise<void>
  /** Keys for which workers were invoked so far, once for each invocation. */
  invoked(): readonly string[]
  /** From now on workers leave the shard with this number unfinished, or refuse it, for good. */
  fail(shard: number, outcome: 'unfinished' | 'refused'): void
  /** An id in the engine's form of a job that does not exist. */
  readonly unknownId: string
}

/** Options of {@link shardEngineConformance}. */
export interface ShardEngineConformanceOptions {
  create(): Promise<ShardEngineConformanceSubject>
}

const digest = '0123456789abcdef'.repeat(4)

function refOf(shard: number): ShardRef {
  // What users name their prefixes: an engine must hand over every character.
  return { shard, key: `runs/a b+c%20,"ü"/run/shards/${String(shard).padStart(8, '0')}-${digest}.jsonl` }
}

function jobOf(count: number, changes: Partial<ShardJob> = {}): ShardJob {
  const refs = Array.from({ length: count }, (_, shard) => refOf(shard))
  return {
    token: 'conformance-token-1',
    runId: 'run',
    planSha256: digest,
    round: 1,
    shards: count,
    refs: async function* () {
      yield* refs
    },
    ...changes,
  }
}

async function toEnd({ engine, settle }: ShardEngineConformanceSubject, job: ShardJob): Promise<EngineJob> {
  const { id } = await engine.submit(job)
  await settle()
  if (engine.capabilities.confirms) {
    await engine.confirm?.(id)
    await settle()
  }
  return engine.get(id)
}

const outcomesOf = (results: readonly ShardResult[]) => {
  const sorted = [...results].sort((a, b) => (a.key < b.key ? -1 : 1))
  return sorted.map(({ key, outcome }) => [key, outcome])
}

/**
 * The contract of every `ShardEngine`: one job per token, every shard handed to a worker by its key, and reported
 * ends.
 */
export function shardEngineConformance(runner: ConformanceRunner, options: ShardEngineConformanceOptions): void {
  const { expect } = runner
  const test = onSubject(runner, () => options.create())

  runner.describe('shard engine conformance', () => {
    test('hands every shard to a worker by its key, and tells how each ended', async (subject) => {
      const ended = await toEnd(subject, jobOf(7))
      expect([ended.engine, ended.state]).toEqual([subject.engine.name, 'complete'])
      const keys = Array.from({ length: 7 }, (_, shard) => refOf(shard).key)
      expect([...new Set(subject.invoked())].sort()).toEqual(keys)
      const results = await allOf(subject.engine.results(ended.id))
      expect(outcomesOf(results)).toEqual(keys.map((key) => [key, 'succeeded']))
      if (ended.counts !== undefined) expect(ended.counts).toEqual({ total: 7, succeeded: 7, failed: 0 })
    })

    test('has one job a token, whoever submits it and when', async (subject) => {
      const job = jobOf(3)
      const first = await subject.engine.submit(job)
      const second = await (await subject.reopen()).submit(job)
      expect(second.id).toEqual(first.id)
      await toEnd(subject, job)
      expect((await subject.engine.submit(job)).id).toEqual(first.id)
      const other = await subject.engine.submit(jobOf(3, { token: 'conformance-token-2', round: 2 }))
      expect(other.id === first.id).toEqual(false)
    })

    test('finds a job by its token alone', async (subject) => {
      expect(await subject.engine.find('conformance-token-1')).toEqual(undefined)
      const { id } = await subject.engine.submit(jobOf(2))
      expect((await (await subject.reopen()).find('conformance-token-1'))?.id).toEqual(id)
      expect(await subject.engine.find('conformance-token')).toEqual(undefined)
    })

    test('runs nothing before it is confirmed, where it says that it waits', async (subject) => {
      if (!subject.engine.capabilities.confirms) return
      const { id } = await subject.engine.submit(jobOf(3))
      await subject.settle()
      expect([(await subject.engine.get(id)).state, subject.invoked().length]).toEqual(['waiting', 0])
      await subject.engine.confirm?.(id)
      await subject.engine.confirm?.(id)
      await subject.settle()
      expect((await subject.engine.get(id)).state).toEqual('complete')
    })

    test('tells shards that failed from those that did not', async (subject) => {
      subject.fail(1, 'refused')
      subject.fail(2, 'unfinished')
      const ended = await toEnd(subject, jobOf(4))
      const expected = ['succeeded', 'failed', 'failed', 'succeeded'].map((outcome, at) => [refOf(at).key, outcome])
      expect(outcomesOf(await allOf(subject.engine.results(ended.id)))).toEqual(expected)
    })

    test('leaves a job that has ended as it is', async (subject) => {
      const ended = await toEnd(subject, jobOf(2))
      await subject.engine.cancel(ended.id)
      expect((await subject.engine.get(ended.id)).state).toEqual('complete')
    })

    test('does not know a job that does not exist', async ({ engine, unknownId }) => {
      expect(await codeOf(engine.get(unknownId))).toEqual('ENGINE_JOB_NOT_FOUND')
    })

    test('a call whose signal has fired rejects, and submits nothing', async ({ engine }) => {
      const signal = AbortSignal.abort()
      expect(await codeOf(engine.submit(jobOf(2), { signal }))).toEqual('ABORTED')
      expect(await engine.find('conformance-token-1')).toEqual(undefined)
    })
  })
}

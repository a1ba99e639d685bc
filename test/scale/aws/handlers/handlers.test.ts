import { describe, expect, test } from 'vitest'
import { LegalHoldError } from '../../../../src/index.js'
import type { ShardEnd, ShardWorker } from '../../../../src/scale/ports/shard-worker.js'
import { mapHandler, type S3BatchEvent, s3BatchHandler } from '../../../../src/scale-aws.js'
import { SimulatedClock } from '../../../../src/testing/index.js'

const digest = 'a'.repeat(64)
const keyOf = (shard: number, prefix = 'runs/r 1+ü%2B,"/') =>
  `${prefix}shards/${String(shard).padStart(8, '0')}-${digest}.jsonl`
const formEncoded = (key: string) => new URLSearchParams({ k: key }).toString().slice(2)

const ends: Record<string, (ref: { key: string; shard: number }) => ShardEnd> = {
  sealed: (ref) => ({ outcome: 'sealed', ref, sealSha256: digest, isNew: false }),
  unfinished: (ref) => ({ outcome: 'unfinished', ref, code: 'TIMEOUT', reason: 'the deadline\ncame' }),
  refused: (ref) => ({ outcome: 'refused', ref, code: 'CHECKPOINT_MISMATCH', reason: 'not of the plan' }),
}
const workerOf = (outcome: keyof typeof ends, seen: Parameters<ShardWorker>[] = []): ShardWorker => {
  return async (...args) => {
    seen.push(args)
    return ends[outcome]!(args[0])
  }
}

function eventOf(version: '1.0' | '2.0', s3Key: string, bucket = 'evidence'): S3BatchEvent {
  const place = version === '1.0' ? { s3BucketArn: `arn:aws:s3:::${bucket}` } : { s3Bucket: bucket }
  return {
    invocationSchemaVersion: version,
    invocationId: 'invocation',
    job: version === '1.0' ? { id: 'job' } : { id: 'job', userArguments: { runId: 'r' } },
    tasks: [{ taskId: 'task-1', s3Key, s3VersionId: null, ...place }],
  }
}

describe.each(['1.0', '2.0'] as const)('a handler for S3 Batch Operations, schema %s', (version) => {
  test.each([
    ['sealed', 'Succeeded', `sealed ${digest}`],
    ['unfinished', 'TemporaryFailure', 'TIMEOUT: the deadline came'],
    ['refused', 'PermanentFailure', 'CHECKPOINT_MISMATCH: not of the plan'],
  ] as const)('%s is answered with %s', async (outcome, resultCode, resultString) => {
    const handler = s3BatchHandler({ worker: workerOf(outcome), bucket: 'evidence' })
    expect(await handler(eventOf(version, encodeURIComponent(keyOf(3))))).toEqual({
      invocationSchemaVersion: version,
      treatMissingKeysAs: 'TemporaryFailure',
      invocationId: 'invocation',
      results: [{ taskId: 'task-1', resultCode, resultString }],
    })
  })

  test.each([encodeURIComponent, formEncoded])('reads the key in either encoding', async (encode) => {
    const seen: Parameters<ShardWorker>[] = []
    await s3BatchHandler({ worker: workerOf('sealed', seen) })(eventOf(version, encode(keyOf(42))))
    expect(seen[0]?.[0]).toEqual({ shard: 42, key: keyOf(42) })
  })

  test('tells the worker when Lambda will end it', async () => {
    const seen: Parameters<ShardWorker>[] = []
    const clock = new SimulatedClock({ now: 1_000 })
    const handler = s3BatchHandler({ worker: workerOf('sealed', seen), clock })
    await handler(eventOf(version, keyOf(1, '')), { getRemainingTimeInMillis: () => 900_000 })
    expect(seen[0]?.[1]).toEqual({ deadlineMs: 901_000 })
  })

  test('a fault is temporary, whichever, and its words hold no more than those of the error', async () => {
    const known = async () => {
      throw new LegalHoldError('No access.', { code: 'STORAGE_FORBIDDEN', stage: 'scale' })
    }
    const unknown = async () => {
      throw new Error('secret=abc')
    }
    const answer = async (worker: ShardWorker) =>
      (await s3BatchHandler({ worker })(eventOf(version, keyOf(1)))).results[0]
    expect(await answer(known)).toMatchObject({
      resultCode: 'TemporaryFailure',
      resultString: 'STORAGE_FORBIDDEN: No access.',
    })
    expect(await answer(unknown)).toMatchObject({
      resultCode: 'TemporaryFailure',
      resultString: 'INTERNAL: the worker failed.',
    })
  })

  test('a key that is no list, and another bucket, are refused without asking the worker', async () => {
    const seen: Parameters<ShardWorker>[] = []
    const handler = s3BatchHandler({ worker: workerOf('sealed', seen), bucket: 'evidence' })
    const code = async (event: S3BatchEvent) => (await handler(event)).results[0]?.resultCode
    expect(await code(eventOf(version, 'photos/cat.jpg'))).toBe('PermanentFailure')
    expect(await code(eventOf(version, `shards/1-${digest}.jsonl.txt`))).toBe('PermanentFailure')
    expect(await code(eventOf(version, keyOf(1), 'another'))).toBe('PermanentFailure')
    expect(seen).toEqual([])
  })
})

test.each([undefined, null, {}, { Records: [] }, { invocationSchemaVersion: '3.0', invocationId: 'x', tasks: [] }])(
  'an event of something else is refused: %j',
  async (event) => {
    const handler = s3BatchHandler({ worker: workerOf('sealed') })
    await expect(handler(event as never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  },
)

describe('a handler for a Distributed Map', () => {
  const item = (shard: number) => ({ key: encodeURIComponent(keyOf(shard)) })

  test('does every item of a batch, or a single one', async () => {
    const seen: Parameters<ShardWorker>[] = []
    const handler = mapHandler({ worker: workerOf('sealed', seen) })
    expect(await handler({ Items: [item(1), item(2)] })).toEqual({
      results: [1, 2].map((shard) => ({ ...item(shard), outcome: 'sealed', sealSha256: digest })),
    })
    await handler(item(3))
    expect(seen.map(([{ shard, key }]) => [shard, key])).toEqual([1, 2, 3].map((shard) => [shard, keyOf(shard)]))
  })

  test.each([
    ['unfinished', 'ShardUnfinished'],
    ['refused', 'ShardRefused'],
  ] as const)('%s fails the execution as %s', async (outcome, name) => {
    await expect(mapHandler({ worker: workerOf(outcome) })(item(1))).rejects.toMatchObject({ name })
  })

  test('does the whole batch before it fails, and lets what can be finished be tried again', async () => {
    const tried: number[] = []
    const worker: ShardWorker = async (ref) => {
      tried.push(ref.shard)
      return (ref.shard === 1 ? ends.refused : ref.shard === 2 ? ends.unfinished : ends.sealed)!(ref)
    }
    const batch = { Items: [item(1), item(2), item(3)] }
    await expect(mapHandler({ worker })(batch)).rejects.toMatchObject({ name: 'ShardUnfinished' })
    expect(tried).toEqual([1, 2, 3])
  })

  test('a key that is no list is refused', async () => {
    await expect(mapHandler({ worker: workerOf('sealed') })({ key: 'x' })).rejects.toMatchObject({
      name: 'ShardRefused',
    })
  })

  test.each([undefined, {}, { Items: [] }, { Items: [{}] }])(
    'an event of something else is refused: %j',
    async (event) => {
      await expect(mapHandler({ worker: workerOf('sealed') })(event as never)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    },
  )
})

test.each([s3BatchHandler, mapHandler])(
  'a handler without a worker is refused at once, and fails no shard',
  (handlerOf) => {
    for (const parts of [undefined, {}, { store: {}, storage: {} }, { worker: 'x' }]) {
      expect(() => handlerOf(parts as never)).toThrow(
        /worker must be a ShardWorker: shardWorker\(\{ store, storage \}\)/,
      )
    }
  },
)

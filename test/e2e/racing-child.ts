// An exporter in a process of its own: takes one order a line, works on it, and says in one line what it says of each object.

import { createInterface } from 'node:readline'
import * as S3 from '@aws-sdk/client-s3'
import { type HoldRequirements, LegalHoldExporter } from '../../src/index.js'
import { S3StorageAdapter, type S3StorageOptions } from '../../src/s3.js'
import { FakePlatform } from '../fakes/platform.js'

/** What the parent orders. */
export interface RacingOrder {
  readonly storage: S3StorageOptions
  readonly prefix: string
  readonly tag: string
  readonly requirements: HoldRequirements
  readonly work: 'merge' | 'release'
  readonly concurrency: number
  /** Each request waits up to so long before it is sent. */
  readonly jitterMs: number
  readonly seed: number
}

/** What became of one object, as the exporter says it. */
export interface RacingSaid {
  readonly key: string
  readonly outcome: string
  readonly reason?: string | undefined
}

/** Waits before each request, so that processes meet in other places than their own speed makes them. */
function jittered(mostMs: number, seed: number) {
  const { requestHandler } = new S3.S3Client({ region: 'us-east-1' }).config
  let state = seed >>> 0
  return {
    metadata: requestHandler.metadata,
    handle: async (...args: Parameters<typeof requestHandler.handle>) => {
      // A linear congruential generator (Numerical Recipes): the same order waits the same.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const waitMs = (state / 2 ** 32) * mostMs
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      return requestHandler.handle(...args)
    },
  }
}

async function obey(order: RacingOrder): Promise<readonly RacingSaid[]> {
  const { storage: options, prefix, tag, requirements, work, concurrency, jitterMs, seed } = order
  const jitter = jitterMs > 0 ? { requestHandler: jittered(jitterMs, seed) } : {}
  const storage = new S3StorageAdapter({ ...options, ...jitter })
  const exporter = new LegalHoldExporter({
    platform: new FakePlatform(),
    storage,
    hold: { tag },
    requirements,
    remediation: { onConflict: 'merge' },
    concurrency: { objects: concurrency },
    retry: { minDelayMs: 50, maxDelayMs: 2_000 },
  })
  const said: RacingSaid[] = []
  const results =
    work === 'merge' ? exporter.remediate({ prefix }) : exporter.release({ prefix }, { reason: 'order 12/34' })
  for await (const { object, outcome, reason } of results) said.push({ key: object.key, outcome, reason })
  storage.close()
  return said
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = await obey(JSON.parse(line) as RacingOrder).catch((error: unknown) => String(error))
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

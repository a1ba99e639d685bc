import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTagList } from '#src/model/hold.js'
import { S3StorageAdapter } from '#src/s3.js'
import { S3Simulator } from '#src/testing/index.js'
import { repair } from '../fakes/repair.js'
import { upload } from '../storage/s3/world.js'
import { clientOf, type Hooks, InProcessHandler } from './in-process-s3.js'
import { runsOr, seed } from './seed.js'

const bucket = 'evidence'
const key = 'org/a.opus'
const matters = ['matter-1', 'matter-2'] as const

/** Lets the requests of several exporters through one at a time, in a given order. */
class Turns {
  readonly #order: readonly number[]
  readonly #waiting = new Map<number, (() => void)[]>()
  #at = 0
  #isBusy = false

  constructor(exporters: number, order: readonly number[]) {
    this.#order = order
    for (let who = 0; who < exporters; who += 1) this.#waiting.set(who, [])
  }

  hooksOf(who: number): Hooks {
    return {
      before: async () => {
        await new Promise<void>((resolve) => {
          this.#waiting.get(who)?.push(resolve)
          this.#next()
        })
        return { kind: 'pass' }
      },
      after: () => {
        this.#isBusy = false
        this.#next()
      },
    }
  }

  done(who: number): void {
    this.#waiting.delete(who)
    this.#next()
  }

  #next(): void {
    const alive = [...this.#waiting.keys()]
    // Everybody is heard before it is decided whose turn it is.
    if (this.#isBusy || alive.length === 0 || alive.some((who) => this.#waiting.get(who)?.length === 0)) return
    const chosen = alive[(this.#order[this.#at % this.#order.length] ?? 0) % alive.length] ?? 0
    this.#at += 1
    this.#isBusy = true
    this.#waiting.get(chosen)?.shift()?.()
  }
}

interface Race {
  readonly merge: readonly boolean[]
  readonly order: readonly number[]
  readonly kind: 'locked' | 'versioned'
  readonly multipart: boolean
  readonly tagged: boolean
}

async function run({ merge, order, kind, multipart, tagged }: Race) {
  const simulator = new S3Simulator({ verifySignatures: false, minPartSizeBytes: 1 })
  simulator.createBucket(bucket, kind === 'locked' ? { objectLock: true } : { versioning: 'Enabled' })
  const client = clientOf(simulator)
  const tagging = tagged ? { Tagging: 'team=y' } : {}
  await upload({ client, bucket }, key, 'sound', { Metadata: { project: 'x' }, CacheControl: 'private', ...tagging })
  const turns = new Turns(matters.length, order)
  const ends = await Promise.all(
    matters.map(async (tag, who) => {
      const adapter = new S3StorageAdapter({
        bucket,
        endpoint: 'http://127.0.0.1:9',
        region: simulator.region,
        credentials: S3Simulator.defaultCredentials,
        requestHandler: new InProcessHandler(simulator, turns.hooksOf(who)),
        retry: { retries: 2, minDelayMs: 0, maxDelayMs: 0 },
        ...(multipart ? { multipartThresholdBytes: 1 } : {}),
      })
      try {
        const { remediation } = await repair(adapter, key, {
          requirements: { metadata: { 'legal-hold-tag': tag } },
          options: { onConflict: merge[who] === true ? 'merge' : 'refuse' },
          retries: 20,
        })
        return { tag, ...remediation }
      } finally {
        turns.done(who)
        adapter.close()
      }
    }),
  )
  return { simulator, ends }
}

const entry = (pairs: readonly (readonly [string, string])[], name: string) =>
  pairs.find(([other]) => other === name)?.[1]

async function check(race: Race): Promise<readonly string[]> {
  const { simulator, ends } = await run(race)
  const versions = simulator.versions(bucket, key)
  const [top] = versions
  if (top === undefined) throw new Error('no version')
  const list = entry(top.metadata, 'legal-hold-tag') ?? ''
  const shown = readTagList(list, 'metadata')
  const outcomes = ends.map(({ tag, outcome, reason }) => `${tag}: ${outcome} ${reason ?? ''}`)
  for (const { tag, outcome } of ends) {
    const ended = expect.stringMatching(/^(repaired|not-needed|refused)$/)
    expect([outcomes, list, outcome]).toEqual([outcomes, list, ended])
    // Whoever says that its tag is on the object is right, and still so when all have ended.
    if (outcome !== 'refused') expect([outcomes, shown]).toEqual([outcomes, expect.arrayContaining([tag])])
    else expect(race.merge[ends.findIndex((one) => one.tag === tag)]).toBe(false)
  }
  expect(new Set(shown).size).toBe(shown.length)
  expect(entry(top.metadata, 'project')).toBe('x')
  expect(entry(top.headers, 'cache-control')).toBe('private')
  expect(top.tags.length).toBe(race.tagged ? 1 : 0)
  // A matter that does not join others never stands beside one that came before it.
  if (race.merge.every((one) => !one)) expect(shown).toHaveLength(1)
  if (race.kind === 'locked' && versions.length > 1) expect(versions.at(-1)?.legalHold).toBe('ON')
  return outcomes
}

const order = fc.array(fc.nat(5), { minLength: 10, maxLength: 80 })

describe('exporters of two matters at once', () => {
  test('end with the tags of those that say so on the current version, whatever the order of their requests', async () => {
    process.stdout.write(`two matters: MODEL_SEED=${seed}\n`)
    const arbitrary: fc.Arbitrary<Race> = fc.record({
      merge: fc.array(fc.constantFrom(true, true, true, false), { minLength: 2, maxLength: 2 }),
      order,
      kind: fc.constantFrom('locked', 'versioned'),
      multipart: fc.constantFrom(false, false, false, true),
      tagged: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(arbitrary, async (race) => {
        await check(race)
      }),
      { numRuns: runsOr(60), seed, endOnFailure: process.env.CI !== undefined },
    )
  }, 240_000)
})

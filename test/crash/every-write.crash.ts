import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  buildChild,
  CrashWorld,
  differenceOf,
  lasting,
  looksBeneath,
  removeChild,
  type Shape,
  shapes,
} from './crash-world.js'
import { randomFrom, shuffled } from './random.js'

// How many records, picked at random, or all of them; CRASH_SEED repeats a choice. After CRASH_SECONDS none is begun.
const { CRASH_POINTS = 'all', CRASH_SEED, CRASH_SECONDS = 'Infinity' } = process.env
const fewest = 8
const seed = CRASH_SEED === undefined ? Math.floor(Math.random() * 1_000_000) : Number(CRASH_SEED)
const temporary = mkdtempSync(join(tmpdir(), 'crash-'))
let worlds = 0
const moments = ['before', 'handed', 'durable', 'torn'] as const

interface Expected {
  readonly shape: Shape
  readonly report: ReturnType<typeof lasting>
  readonly bucket: unknown
  readonly copies: number
  readonly writes: number
}

let expected: Expected[] = []

beforeAll(async () => {
  await buildChild()
  expected = await Promise.all(shapes.map(uninterrupted))
}, 600_000)
afterAll(() => {
  removeChild()
  rmSync(temporary, { recursive: true, force: true })
})

async function uninterrupted(shape: Shape): Promise<Expected> {
  const world = await CrashWorld.open(join(temporary, shape.name), shape)
  try {
    const report = lasting(await world.run())
    const copies = world.copies()
    expect(world.genesys.jobs).toHaveLength(1)
    expect(Math.max(...copies.values())).toBe(1)
    return { shape, report, bucket: world.bucket(), copies: copies.size, writes: world.records }
  } finally {
    await world.close()
  }
}

/** Kills a run at one record, lets another process finish it, and compares. */
async function interrupted(at: number, { shape, report, bucket, copies }: Expected, moment: (typeof moments)[number]) {
  const what = `${shape.name}, killed at record ${at}, ${moment}`
  // A record may be picked twice, and both are under way at once.
  worlds += 1
  const world = await CrashWorld.open(join(temporary, `${shape.name}-${at}-${worlds}`), shape)
  try {
    const first = await world.run(at, moment === 'torn' ? 'durable' : moment)
    // How often a run says how far it has listed depends on its timing: one that wrote less lived to its end.
    if (first !== 'killed') expect(world.records, what).toBeLessThan(at)
    else if (moment === 'torn') world.tear(((at * 7) % 10) / 10)
    const second = await world.run()
    const difference = differenceOf(lasting(second), report)
    expect(difference, `${what}: the report differs in ${difference}`).toBe('')
    expect(looksBeneath(second), what).toBeLessThanOrEqual(copies)
    const change = differenceOf(world.bucket(), bucket)
    expect(change, `${what}: the bucket differs in ${change}`).toBe('')
    expect(world.genesys.jobs, what).toHaveLength(1)
    const copied = world.copies()
    expect(copied.size, what).toBe(copies)
    expect(Math.max(0, ...copied.values()), what).toBe(1)
  } finally {
    await world.close()
  }
}

test('the run has what can be interrupted: 300 objects, repairs of all kinds, some left out', () => {
  const [all, metadata] = expected
  console.log(
    `crash test: seed ${seed}, ${CRASH_POINTS} points, records ${expected.map(({ writes }) => writes).join(' and ')}`,
  )
  expect(all?.report).toMatchObject({
    objects: { recordings: 100, sidecars: 100, transcripts: 60, attachments: 40 },
    counts: {
      expected: 105,
      held: expect.toSatisfy((count: number) => count > 0),
      conflicting: expect.toSatisfy((count: number) => count > 0),
      failedAtSource: 2,
      skippedAtSource: 3,
    },
  })
  const stepsOf = (one: Expected | undefined) => Object.keys(one?.report.remediations.steps ?? {}).sort()
  expect(stepsOf(all)).toEqual(['merge-tags', 'put-legal-hold', 'replace-metadata'])
  expect(stepsOf(metadata)).toEqual(['protect-original', 'replace-metadata'])
})

test('killed at any record of its journal and resumed, it leaves the same bucket, the same report and one job, and copies nothing twice', {
  timeout: 24 * 3_600_000,
}, async () => {
  const points = expected.flatMap((one) => Array.from({ length: one.writes }, (_, at) => ({ one, at: at + 1 })))
  const random = randomFrom(seed)
  const chosen =
    CRASH_POINTS === 'all'
      ? shuffled(points, random)
      : Array.from({ length: Number(CRASH_POINTS) }, () => points[Math.floor(random() * points.length)])
  const limit = pLimit(4)
  const failures: string[] = []
  const until = Date.now() + Number(CRASH_SECONDS) * 1_000
  let begun = 0
  await Promise.all(
    chosen.map((point, index) =>
      limit(async () => {
        if (point === undefined || (begun >= fewest && Date.now() > until)) return
        begun += 1
        if (begun % 50 === 0)
          process.stderr.write(`crash test: ${begun} of ${chosen.length}, ${failures.length} failed\n`)
        const moment = moments[(point.at + index + seed) % moments.length] ?? 'before'
        await interrupted(point.at, point.one, moment).catch((error: unknown) => {
          const why = String(error instanceof Error ? error.message : error).slice(0, 1_000)
          failures.push(`${point.one.shape.name}, record ${point.at}, ${moment}: ${why}`)
          process.stderr.write(`crash test: ${failures.at(-1)}\n`)
        })
      }),
    ),
  )
  console.log(`crash test: killed at ${begun} of ${chosen.length} records`)
  expect(failures, `seed ${seed}`).toEqual([])
})

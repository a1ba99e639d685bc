import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunReport } from '../../src/index.js'
import { differenceOf, lasting, type Shape, shapes } from './crash-world.js'
import { randomFrom, shuffled } from './random.js'
import { buildPrograms, type Kill, type Programs, ShardWorld } from './shard-world.js'

// How many writes, picked at random, or all of them; CRASH_SEED repeats a choice. After CRASH_SECONDS none is begun.
const { CRASH_POINTS = 'all', CRASH_SEED, CRASH_SECONDS = 'Infinity' } = process.env
const fewest = 4
const seed = CRASH_SEED === undefined ? Math.floor(Math.random() * 1_000_000) : Number(CRASH_SEED)
const temporary = mkdtempSync(join(tmpdir(), 'crash-shards-'))
let programs: Programs
let worlds = 0

interface Expected {
  readonly shape: Shape
  readonly report: unknown
  readonly bucket: unknown
  readonly copies: number
  /** Writes of the coordinator, then of the workers of each shard. */
  readonly writes: ReadonlyMap<Kill['who'], number>
}

let expected: readonly Expected[] = []

beforeAll(async () => {
  programs = await buildPrograms()
  expected = await Promise.all(shapes.map(uninterrupted))
}, 600_000)
afterAll(() => {
  programs.coordinator.remove()
  programs.worker.remove()
  rmSync(temporary, { recursive: true, force: true })
})

async function uninterrupted(shape: Shape): Promise<Expected> {
  const world = await open(shape)
  try {
    const { report } = await world.run()
    const shards = report.scale?.shards ?? 0
    const whos: Kill['who'][] = ['coordinator', ...Array.from({ length: shards }, (_, shard) => shard)]
    return {
      shape,
      report: comparable(report),
      bucket: world.crash.bucket(),
      copies: world.crash.copies().size,
      writes: new Map(whos.map((who) => [who, world.writes(who)])),
    }
  } finally {
    await world.close()
  }
}

function open(shape: Shape, kill?: Kill): Promise<ShardWorld> {
  worlds += 1
  return ShardWorld.open(join(temporary, String(worlds)), { programs, shape, kill })
}

/** What every run of this world must end with. */
function comparable(report: RunReport): unknown {
  const { scale: _, ...rest } = lasting(report)
  return rest
}

interface Point {
  readonly one: Expected
  readonly kill: Kill
}

function points(): Point[] {
  return expected.flatMap((one) =>
    [...one.writes].flatMap(([who, writes]) =>
      Array.from({ length: writes }, (_, at) => at + 1).flatMap((at): Point[] => [
        { one, kill: { who, at, moment: 'before' } },
        { one, kill: { who, at, moment: 'after' } },
      ]),
    ),
  )
}

test('the run has what can be interrupted: 500 writes and more, of the coordinator and of several workers', () => {
  const counts = expected.map(({ writes }) => [...writes.values()])
  console.log(`crash test of shards: seed ${seed}, ${CRASH_POINTS} points, writes ${counts.join(' and ')}`)
  expect(Math.min(...counts.map((of) => of.length))).toBeGreaterThan(4)
  expect(Math.min(...counts.flat())).toBeGreaterThan(2)
  expect(points().length).toBeGreaterThan(500)
})

async function interrupted({ one, kill }: Point): Promise<void> {
  const world = await open(one.shape, kill)
  try {
    const { report, wasKilled } = await world.run()
    const what = `${one.shape.name}: ${kill.who} killed ${kill.moment} write ${kill.at}`
    // How records are grouped depends on the timing: a process that wrote less lived to its end.
    if (!wasKilled) expect(world.writes(kill.who), what).toBeLessThan(kill.at)
    expect(differenceOf(comparable(report), one.report), what).toBe('')
    expect(differenceOf(world.crash.bucket(), one.bucket), what).toBe('')
    const copies = world.crash.copies()
    expect(copies.size, what).toBe(one.copies)
    expect(Math.max(0, ...copies.values()), what).toBe(1)
    expect(world.crash.genesys.jobs, what).toHaveLength(1)
    const tokens = world.control.jobs.map(({ token }) => token)
    expect(new Set(tokens).size, what).toBe(tokens.length)
    expect(report.scale?.jobs.length, what).toBe(tokens.length)
  } finally {
    await world.close()
  }
}

test('killed at any write of coordinator and workers, a run over shards ends as one that was not, with one job a round', {
  timeout: 24 * 3_600_000,
}, async () => {
  const random = randomFrom(seed)
  const chosen = shuffled(points(), random).slice(0, CRASH_POINTS === 'all' ? undefined : Number(CRASH_POINTS))
  const limit = pLimit(2)
  const failures: string[] = []
  const until = Date.now() + Number(CRASH_SECONDS) * 1_000
  let begun = 0
  await Promise.all(
    chosen.map((point) =>
      limit(async () => {
        if (begun >= fewest && Date.now() > until) return
        begun += 1
        await interrupted(point).catch((error: unknown) => {
          const why = String(error instanceof Error ? error.message : error).slice(0, 1_000)
          const { who, moment, at } = point.kill
          failures.push(`${point.one.shape.name}, ${who}, ${moment} write ${at}: ${why}`)
          process.stderr.write(`crash test of shards: ${failures.at(-1)}\n`)
        })
      }),
    ),
  )
  console.log(`crash test of shards: killed at ${begun} of ${chosen.length} writes`)
  expect(failures, `seed ${seed}`).toEqual([])
})

import { spawnSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { contenders } from '../../bench/contenders.ts'
import { type BenchServer, startServer } from '../../bench/server.ts'

/** What the bench's server was asked for. */
interface Counts {
  readonly heads: number
  readonly lists: number
  readonly others: number
  readonly connections: number
  /** Requests under way at once. */
  readonly most: number
}

let server: BenchServer | undefined
afterEach(() => server?.stop())

const concurrency = 16
/** The warm-up reads so many, too. */
const objects = 2_000

test('a small bench: one HEAD an object, no more requests and connections at once than lanes', async () => {
  // With a latency, or a server on one thread works on one request at a time.
  server = await startServer(objects, 2, false)
  const library = contenders.find(({ name }) => name === 'library')
  const measured = await library?.run({ endpoint: server.endpoint, objects, concurrency })
  const counts = (await (await fetch(`${server.endpoint}/bench-counts`)).json()) as Counts
  console.log(`${server.name}:`, measured, counts)
  expect(measured?.objects).toBe(objects)
  // The warm-up reads as many; both read the listing to its end.
  expect(counts.heads).toBe(2 * objects)
  expect(counts.others).toBe(0)
  // Two pages a pass, and each is asked for once.
  expect(counts.lists).toBe(2 * (objects / 1_000))
  // The next page is under way beside the lanes.
  expect(counts.most).toBeLessThanOrEqual(concurrency + 1)
  expect(counts.most).toBeGreaterThan(concurrency / 2)
  // Of the library with its listing, and the one that asks for the counts.
  expect(counts.connections).toBeLessThanOrEqual(concurrency + 2)
})

test('--json prints the results and nothing else', () => {
  const flags = ['--json', '--only', 'library-head', '--objects', '500', '--rounds', '1', '--concurrency', '8']
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...flags], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  const { results } = JSON.parse(stdout) as { results: Record<string, unknown>[] }
  expect(results).toEqual([
    {
      name: 'library-head',
      objects: 500,
      objectsPerSecond: expect.any(Number),
      cpuSecondsPer10k: expect.any(Number),
      peakRssBytes: expect.any(Number),
    },
  ])
})

test('--repairs compares repairs, each of which reads what it needs to and reads again what it changed', async () => {
  const flags = ['--json', '--repairs', '--objects', '100', '--rounds', '1', '--concurrency', '4']
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...flags], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  const { results } = JSON.parse(stdout) as { results: { name: string; objects: number }[] }
  const kinds = ['copy', 'tags', 'hold']
  expect(results.map(({ name }) => name)).toEqual(kinds.flatMap((kind) => [`library-${kind}`, `aws-sdk-${kind}`]))
  for (const { objects: done } of results) expect(done).toBe(100)
  // Counted: what the descriptions in the table say, for the warm-up and the measured objects.
  for (const [kind, heads, others] of [
    ['copy', 2, 4],
    ['tags', 1, 3],
    ['hold', 0, 2],
  ] as const) {
    server = await startServer(100, 0, false)
    const library = contenders.find(({ name }) => name === `library-${kind}`)
    await library?.run({ endpoint: server.endpoint, objects: 100, concurrency: 4 })
    const counts = (await (await fetch(`${server.endpoint}/bench-counts`)).json()) as Counts
    await server.stop()
    expect({ kind, heads: counts.heads }).toEqual({ kind, heads: 200 * heads })
    // What an adapter asks its bucket once.
    expect(counts.others - 200 * others).toBeLessThanOrEqual(2)
    expect(counts.others - 200 * others).toBeGreaterThanOrEqual(0)
  }
})

test('npm run bench:memory prints how time and memory grow', () => {
  const flags = ['--json', '--sizes', '200,400', '--concurrency', '8']
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/memory.ts', ...flags], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  const { growth } = JSON.parse(stdout) as { growth: { objects: number; peakRssBytes: number }[] }
  expect(growth.map(({ objects }) => objects)).toEqual([200, 400])
  expect(growth.every(({ peakRssBytes }) => peakRssBytes > 0)).toBe(true)
})

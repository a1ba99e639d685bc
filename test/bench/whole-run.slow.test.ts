import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

/**
 * What a whole run may take for each object that it repairs, on a versioned bucket. Of each lane's first object more is asked,
 * and the inspection is in it: with many objects it is 7 requests with Object Lock, and 4 without.
 */
const bounds = {
  'with Object Lock': { requests: 7.7, roundTrips: 5, dollarsPerMillion: 13, connectionsPerLane: 6 },
  'without Object Lock': { requests: 4.5, roundTrips: 4, dollarsPerMillion: 7.1, connectionsPerLane: 6 },
} as const

/** What the loops that are written with the AWS SDK take: were these other ones, nothing would be compared. */
const loops = {
  'with Object Lock': {
    'aws-sdk-run': { requests: 3, roundTrips: 3 },
    'aws-sdk-run-careful': { requests: 10, roundTrips: 9 },
  },
  'without Object Lock': {
    'aws-sdk-run': { requests: 3, roundTrips: 3 },
    'aws-sdk-run-careful': { requests: 6, roundTrips: 5 },
  },
} as const

const recordings = 150
const objects = 2 * recordings
const concurrency = 16
/** So long that what is sent at once overlaps, on a machine with other work too. */
const latencyMs = 40

interface WholeResult {
  readonly name: string
  readonly objects: number
  readonly requestsPerObject: number
  readonly roundTripsPerObject: number
  readonly dollarsPerMillion: number
  readonly connections: number
  readonly serverIdleShare: number
  readonly requests: Readonly<Record<string, number>>
}

function bench(file: string, ...flags: string[]): unknown {
  const args = ['--import', 'tsx', `bench/${file}.ts`, '--json', ...flags]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout)
}

describe.each(Object.entries(bounds))('npm run bench -- --run, %s', (bucket, bound) => {
  const flags = ['--run', '--objects', String(recordings), '--rounds', '1', '--concurrency', String(concurrency)]
  // The same program with another heap sends the same requests.
  flags.push('--only', ['library-run', ...Object.keys(loops['with Object Lock'])].join(','))
  const lock = bucket === 'with Object Lock' ? [] : ['--no-object-lock']

  test('a run that repairs every object takes no more than it did', () => {
    const printed = bench('run', ...flags, '--latency-ms', String(latencyMs), ...lock) as { results: WholeResult[] }
    console.log(JSON.stringify(printed, null, 2))
    const [library, ...others] = printed.results
    expect(library).toMatchObject({ name: 'library-run', objects })
    expect(library?.requestsPerObject).toBeLessThanOrEqual(bound.requests)
    expect(library?.roundTripsPerObject).toBeLessThanOrEqual(bound.roundTrips)
    expect(library?.dollarsPerMillion).toBeLessThanOrEqual(bound.dollarsPerMillion)
    expect(library?.connections).toBeLessThanOrEqual(bound.connectionsPerLane * concurrency)
    expect(library?.requests.CopyObject).toBe(objects)
    expect(library?.requests.PutObjectLegalHold ?? 0).toBe(lock.length === 0 ? objects + 1 : 0)
    // The server waits for the latency most of the time: it is not what is measured.
    expect(library?.serverIdleShare).toBeGreaterThan(0.3)
    for (const other of others) {
      const expected = loops[bucket as keyof typeof loops][other.name as 'aws-sdk-run']
      expect(other.objects).toBe(objects)
      expect(Math.round(other.requestsPerObject * 10) / 10).toBe(expected.requests)
      expect(other.roundTripsPerObject).toBe(expected.roundTrips)
      expect(other.connections).toBeLessThanOrEqual(concurrency)
    }
    expect(others.map(({ name }) => name)).toEqual(Object.keys(loops['with Object Lock']))
  }, 300_000)
})

test('npm run bench:memory -- --run prints how time and memory grow with the objects that are repaired', () => {
  const { growth } = bench('memory', '--run', '--sizes', '20,40', '--concurrency', '8') as {
    growth: { objects: number; peakRssBytes: number }[]
  }
  expect(growth.map((row) => row.objects)).toEqual([40, 80])
  expect(growth.every(({ peakRssBytes }) => peakRssBytes > 0)).toBe(true)
}, 300_000)

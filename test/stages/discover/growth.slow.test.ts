import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '#src/internal/clock.js'
import { everythingInScope } from '#src/model/layout/places.js'
import { S3StorageAdapter } from '#src/s3.js'
import { discover } from '#src/stages/discover/discover.js'
import { bucketName, hourAt, listingOf, objectsPerHour, organizationId } from '../../../bench/bucket.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A bucket of so many objects that is made of arithmetic; every listing that it is asked for is noted. */
async function bucketOf(objects: number): Promise<{ storage: S3StorageAdapter; listings: URLSearchParams[] }> {
  const listings: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://bucket').searchParams
    listings.push(query)
    response.writeHead(200, { 'Content-Type': 'application/xml' }).end(listingOf(objects, query))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const storage = new S3StorageAdapter({
    bucket: bucketName,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  })
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  closing.push(() => storage.close())
  return { storage, listings }
}

test('an export of 48 hours in a bucket of ten million objects reads only its own hours', async () => {
  const hours = 48
  const { storage, listings } = await bucketOf(10_000_000)
  // From an hour in the middle of the bucket, over the end of a month: 2023-01-31T02 to 2023-02-02T02.
  const [first, end] = [722, 722 + hours]
  const interval = { start: hourAt(first * objectsPerHour), end: hourAt(end * objectsPerHour) }
  expect(interval).toEqual({ start: '2023-01-31T02:00:00.000Z', end: '2023-02-02T02:00:00.000Z' })
  const context = { clock: systemClock, logger: undefined, retry: { retries: 0 }, signal: undefined, emit: () => {} }
  let found = 0
  const settings = { organizationId, interval, lookbackHours: 0, listConcurrency: 8 }
  for await (const piece of discover(storage, settings, everythingInScope, context)) found += piece.length
  expect(found).toBe(hours * objectsPerHour)

  const walks = listings.filter((query) => query.get('delimiter') === '/').map((query) => query.get('prefix'))
  const reads = listings.filter((query) => query.get('delimiter') === null)
  // The organisation, its year, two months, three days: whatever the size of the bucket.
  expect(walks.sort()).toEqual(
    [
      '',
      'year=2023/',
      'year=2023/month=01/',
      'year=2023/month=01/day=31/',
      'year=2023/month=02/',
      'year=2023/month=02/day=01/',
      'year=2023/month=02/day=02/',
    ].map((folder) => `${organizationId}/${folder}`),
  )
  // A thousand keys a page, and each page once.
  expect(reads).toHaveLength((hours * objectsPerHour) / 1_000)
  const read = new Set(reads.map((query) => query.get('prefix')))
  expect(read.size).toBe(hours)
}, 180_000)

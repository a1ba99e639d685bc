import { bucketName } from '../bucket.ts'
import { Delay } from './delay.ts'
import { type Received, type Response, serve } from './http.ts'
import { intervalOf, objectsPerRecording, recordingAt } from './layout.ts'
import { type Call, operationOf, WholeBucket } from './operations.ts'
import { Requests } from './record.ts'

/*
 * The server of whole runs: a versioned bucket that remembers what is written, a second one to warm up on, and the list of
 * the platform.
 *
 *   node --import tsx bench/whole/responder.ts RECORDINGS LATENCY_MS OBJECT_LOCK
 *
 * Prints one line when it listens. `GET /bench-counts` tells what the first bucket was asked for, and
 * `GET /bench-platform/BUCKET?from=N` a page of the recordings that are in one.
 */

const [recordings = '1000', latency = '0', objectLock = 'true'] = process.argv.slice(2)
const latencyMs = Number(latency)
const delay = new Delay(latencyMs)
const pageLength = 1_000
const noQuery = new URLSearchParams()

interface Measured {
  readonly bucket: WholeBucket
  readonly recordings: number
  readonly requests: Requests
}

function measured(name: string, count: number): [string, Measured] {
  const objects = count * objectsPerRecording
  const bucket = new WholeBucket(name, objects, objectLock === 'true')
  return [name, { bucket, recordings: count, requests: new Requests(objects) }]
}

const buckets = new Map([
  measured(bucketName, Number(recordings)),
  measured('bench-warm-up', Math.min(5_000, Number(recordings))),
])

let ids = 0
function nextId(): string {
  ids += 1
  return ids.toString(16).toUpperCase().padStart(16, '0')
}

const server = serve((request, respond) => {
  const { path, search } = request
  if (path === '/bench-counts') {
    respond(json(buckets.get(bucketName)?.requests.counts()))
    return
  }
  const [, first = '', ...rest] = path.split('/')
  const query = search === '' ? noQuery : new URLSearchParams(search)
  if (first === 'bench-platform') {
    respond(json(pageOf(buckets.get(rest[0] ?? ''), Number(query.get('from')))))
    return
  }
  const found = buckets.get(first)
  if (found === undefined) respond({ status: 404, headers: [], body: '' })
  else answer(found, { ...request, query, key: keyOf(rest) }, respond)
})

const json = (value: unknown): Response => ({ status: 200, headers: [], body: JSON.stringify(value) })

/** Undefined for a request on the bucket itself. */
function keyOf(segments: readonly string[]): string | undefined {
  const key = decodeURIComponent(segments.join('/'))
  return key === '' ? undefined : key
}

function pageOf(found: Measured | undefined, from: number) {
  const count = found?.recordings ?? 0
  const length = Math.max(0, Math.min(pageLength, count - from))
  return { interval: intervalOf(count), recordings: Array.from({ length }, (_, n) => recordingAt(from + n)) }
}

function answer(found: Measured, call: Call & Received, respond: (response: Response) => void): void {
  const begunAt = performance.now()
  const operation = operationOf(call)
  found.requests.begin(operation, call.socket)
  const finish = () => {
    const { status, headers, body, at } = found.bucket.answer(call, operation)
    found.requests.end(at, begunAt, performance.now())
    respond({ status, headers: [...headers, 'x-amz-request-id', nextId(), 'Server', 'AmazonS3'], body })
  }
  if (latencyMs > 0) delay.add(finish)
  else finish()
}

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

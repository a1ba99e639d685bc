import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { bucketName } from '../bucket.ts'
import { Delay } from './delay.ts'
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

const server = createServer((request, response) => {
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2)
  if (path === '/bench-counts') {
    response.end(JSON.stringify(buckets.get(bucketName)?.requests.counts()))
    return
  }
  const [, first = '', ...rest] = path.split('/')
  const query = new URLSearchParams(search)
  if (first === 'bench-platform') {
    response.end(JSON.stringify(pageOf(buckets.get(rest[0] ?? ''), Number(query.get('from')))))
    return
  }
  const found = buckets.get(first)
  if (found === undefined) response.writeHead(404).end()
  else
    receive(request, response, {
      found,
      query,
      key: rest.length === 0 ? undefined : decodeURIComponent(rest.join('/')),
    })
})

function pageOf(found: Measured | undefined, from: number) {
  const count = found?.recordings ?? 0
  const length = Math.max(0, Math.min(pageLength, count - from))
  return { interval: intervalOf(count), recordings: Array.from({ length }, (_, n) => recordingAt(from + n)) }
}

interface Place {
  readonly found: Measured
  readonly query: URLSearchParams
  readonly key: string | undefined
}

function receive(request: IncomingMessage, response: ServerResponse, { found, query, key }: Place): void {
  const begunAt = performance.now()
  const { method = 'GET', headers } = request
  const call = { method, key: key === '' ? undefined : key, query, headers }
  const operation = operationOf({ ...call, body: '' })
  found.requests.begin(operation, request.socket)
  const respond = (body: string) => {
    const finish = () => answer({ found, call: { ...call, body }, operation, begunAt }, response)
    if (latencyMs > 0) delay.add(finish)
    else finish()
  }
  if (method === 'GET' || method === 'HEAD') {
    respond('')
    return
  }
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    body += chunk
  })
  request.on('end', () => respond(body))
}

interface Received {
  readonly found: Measured
  readonly call: Call
  readonly operation: string
  readonly begunAt: number
}

function answer({ found, call, operation, begunAt }: Received, response: ServerResponse): void {
  const { status, headers, body, at } = found.bucket.answer(call, operation)
  const length = headers.includes('Content-Length') ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...headers, ...length, 'x-amz-request-id', nextId(), 'Server', 'AmazonS3'])
  found.requests.end(at, begunAt, performance.now())
  if (call.method === 'HEAD' || body === '') response.end()
  else response.end(body, 'latin1')
}

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

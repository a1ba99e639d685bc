import { createServer } from 'node:http'
import { headHeaders, keyOf, listingOf, objectBytes, versionIdOf } from './bucket.ts'
import { answerRepair } from './repairs.ts'

/*
 * The server without nginx, and the one that answers lists in both cases:
 *   node --import tsx bench/responder.ts OBJECTS [LATENCY_MS]
 * Prints one line when it listens, and counts what it was asked for on `GET /bench-counts`.
 */

const [objects = '100000', latency = '0'] = process.argv.slice(2)
const latencyMs = Number(latency)
const counts = { heads: 0, lists: 0, others: 0, connections: 0, most: 0 }
let underWay = 0
const versionOf = (url = '/') => versionIdOf(keyOf(url.split('?')[0] ?? '/'))
let requests = 0
const requestId = () => {
  requests += 1
  return requests.toString(16).toUpperCase().padStart(16, '0')
}
const headers = Object.entries({ ...headHeaders, 'Content-Length': String(objectBytes), Server: 'AmazonS3' }).flat()

const server = createServer((request, response) => {
  if (request.url === '/bench-counts') {
    response.end(JSON.stringify(counts))
    return
  }
  underWay += 1
  counts.most = Math.max(counts.most, underWay)
  const answer = () => {
    underWay -= 1
    if (request.method === 'HEAD') {
      counts.heads += 1
      response
        .writeHead(200, [...headers, 'x-amz-request-id', requestId(), 'x-amz-version-id', versionOf(request.url)])
        .end()
      return
    }
    const query = new URL(request.url ?? '/', 'http://bench').searchParams
    if (request.method === 'GET' && query.get('list-type') === '2') {
      counts.lists += 1
      response
        .writeHead(200, { 'Content-Type': 'application/xml', 'x-amz-request-id': requestId() })
        .end(listingOf(Number(objects), query))
      return
    }
    counts.others += 1
    if (request.url === '/bench-empty') {
      response.writeHead(200, { ...headHeaders, 'x-amz-request-id': requestId(), 'Content-Length': 0 }).end()
      return
    }
    answerRepair(request, { query, requestId: requestId() }, response)
  }
  if (latencyMs > 0) setTimeout(answer, latencyMs)
  else answer()
})
server.on('connection', () => {
  counts.connections += 1
})
server.keepAliveTimeout = 60_000
const onListening = () => console.log(JSON.stringify(server.address()))
server.listen(0, '127.0.0.1', onListening)
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

// Memory of the account of expected recordings: node --expose-gc --import tsx bench/ledger-memory.ts [recordings]
import { RecordingLedger } from '../src/stages/account/ledger.ts'

const recordings = Number(process.argv[2] ?? 1_000_000)
const digits = (number: number) => number.toString(16).padStart(12, '0')
const recordingId = (number: number) => `5f0c1a77-9d1e-4b6a-8c3d-${digits(number)}`
const conversationId = (number: number) => `c0ffee00-0000-4000-9000-${digits(Math.floor(number / 1.3))}`
const start = '2023-10-18T12:00:00.000Z'

function megabytes(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}

const atFirst = megabytes()
const rows: [string, number, number][] = []
let begunAt = performance.now()
function show(what: string): void {
  rows.push([what, megabytes() - atFirst, performance.now() - begunAt])
  begunAt = performance.now()
}

const ledger = new RecordingLedger(true)
for (let n = 0; n < recordings; n += 1) {
  ledger.expect({ recordingId: recordingId(n), conversationId: conversationId(n), conversationStart: start })
}
show('expected')
const objects = (enter: (key: string, kind: 'recording' | 'sidecar', n: number) => void) => {
  for (let n = 0; n < recordings; n += 1) {
    const key = `org/year=2023/month=10/day=18/hour=12/conversation_id=${conversationId(n)}/${recordingId(n)}.json`
    enter(key, 'recording', n)
    enter(`${key}_metadata.json`, 'sidecar', n)
  }
}
const place = (kind: 'recording' | 'sidecar', n: number) =>
  ({ kind, recordingId: recordingId(n), conversationId: conversationId(n) }) as const
objects((key, kind, n) => ledger.enter(key, place(kind, n), 'held'))
show('all held')
objects((key, kind, n) => ledger.enter(key, place(kind, n), 'unrepaired', { reason: 'dry run, repair planned' }))
show('all unrepaired, as in a dry run')
const { counts } = ledger.settle({ missing: 0, failed: 0, skipped: 0 })
show(`settled: ${counts.expected} expected, ${counts.unrepaired} unrepaired`)

console.log(`${recordings} recordings with a sidecar each, Node ${process.version}`)
for (const [what, mb, ms] of rows)
  console.log(`${what.padEnd(52)}${mb.toFixed(1).padStart(8)} MB${ms.toFixed(0).padStart(8)} ms`)

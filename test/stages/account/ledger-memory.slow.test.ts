import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { RecordingLedger } from '#src/stages/account/ledger.js'

const uuid = (kind: number, number: number) =>
  `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of tables, without those that a larger one has replaced. */
function tableBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

test('the account of a recording is numbers: less than 160 bytes each, its conversation, sidecar and transcript included', () => {
  // Tables grow by chunks of 16,384 rows: these fill nearly four.
  const count = 60_000
  const before = tableBytes()
  const ledger = new RecordingLedger(true, { writtenSince: () => 0 })
  const conversationStart = '2023-10-20T09:30:00Z'
  const lastModified = '2023-10-20T12:00:00Z'
  for (let at = 0; at < count; at += 1) {
    ledger.expect({ recordingId: uuid(2, at), conversationId: uuid(1, at), conversationStart })
  }
  for (let pass = 0; pass < 2; pass += 1) {
    const listing = ledger.beginListing('org/hour=9/')
    for (let at = 0; at < count; at += 1) {
      const [recordingId, conversationId] = [uuid(2, at), uuid(1, at)]
      const folder = `org/hour=9/conversation_id=${conversationId}`
      for (const [name, kind] of [
        [`${recordingId}.opus`, 'recording'],
        [`${recordingId}.opus_metadata.json`, 'sidecar'],
        [`${conversationId}-x.transcript.json`, 'transcript'],
      ] as const) {
        const place = kind === 'transcript' ? { kind, conversationId } : { kind, conversationId, recordingId }
        const key = `${folder}/${name}`
        ledger.show({ key, lastModified, sizeBytes: 1 }, place, listing, pass === 0)
        ledger.know(key, place, pass === 0)
        if (pass === 0) ledger.enter(key, place, 'repaired')
      }
    }
    ledger.endListing(listing)
  }
  const grown = tableBytes() - before
  expect(ledger.settle({ missing: 0, failed: 0, skipped: 0 }).counts).toMatchObject({
    expected: count,
    repaired: count,
  })
  // Else nothing was measured.
  expect(grown / count).toBeGreaterThan(20)
  expect(grown / count).toBeLessThan(160)
})

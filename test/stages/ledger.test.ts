import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ObjectOutcome, RecordingLedger } from '#src/stages/ledger.js'

const none = { missing: 0, failed: 0, skipped: 0 }
const outcomes = ['held', 'repaired', 'unrepaired', 'conflicting', 'unreadable', 'missing'] as const

function delivered(
  ledger: RecordingLedger,
  recordingId: string,
  outcome: ObjectOutcome = 'held',
  conversationId = 'c',
) {
  ledger.enter(`${recordingId}.wav`, { kind: 'recording', recordingId, conversationId }, outcome, 'because')
  ledger.enter(`${recordingId}.wav_metadata.json`, { kind: 'sidecar', recordingId, conversationId }, 'held')
}

describe('the ledger', () => {
  test('gives every expected recording exactly one state, whatever happened to its objects', () => {
    const event = fc.record({
      recording: fc.integer({ min: 0, max: 7 }),
      kind: fc.constantFrom('recording' as const, 'sidecar' as const, 'transcript' as const, 'attachment' as const),
      outcome: fc.constantFrom(...outcomes),
    })
    fc.assert(
      fc.property(fc.array(event), fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]), fc.boolean(), (events, failed, listed) => {
        const ledger = new RecordingLedger(listed)
        if (listed) {
          for (let id = 0; id < 6; id += 1) ledger.expect({ recordingId: `r${id}`, conversationId: `c${id % 2}` })
        }
        for (const { recording, kind, outcome } of events) {
          const conversationId = `c${recording % 2}`
          const recordingId = `r${recording}`
          const place =
            kind === 'recording' || kind === 'sidecar'
              ? { kind, recordingId, conversationId }
              : { kind, conversationId }
          ledger.enter(`${kind}-${recording}`, place, outcome, 'because')
        }
        for (const id of failed) ledger.failedAtSource(`r${id}`, 'failed')
        const { counts, exceptions } = ledger.settle(none)
        const { expected, ...states } = counts
        expect(Object.values(states).reduce((sum, n) => sum + n, 0)).toBe(expected)
        expect(expected).toBe(ledger.size)
        expect(exceptions.length).toBe(expected - counts.held - counts.repaired)
        for (const { reason } of exceptions) expect(reason).not.toBe('')
      }),
    )
  })

  test('gives a recording the worst state among its companions', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    delivered(ledger, 'r')
    expect(ledger.settle(none).counts.held).toBe(1)
    ledger.enter('t', { kind: 'transcript', conversationId: 'c' }, 'repaired')
    expect(ledger.settle(none).counts.repaired).toBe(1)
    ledger.enter('a', { kind: 'attachment', conversationId: 'c' }, 'unrepaired', 'refused')
    expect(ledger.settle(none).counts.unrepaired).toBe(1)
    ledger.enter('t', { kind: 'transcript', conversationId: 'c' }, 'conflicting', 'other matter')
    const { counts, exceptions } = ledger.settle(none)
    expect(counts.conflicting).toBe(1)
    expect(exceptions).toEqual([
      { recordingId: 'r', conversationId: 'c', state: 'conflicting', reason: 'other matter', key: 't' },
    ])
  })

  test('believes the last word on an object', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    delivered(ledger, 'r', 'conflicting')
    expect(ledger.settle(none).counts.conflicting).toBe(1)
    delivered(ledger, 'r', 'held')
    expect(ledger.settle(none).counts.held).toBe(1)
  })

  test('does not call a recording held whose sidecar was never delivered', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    ledger.enter('r.wav', { kind: 'recording', recordingId: 'r', conversationId: 'c' }, 'held')
    expect(ledger.settle(none).exceptions[0]).toMatchObject({
      state: 'missing',
      reason: expect.stringMatching(/sidecar/),
    })
    expect([...ledger.pending()].map(({ recordingId }) => recordingId)).toEqual(['r'])
  })

  test('ignores an object of the same recording id in another conversation', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    expect(ledger.isExpected('r', 'other')).toBe(false)
  })

  test('tells failed, skipped and missing apart, and lets delivery win over a failure that was announced', () => {
    const ledger = new RecordingLedger(true)
    for (const id of ['a', 'b', 'd']) ledger.expect({ recordingId: id, conversationId: 'c' })
    ledger.expect({ recordingId: 's', conversationId: 'c', skippedReason: 'sensitive' })
    ledger.failedAtSource('a', 'codec')
    ledger.failedAtSource('d', 'codec')
    delivered(ledger, 'd')
    expect(ledger.settle(none).counts).toEqual({
      expected: 4,
      held: 1,
      repaired: 0,
      conflicting: 0,
      unreadable: 0,
      unrepaired: 0,
      missing: 1,
      failedAtSource: 1,
      skippedAtSource: 1,
    })
  })

  test('counts a failed recording that was in no list', () => {
    const ledger = new RecordingLedger(true)
    ledger.failedAtSource('x', 'codec')
    expect(ledger.settle(none).counts).toMatchObject({ expected: 1, failedAtSource: 1 })
  })

  test('settles what only the totals of a job know', () => {
    const ledger = new RecordingLedger(false)
    delivered(ledger, 'r')
    const { counts, exceptions } = ledger.settle({ missing: 2, failed: 3, skipped: 1 })
    expect(counts).toMatchObject({ expected: 7, held: 1, missing: 2, failedAtSource: 3, skippedAtSource: 1 })
    expect(exceptions.map(({ count }) => count)).toEqual([2, 3, 1])
  })

  test('keeps only the first thousand exceptions, and counts all', () => {
    const ledger = new RecordingLedger(true)
    for (let id = 0; id < 1_500; id += 1) ledger.expect({ recordingId: `r${id}`, conversationId: 'c' })
    const { counts, exceptions } = ledger.settle(none)
    expect(counts.missing).toBe(1_500)
    expect(exceptions).toHaveLength(1_000)
  })
})

describe('recordings that the job left out without naming them', () => {
  test('are skipped at source only where that explains everything that is missing', () => {
    const ledger = new RecordingLedger(true)
    for (const id of ['a', 'b', 'd']) ledger.expect({ recordingId: id, conversationId: 'c' })
    delivered(ledger, 'd')
    expect(ledger.settle(none, 2).counts).toMatchObject({ held: 1, skippedAtSource: 2, missing: 0 })
    expect(ledger.settle(none, 1).counts).toMatchObject({ held: 1, skippedAtSource: 0, missing: 2 })
  })
})

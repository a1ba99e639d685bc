import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ObjectState } from '#src/model/object.js'
import { s3Prices } from '#src/model/prices.js'
import type { ObjectPlace, Remediation, Verdict } from '#src/model/verdict.js'
import { Account, entryOf } from '#src/run/account.js'
import { replayVerdict } from '#src/run/replay.js'
import { Tally } from '#src/run/tally.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import { objectRecord } from '#src/stages/object/object-record.js'
import { outcomeOf, type Processed } from '#src/stages/object/processed.js'

const createdAt = Date.parse('2024-01-01T12:00:00Z')

function accountOf(listed: boolean) {
  const ledger = new RecordingLedger(listed, { writtenSince: () => createdAt })
  const tally = new Tally(s3Prices)
  if (listed) for (const recordingId of ['r0', 'r1', 'r2']) ledger.expect({ recordingId, conversationId: 'c' })
  return { ledger, tally, account: new Account({ ledger, tally, isSwept: true, heldIsDone: true }) }
}

function told({ ledger, tally }: ReturnType<typeof accountOf>) {
  return {
    settled: [...ledger.settled({ missing: 0, failed: 0, skipped: 0 })],
    counts: [ledger.size, ledger.pending, ledger.delivered, ledger.neverDelivered, ledger.unlisted],
    objects: tally.objects(),
    remediations: tally.remediations(),
    verdicts: tally.verdicts(),
    due: [tally.due, tally.untagged],
  }
}

interface Case {
  readonly recording: number
  readonly kind: 'recording' | 'sidecar' | 'transcript'
  readonly verdict: Verdict['verdict']
  readonly remediation: Remediation['outcome'] | undefined
  readonly isFresh: boolean
  readonly sizeBytes: number
}

function processedOf({ recording, kind, verdict: kindOfVerdict, remediation: outcome, ...state }: Case) {
  const suffix = kind === 'sidecar' ? '.wav_metadata.json' : kind === 'recording' ? '.wav' : '.txt'
  const object = { bucket: 'b', key: `hour/r${recording}${suffix}` }
  const place: ObjectPlace =
    kind === 'transcript' ? { kind, conversationId: 'c' } : { kind, recordingId: `r${recording}`, conversationId: 'c' }
  const lastModified = new Date(createdAt + (state.isFresh ? 60_000 : -60_000)).toISOString()
  const before: ObjectState = {
    ...object,
    sizeBytes: state.sizeBytes,
    etag: 'before',
    lastModified,
    metadata: {},
    headers: {},
    encryption: {},
  }
  const verdict: Verdict = { object, place, verdict: kindOfVerdict, unmet: [], state: before }
  const after = { ...before, etag: 'after', lastModified: new Date(createdAt + 120_000).toISOString() }
  const remediation: Remediation | undefined =
    outcome === undefined
      ? undefined
      : { outcome, object, verdict, steps: [], attempts: 1, before, after: outcome === 'repaired' ? after : undefined }
  const processed: Processed = { verdict, remediation, ...outcomeOf(verdict, remediation) }
  return { processed, place, object: { ...object, lastModified } }
}

// What could not be read has no state on record, and is read again: only what was read is replayed to the same effect.
const cases = fc.array(
  fc.record<Case>({
    recording: fc.nat(2),
    kind: fc.constantFrom('recording', 'sidecar', 'transcript'),
    verdict: fc.constantFrom('held', 'untagged', 'mismatched', 'conflicting'),
    remediation: fc.constantFrom(undefined, 'repaired', 'planned', 'failed', 'refused', 'not-needed'),
    isFresh: fc.boolean(),
    sizeBytes: fc.nat(1),
  }),
  { maxLength: 12 },
)

test('an account that is taken up from records says what the account says that wrote them', () => {
  fc.assert(
    fc.property(fc.boolean(), cases, (listed, all) => {
      const [live, resumed] = [accountOf(listed), accountOf(listed)]
      for (const { processed, place, object } of all.map(processedOf)) {
        live.account.enter(entryOf(processed, place, object, false))
        replayVerdict(JSON.parse(JSON.stringify(objectRecord(processed, place, undefined))), resumed.account)
        const { state } = processed.verdict
        for (const one of [state, processed.remediation?.after]) {
          if (one === undefined) continue
          const [a, b] = [live.account, resumed.account]
          expect([b.isDone(one), b.isWritten(one), b.seen.has(one)]).toEqual([
            a.isDone(one),
            a.isWritten(one),
            a.seen.has(one),
          ])
        }
      }
      expect(told(resumed)).toEqual(told(live))
    }),
  )
})

test('a listed object counts once, however often it is met, and its listed state is left to the listing', () => {
  const { account, tally } = accountOf(true)
  const { processed, place, object } = processedOf({
    recording: 0,
    kind: 'recording',
    verdict: 'held',
    remediation: undefined,
    isFresh: true,
    sizeBytes: 1,
  })
  account.meet(object.key, place)
  account.enter(entryOf(processed, place, object, true))
  account.meet(object.key, place)
  expect(tally.objects()).toMatchObject({ listed: 1, recordings: 1 })
  expect(account.isDone({ ...object, etag: 'before', sizeBytes: 1 })).toBe(true)
  expect(account.seen.has({ ...object, etag: 'before' })).toBe(false)
})

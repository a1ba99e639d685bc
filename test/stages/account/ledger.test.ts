import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ObjectOutcome } from '#src/model/verdict.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'

const none = { missing: 0, failed: 0, skipped: 0 }
const outcomes = ['held', 'repaired', 'unrepaired', 'conflicting', 'unreadable', 'missing'] as const

function delivered(
  ledger: RecordingLedger,
  recordingId: string,
  outcome: ObjectOutcome = 'held',
  conversationId = 'c',
) {
  ledger.enter(`${recordingId}.wav`, { kind: 'recording', recordingId, conversationId }, outcome, { reason: 'because' })
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
          ledger.enter(`${kind}-${recording}`, place, outcome, { reason: 'because' })
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

  test('says the same of a recording, whatever came first: its list, its failure or its files', () => {
    const listed = {
      recordingId: 'r',
      conversationId: 'c',
      conversationStart: '2023-10-18T09:00:00.000Z',
      conversation: { direction: 'inbound', queueId: 'q' },
      mediaType: 'call',
      isArchived: true,
      region: 'eu-west-1',
    } as const
    const events: Readonly<Record<string, (ledger: RecordingLedger) => void>> = {
      list: (ledger) => void ledger.expect(listed),
      again: (ledger) => void ledger.expect(listed),
      failure: (ledger) => ledger.failedAtSource('r', 'no consent', 'c'),
      unnamed: (ledger) => ledger.failedAtSource('r', 'no consent'),
      file: (ledger) =>
        ledger.enter('r.wav', { kind: 'recording', recordingId: 'r', conversationId: 'c' }, 'held', {
          reason: 'because',
        }),
    }
    const end = (order: readonly string[]) => {
      const ledger = new RecordingLedger(true)
      ledger.open('c')
      for (const name of order) events[name]?.(ledger)
      const { counts, exceptions } = ledger.settle(none)
      return { counts, exceptions, regions: [...ledger.regions] }
    }
    fc.assert(
      fc.property(
        fc.shuffledSubarray(Object.keys(events), { minLength: 1 }).filter((order) => order.includes('list')),
        (order) => {
          expect(end(order)).toEqual(end(['list', ...order.filter((name) => name !== 'list')]))
          expect(end(order).regions).toEqual([['eu-west-1', { count: 1, first: ['r'] }]])
        },
      ),
    )
  })

  test('gives a recording the worst state among its companions', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    delivered(ledger, 'r')
    expect(ledger.settle(none).counts.held).toBe(1)
    ledger.enter('t', { kind: 'transcript', conversationId: 'c' }, 'repaired')
    expect(ledger.settle(none).counts.repaired).toBe(1)
    ledger.enter('a', { kind: 'attachment', conversationId: 'c' }, 'unrepaired', { reason: 'refused' })
    expect(ledger.settle(none).counts.unrepaired).toBe(1)
    ledger.enter('t', { kind: 'transcript', conversationId: 'c' }, 'conflicting', { reason: 'other matter' })
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

  test('does not take a failed repair for held because the tag is there now', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    delivered(ledger, 'r', 'unrepaired')
    delivered(ledger, 'r', 'held')
    expect(ledger.settle(none).counts).toMatchObject({ unrepaired: 1, held: 0 })
    delivered(ledger, 'r', 'repaired')
    expect(ledger.settle(none).counts.repaired).toBe(1)
  })

  test('does not call a recording held whose sidecar was never delivered', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: 'r', conversationId: 'c' })
    ledger.enter('r.wav', { kind: 'recording', recordingId: 'r', conversationId: 'c' }, 'held')
    expect(ledger.settle(none).exceptions[0]).toMatchObject({
      state: 'missing',
      reason: expect.stringMatching(/sidecar/),
    })
    expect(ledger.pending).toBe(1)
    expect([...ledger.pendingRecordings()]).toEqual([{ recordingId: 'r', conversationId: 'c' }])
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
    expect(ledger.settle(none, { count: 2, reason: 'left out' }).counts).toMatchObject({
      held: 1,
      skippedAtSource: 2,
      missing: 0,
    })
    expect(ledger.settle(none, { count: 1, reason: 'left out' }).counts).toMatchObject({
      held: 1,
      skippedAtSource: 0,
      missing: 2,
    })
  })
})

/** The account as one would keep it on paper: a map of each recording, with a map of its objects. */
class PlainLedger {
  readonly recordings = new Map<
    string,
    { conversation: string; seen: Set<string>; failed: boolean; skipped: boolean }
  >()
  readonly faults = new Map<string, Map<string, ObjectOutcome>>()
  readonly repaired = new Set<string>()

  expect(id: string, conversation: string, skipped: boolean) {
    if (!this.recordings.has(id)) this.recordings.set(id, { conversation, seen: new Set(), failed: false, skipped })
  }

  enter(key: string, kind: string, id: string | undefined, conversation: string, outcome: ObjectOutcome) {
    const recording = id === undefined ? undefined : this.recordings.get(id)
    if (id !== undefined && recording === undefined) throw new Error('only recordings in the list are entered here')
    recording?.seen.add(kind)
    const owner = id ?? conversation
    const objects = this.faults.get(owner) ?? new Map<string, ObjectOutcome>()
    // The hold alone does not show what a failed repair lost.
    const isUnproven = outcome === 'held' && objects.get(key) === 'unrepaired'
    this.faults.set(owner, isUnproven ? objects : objects.set(key, outcome))
    if (outcome === 'repaired') this.repaired.add(owner)
  }

  states(): Map<string, string> {
    return new Map([...this.recordings].map(([id, recording]) => [id, this.#stateOf(id, recording)]))
  }

  get pending(): number {
    return [...this.recordings.values()].filter(({ seen, failed, skipped }) =>
      seen.has('recording') && seen.has('sidecar') ? false : !failed && !skipped,
    ).length
  }

  #stateOf(
    id: string,
    {
      conversation,
      seen,
      failed,
      skipped,
    }: { conversation: string; seen: Set<string>; failed: boolean; skipped: boolean },
  ): string {
    const isDelivered = seen.has('recording') && seen.has('sidecar')
    if (!isDelivered) return failed ? 'failedAtSource' : skipped ? 'skippedAtSource' : 'missing'
    const words = [...(this.faults.get(id)?.values() ?? []), ...(this.faults.get(conversation)?.values() ?? [])]
    for (const fault of ['missing', 'unreadable', 'conflicting', 'unrepaired'] as const) {
      if (words.includes(fault)) return fault
    }
    return this.repaired.has(id) || this.repaired.has(conversation) ? 'repaired' : 'held'
  }
}

describe('the rows of numbers', () => {
  const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
  const idOf = (number: number) => (number % 3 === 0 ? `plain-${number}` : uuid(number))
  const events = fc.array(
    fc.record({
      recording: fc.nat(11),
      kind: fc.constantFrom('recording' as const, 'sidecar' as const, 'transcript' as const, 'attachment' as const),
      copy: fc.nat(1),
      outcome: fc.constantFrom(...outcomes),
    }),
    { maxLength: 80 },
  )

  const heldAfterFailure = [
    { recording: 1, kind: 'sidecar', copy: 0, outcome: 'held' },
    { recording: 1, kind: 'recording', copy: 1, outcome: 'unrepaired' },
    { recording: 1, kind: 'recording', copy: 1, outcome: 'held' },
  ] as const

  test('say what a plain account says, state by state and key by key', () => {
    fc.assert(
      fc.property(events, fc.uniqueArray(fc.nat(11)), fc.uniqueArray(fc.nat(11)), (entries, failed, skipped) => {
        const [ledger, plain] = [new RecordingLedger(true), new PlainLedger()]
        const conversationOf = (recording: number) => `c${recording % 4}`
        for (let id = 0; id < 12; id += 1) {
          const skippedReason = skipped.includes(id) ? 'sensitive' : undefined
          ledger.expect({ recordingId: idOf(id), conversationId: conversationOf(id), skippedReason })
          plain.expect(idOf(id), conversationOf(id), skippedReason !== undefined)
        }
        for (const { recording, kind, copy, outcome } of entries) {
          const conversationId = conversationOf(recording)
          const owner = kind === 'recording' || kind === 'sidecar' ? idOf(recording) : undefined
          const name = `${owner ?? conversationId}.opus${kind === 'sidecar' ? '_metadata.json' : ''}`
          const key = `${copy}/${kind}/${name}`
          const place = owner === undefined ? { kind, conversationId } : { kind, conversationId, recordingId: owner }
          ledger.enter(key, place, outcome, { reason: `${key} is ${outcome}` })
          plain.enter(key, kind, owner, conversationId, outcome)
        }
        for (const id of failed) {
          ledger.failedAtSource(idOf(id), 'codec')
          const recording = plain.recordings.get(idOf(id))
          if (recording !== undefined) recording.failed = true
        }
        const states = plain.states()
        const { counts, exceptions } = ledger.settle(none)
        for (const [state, count] of Object.entries(counts)) {
          const wanted = [...states.values()].filter((other) => other === state).length
          expect(count).toBe(state === 'expected' ? 12 : wanted)
        }
        for (const { recordingId = '', state, key, reason } of exceptions) {
          expect(state).toBe(states.get(recordingId))
          if (key !== undefined) expect(reason).toBe(`${key} is ${state}`)
        }
        expect(ledger.pending).toBe(plain.pending)
        expect([...ledger.pendingRecordings()]).toHaveLength(plain.pending)
      }),
      { numRuns: 300, examples: [[[...heldAfterFailure], [], []]] },
    )
  })

  test('keep key and reason of the first thousand exceptions, in whatever order their objects come', () => {
    const ledger = new RecordingLedger(true)
    for (let id = 0; id < 6_000; id += 1) ledger.expect({ recordingId: uuid(id), conversationId: uuid(id % 3_000) })
    for (let id = 5_999; id >= 0; id -= 1) {
      const conversationId = uuid(id % 3_000)
      for (const kind of ['recording', 'sidecar'] as const) {
        ledger.enter(`${kind}-${id}`, { kind, recordingId: uuid(id), conversationId }, 'unrepaired', {
          reason: `${kind} ${id}`,
        })
      }
      if (id % 2 === 0)
        ledger.enter(`t-${id}`, { kind: 'transcript', conversationId }, 'unreadable', { reason: `t ${id}` })
    }
    const { counts, exceptions } = ledger.settle(none)
    expect(counts).toMatchObject({ expected: 6_000, unreadable: 3_000, unrepaired: 3_000 })
    expect(exceptions).toHaveLength(1_000)
    for (const [at, { recordingId, key, reason }] of exceptions.entries()) {
      expect(recordingId).toBe(uuid(at))
      expect(key).toMatch(at % 2 === 0 ? /^t-/ : new RegExp(`^(recording|sidecar)-${at}$`))
      expect(reason).toBe(key?.replace('-', ' '))
    }
  })

  test('withdraw and skip what has not been delivered, and nothing that has', () => {
    const ledger = new RecordingLedger(true)
    for (const id of ['a', 'b', 'd']) ledger.expect({ recordingId: id, conversationId: 'c' })
    delivered(ledger, 'd')
    for (const id of ['a', 'd', 'stranger']) ledger.withdraw(id)
    for (const id of ['a', 'b', 'd', 'stranger']) ledger.skippedAtSource(id, 'sensitive')
    expect(ledger.size).toBe(2)
    expect(ledger.pending).toBe(0)
    expect(ledger.settle(none)).toMatchObject({
      counts: { expected: 2, held: 1, skippedAtSource: 1, missing: 0 },
      exceptions: [{ recordingId: 'b', reason: 'sensitive' }],
    })
    // It comes after all.
    expect(ledger.isExpected('a', 'c')).toBe(true)
    delivered(ledger, 'a')
    expect([ledger.size, ledger.withdrawn]).toEqual([3, 0])
    expect(ledger.settle(none).counts).toMatchObject({ expected: 3, held: 2, skippedAtSource: 1 })
  })

  test('take for recordings what lands in an open conversation, beside those that are listed elsewhere', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: uuid(1), conversationId: 'c' })
    ledger.open('o', '2023-10-20T09:30:00Z')
    expect([ledger.covers('o'), ledger.isListed('o'), ledger.isListed('c')]).toEqual([true, false, true])
    expect([...(ledger.awaitedHours(true) ?? ['unknown'])]).toEqual(['unknown'])
    expect([...ledger.knownHours()]).toEqual([Date.parse('2023-10-20T09:00:00Z')])
    delivered(ledger, uuid(1))
    expect([...(ledger.awaitedHours(true) ?? [])]).toEqual([Date.parse('2023-10-20T09:00:00Z')])
    expect([...(ledger.awaitedHours(false) ?? [])]).toEqual([])
    delivered(ledger, uuid(2), 'repaired', 'o')
    expect(ledger.settle(none).counts).toMatchObject({ expected: 2, held: 1, repaired: 1 })
  })
})

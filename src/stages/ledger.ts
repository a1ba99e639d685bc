import type { ExpectedRecording } from '../ports.js'
import type { RecordingCounts, RecordingException, RecordingState } from '../report.js'
import type { ObjectPlace } from '../verdict.js'

/** What is wrong with one object of a recording. */
type Fault = 'unrepaired' | 'conflicting' | 'unreadable' | 'missing'

/** What became of one object of a recording. */
export type ObjectOutcome = 'held' | 'repaired' | Fault

interface Entry {
  readonly conversationId: string
  readonly conversationStart: string | undefined
  readonly skippedReason: string | undefined
  mediaSeen: boolean
  sidecarSeen: boolean
  repaired: boolean
  failure: string | undefined
}

interface Shortcoming {
  readonly fault: Fault
  readonly reason: string
}

// The recording takes the worst state among its companions.
const gravity: Record<Fault, number> = { unrepaired: 1, conflicting: 2, unreadable: 3, missing: 4 }

/** Recordings that the job's totals count and nobody can name, by the state they end in. */
export interface UnnamedRecordings {
  readonly missing: number
  readonly failed: number
  readonly skipped: number
}

/** What the ledger says at the end of a run. */
export interface Settlement {
  readonly counts: RecordingCounts
  /** The first `maxExceptions`. */
  readonly exceptions: readonly RecordingException[]
}

/**
 * The account of every expected recording. Objects are entered as they are validated and repaired; a later word on
 * the same object replaces the earlier one. `settle` gives each recording exactly one state.
 *
 * Where the platform cannot list its recordings, those that land are entered as they come, and the job's totals say
 * how many there should have been.
 */
export class RecordingLedger {
  readonly #entries = new Map<string, Entry>()
  readonly #conversations = new Set<string>()
  /** Only what is wrong is kept per object: few, in a healthy run. */
  readonly #recordingFaults = new Map<string, Map<string, Shortcoming>>()
  readonly #conversationFaults = new Map<string, Map<string, Shortcoming>>()
  readonly #repairedConversations = new Set<string>()
  readonly listed: boolean
  #skipped = 0

  /** @param listed whether the platform lists the expected recordings */
  constructor(listed: boolean) {
    this.listed = listed
  }

  get size(): number {
    return this.#entries.size
  }

  get skipped(): number {
    return this.#skipped
  }

  expect(recording: ExpectedRecording): void {
    if (this.#entries.has(recording.recordingId)) return
    this.#entries.set(recording.recordingId, {
      conversationId: recording.conversationId,
      conversationStart: recording.conversationStart,
      skippedReason: recording.skippedReason,
      mediaSeen: false,
      sidecarSeen: false,
      repaired: false,
      failure: undefined,
    })
    if (recording.skippedReason !== undefined) this.#skipped += 1
    this.#conversations.add(recording.conversationId)
  }

  /** The platform says it could not export this recording. */
  failedAtSource(recordingId: string, reason: string, conversationId = ''): void {
    if (!this.#entries.has(recordingId)) this.expect({ recordingId, conversationId })
    const entry = this.#entries.get(recordingId)
    if (entry !== undefined) entry.failure = reason
  }

  /** Whether a recording of this conversation belongs to the job. Without a list, everything in the hours does. */
  covers(conversationId: string): boolean {
    return !this.listed || this.#conversations.has(conversationId)
  }

  /** Whether this recording belongs to the job. */
  isExpected(recordingId: string, conversationId: string): boolean {
    return this.#entries.get(recordingId)?.conversationId === conversationId
  }

  /** A recording or its sidecar is on S3. */
  arrived(place: ObjectPlace): void {
    const { kind, recordingId, conversationId } = place
    if (recordingId === undefined || conversationId === undefined) return
    if (kind !== 'recording' && kind !== 'sidecar') return
    if (!this.listed && kind === 'recording') this.expect({ recordingId, conversationId })
    const entry = this.#entries.get(recordingId)
    if (entry === undefined) return
    if (kind === 'recording') entry.mediaSeen = true
    else entry.sidecarSeen = true
  }

  /** Enters what became of one object. */
  enter(key: string, place: ObjectPlace, outcome: ObjectOutcome, reason = ''): void {
    this.arrived(place)
    const { recordingId, conversationId } = place
    if (recordingId !== undefined && this.#entries.has(recordingId)) {
      note(this.#recordingFaults, recordingId, key, outcome, reason)
      const entry = this.#entries.get(recordingId)
      if (entry !== undefined && outcome === 'repaired') entry.repaired = true
    } else if (conversationId !== undefined) {
      note(this.#conversationFaults, conversationId, key, outcome, reason)
      if (outcome === 'repaired') this.#repairedConversations.add(conversationId)
    }
  }

  /** Recordings that have not wholly landed and are not known to have failed or been skipped. */
  *pending(): Iterable<{ readonly recordingId: string; readonly conversationStart: string | undefined }> {
    for (const [recordingId, entry] of this.#entries) {
      if (isPending(entry)) yield { recordingId, conversationStart: entry.conversationStart }
    }
  }

  /** The conversations of the expected recordings, each once. */
  conversations(): Iterable<string> {
    return this.#conversations
  }

  /** Recordings of which the media file is on S3. */
  delivered(): number {
    let delivered = 0
    for (const entry of this.#entries.values()) if (entry.mediaSeen) delivered += 1
    return delivered
  }

  /**
   * Gives each recording its state.
   *
   * @param unnamed recordings that the job's totals count and nobody can name, by the state they end in
   * @param leftOut how many recordings the job says it left out without naming them: where no more than these were
   *   never delivered, that is why
   */
  settle(unnamed: UnnamedRecordings, leftOut = 0, maxExceptions = 1000): Settlement {
    const counts = {
      expected: 0,
      held: 0,
      repaired: 0,
      conflicting: 0,
      unreadable: 0,
      unrepaired: 0,
      missing: 0,
      failedAtSource: 0,
      skippedAtSource: 0,
    }
    const exceptions: RecordingException[] = []
    for (const settled of this.settled(unnamed, leftOut)) {
      const times = settled.count ?? 1
      counts.expected += times
      counts[settled.state] += times
      if (settled.state === 'held' || settled.state === 'repaired') continue
      if (exceptions.length < maxExceptions) exceptions.push(settled)
    }
    return { counts, exceptions }
  }

  /** Each recording with its state, those that nobody can name as one entry a state. Takes what `settle` takes. */
  *settled(unnamed: UnnamedRecordings, leftOut = 0): Generator<RecordingException, void, void> {
    const explained = leftOut > 0 && this.#neverDelivered() <= leftOut
    for (const [recordingId, entry] of this.#entries) {
      yield { recordingId, conversationId: entry.conversationId, ...this.#settleOne(recordingId, entry, explained) }
    }
    for (const [state, times, reason] of [
      ['missing', unnamed.missing, 'the job counts them and they are not on S3; the platform does not name them'],
      ['failedAtSource', unnamed.failed, 'the job counts them as failed and does not name them'],
      ['skippedAtSource', unnamed.skipped, 'the job counts them as skipped and does not name them'],
    ] as const) {
      if (times > 0) yield { state, reason, count: times }
    }
  }

  #neverDelivered(): number {
    let count = 0
    for (const entry of this.#entries.values()) if (isNeverDelivered(entry)) count += 1
    return count
  }

  #settleOne(
    recordingId: string,
    entry: Entry,
    leftOut: boolean,
  ): { state: RecordingState; reason: string; key?: string } {
    if (!entry.mediaSeen) {
      if (entry.failure !== undefined) return { state: 'failedAtSource', reason: entry.failure }
      if (entry.skippedReason !== undefined) return { state: 'skippedAtSource', reason: entry.skippedReason }
      if (leftOut) return { state: 'skippedAtSource', reason: 'left out by the job, which counts it as skipped' }
      return { state: 'missing', reason: 'never delivered' }
    }
    const worst = worstOf(this.#recordingFaults.get(recordingId), this.#conversationFaults.get(entry.conversationId))
    const sidecarMissing = this.listed && !entry.sidecarSeen
    if (worst !== undefined && (!sidecarMissing || worst.fault === 'missing')) {
      return { state: worst.fault, reason: worst.reason, key: worst.key }
    }
    if (sidecarMissing) return { state: 'missing', reason: 'companion missing: its sidecar was never delivered' }
    const repaired = entry.repaired || this.#repairedConversations.has(entry.conversationId)
    return { state: repaired ? 'repaired' : 'held', reason: '' }
  }
}

function isPending(entry: Entry): boolean {
  if (entry.mediaSeen) return !entry.sidecarSeen
  return isNeverDelivered(entry)
}

function isNeverDelivered({ mediaSeen, failure, skippedReason }: Entry): boolean {
  return !mediaSeen && failure === undefined && skippedReason === undefined
}

function note(
  faults: Map<string, Map<string, Shortcoming>>,
  owner: string,
  key: string,
  outcome: ObjectOutcome,
  reason: string,
): void {
  const ofOwner = faults.get(owner)
  if (outcome === 'held' || outcome === 'repaired') {
    ofOwner?.delete(key)
    return
  }
  if (ofOwner === undefined) faults.set(owner, new Map([[key, { fault: outcome, reason }]]))
  else ofOwner.set(key, { fault: outcome, reason })
}

function worstOf(
  ...owners: (Map<string, Shortcoming> | undefined)[]
): (Shortcoming & { readonly key: string }) | undefined {
  let worst: (Shortcoming & { readonly key: string }) | undefined
  for (const owner of owners) {
    for (const [key, shortcoming] of owner ?? []) {
      if (worst === undefined || gravity[shortcoming.fault] > gravity[worst.fault]) worst = { key, ...shortcoming }
    }
  }
  return worst
}

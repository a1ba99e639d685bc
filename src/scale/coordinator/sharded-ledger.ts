import type { RecordedShardAccount } from '../../journal/shard-data.js'
import type { FailedRecording } from '../../model/platform.js'
import type { RecordingCounts, RecordingException, RecordingState } from '../../model/report.js'
import { type LedgerSum, ledgerSums } from '../../run/shard-account.js'
import type { PendingRecording } from '../../stages/account/awaited.js'
import type { ExplainedLedger, SettledLedger } from '../../stages/account/ledger-view.js'
import type { RegionCount } from '../../stages/account/region-counts.js'
import {
  type LeftOut,
  nothingLeftOut,
  type SettledRecording,
  type Settlement,
  settlementOf,
  type UnnamedRecordings,
  unnamedExceptions,
} from '../../stages/account/settlement.js'
import type { ShardSeal } from '../worker/seal.js'

/** A recording that is neither held nor repaired. */
interface Entry {
  readonly exception: RecordingException
  /** It is not on S3 with its sidecar, and nobody said why. */
  isNeverDelivered: boolean
  /** Nothing of it was found: the platform may still say why. */
  isOpen: boolean
  readonly isLeftOut: boolean
  /** What the platform said when it was asked. */
  said?: { readonly state: RecordingState; readonly reason: string }
  note?: string
  isWithdrawn: boolean
}

const neverDelivered = 'never delivered'
const noReason = 'the platform could not export it, and gives no reason'

/**
 * The account of a run that was done in shards: sums of what is held or repaired, and each other recording with what is known of
 * it. Its memory grows with the recordings that are not under the hold, and with no others.
 */
export class ShardedLedger implements SettledLedger, ExplainedLedger {
  readonly listed: boolean
  readonly regions: ReadonlyMap<string, RegionCount>
  doubt: string | undefined
  readonly #sums: Record<LedgerSum, number>
  readonly #entries = new Map<string, Entry>()
  readonly #known = new Set<string>()
  #held = 0
  #repaired = 0
  #explained = 0
  #withdrawn = 0
  #unfinished = 0
  #contradictions = 0

  constructor(listed: boolean, regions: ReadonlyMap<string, RegionCount>) {
    this.listed = listed
    this.regions = regions
    this.#sums = Object.fromEntries(ledgerSums.map((name) => [name, 0])) as Record<LedgerSum, number>
  }

  get size(): number {
    return this.#held + this.#repaired + this.#entries.size - this.#withdrawn
  }

  get skippedAndAbsent(): number {
    return this.#sums.skippedAndAbsent + this.#explained
  }

  get withdrawn(): number {
    return this.#withdrawn
  }

  get explained(): number {
    return this.#explained
  }

  get onlyOlder(): number {
    return this.#sums.onlyOlder
  }

  get delivered(): number {
    return this.#sums.delivered
  }

  get pending(): number {
    return this.#sums.pending - this.#explained - this.#withdrawn + this.#unfinished
  }

  get neverDelivered(): number {
    let count = 0
    for (const entry of this.#entries.values()) if (isMissing(entry)) count += 1
    return count
  }

  get openConversations(): number {
    return this.#sums.openConversations
  }

  get later(): number {
    return this.#sums.later
  }

  get unlisted(): number {
    return this.#sums.unlisted
  }

  get contradictions(): number {
    return Math.max(this.#sums.contradictions, this.#contradictions)
  }

  /** Only of the conversations that the request names. */
  knows(conversationId: string): boolean {
    return this.#known.has(conversationId)
  }

  /** Recordings that are held or repaired are counted, and have no name here. */
  isNamed(recordingId: string): boolean | undefined {
    return this.#entries.has(recordingId) || undefined
  }

  /** Ids that the lists name for more than one conversation, in one shard or in two. */
  contradicted(count: number): void {
    this.#contradictions = count
  }

  /** Takes a sealed shard in. */
  take({ counts, exceptions, account }: ShardSeal): void {
    this.#held += counts.held
    this.#repaired += counts.repaired
    this.#takeAccount(account)
    const undelivered = new Map(account.undelivered.map((one) => [one.recordingId, one]))
    for (const exception of exceptions) {
      const id = exception.recordingId ?? ''
      const { isOpen = false, isLeftOut = false } = undelivered.get(id) ?? {}
      this.#enter({ exception, isNeverDelivered: undelivered.has(id), isOpen, isLeftOut, isWithdrawn: false })
    }
  }

  /** A recording of a shard that was never sealed. */
  unfinished(exception: RecordingException): void {
    this.#unfinished += 1
    this.#enter({ exception, isNeverDelivered: false, isOpen: false, isLeftOut: false, isWithdrawn: false })
  }

  /** A failed recording that belongs to no shard: no list names it. */
  failedNowhere({ recordingId, reason = noReason, conversationId = '' }: FailedRecording): void {
    const offList = this.listed ? { listed: false as const } : {}
    const exception = { recordingId, conversationId, state: 'failedAtSource', reason, ...offList } as const
    this.#enter({ exception, isNeverDelivered: false, isOpen: false, isLeftOut: false, isWithdrawn: false })
  }

  *pendingRecordings(): Generator<PendingRecording, void, void> {
    for (const entry of this.#entries.values()) {
      const { recordingId = '', conversationId = '' } = entry.exception
      if (isMissing(entry)) yield { recordingId, conversationId, hour: undefined }
    }
  }

  skippedAtSource(recordingId: string, reason: string): void {
    const entry = this.#entries.get(recordingId)
    if (entry === undefined || !isUnaccounted(entry)) return
    entry.said = { state: 'skippedAtSource', reason }
    this.#explained += 1
  }

  noteAtSource(recordingId: string, reason: string): void {
    const entry = this.#entries.get(recordingId)
    if (entry !== undefined && isUnaccounted(entry)) entry.note = reason
  }

  withdraw(recordingId: string): void {
    const entry = this.#entries.get(recordingId)
    if (entry === undefined || !isUnaccounted(entry)) return
    entry.isWithdrawn = true
    this.#withdrawn += 1
  }

  deletedAtSource(recordingId: string, reason: string): void {
    const entry = this.#entries.get(recordingId)
    if (entry === undefined || entry.isWithdrawn) return
    if (isUnaccounted(entry)) this.skippedAtSource(recordingId, reason)
    else if (entry.said !== undefined) entry.said = { ...entry.said, reason }
    else if (isOfSource(entry.exception)) entry.said = { state: entry.exception.state, reason }
  }

  settle(unnamed: UnnamedRecordings, leftOut: LeftOut = nothingLeftOut, maxExceptions = 1_000): Settlement {
    const { counts, exceptions } = settlementOf(this.#outcomes(unnamed, leftOut), maxExceptions)
    const well = { held: this.#held, repaired: this.#repaired }
    return { counts: withWell(counts, well), exceptions }
  }

  /** Only of those that are neither held nor repaired. The journals of the shards have the others. */
  *settled(unnamed: UnnamedRecordings, leftOut: LeftOut = nothingLeftOut): Generator<RecordingException, void, void> {
    for (const { describe } of this.#outcomes(unnamed, leftOut)) yield describe()
  }

  *#outcomes(unnamed: UnnamedRecordings, leftOut: LeftOut): Generator<SettledRecording, void, void> {
    const missing = this.neverDelivered
    const reason = leftOut.count > 0 && missing <= leftOut.count ? leftOut.reason : undefined
    for (const entry of this.#entries.values()) {
      if (entry.isWithdrawn) continue
      const found = outcomeOf(entry, reason)
      yield { state: found.state, count: 1, describe: () => found }
    }
    yield* unnamedExceptions(unnamed)
  }

  #enter(entry: Entry): void {
    const id = entry.exception.recordingId ?? ''
    this.#entries.set(this.#entries.has(id) ? `${id}\n${entry.exception.conversationId}` : id, entry)
  }

  #takeAccount({ ledger, known }: RecordedShardAccount): void {
    for (const name of ledgerSums) this.#sums[name] += ledger[name] ?? 0
    for (const id of known) this.#known.add(id)
  }
}

/** It is not on S3, and nobody said why. */
function isMissing({ isNeverDelivered, said, isWithdrawn }: Entry): boolean {
  return isNeverDelivered && said === undefined && !isWithdrawn
}

/** Nothing of it was found, and nobody said why. */
function isUnaccounted(entry: Entry): boolean {
  return entry.isOpen && isMissing(entry)
}

/** Whether its reason is the platform's own word. */
function isOfSource({ state }: RecordingException): boolean {
  return state === 'failedAtSource' || state === 'skippedAtSource'
}

/** The state of a recording, by what is known of the whole run. Pure. */
function outcomeOf({ exception, said, note, isLeftOut }: Entry, leftOut: string | undefined): RecordingException {
  if (said !== undefined) return { ...exception, ...said }
  if (isLeftOut && leftOut !== undefined) return { ...exception, state: 'skippedAtSource', reason: leftOut }
  if (note === undefined || exception.reason !== neverDelivered) return exception
  return { ...exception, reason: `${neverDelivered}: ${note}` }
}

function withWell(counts: RecordingCounts, { held, repaired }: Pick<RecordingCounts, 'held' | 'repaired'>) {
  return {
    ...counts,
    expected: counts.expected + held + repaired,
    held: counts.held + held,
    repaired: counts.repaired + repaired,
  }
}

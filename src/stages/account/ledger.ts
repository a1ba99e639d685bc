import type { ListedObject } from '../../model/object.js'
import type { ExpectedRecording } from '../../model/platform.js'
import type { RecordingException } from '../../model/report.js'
import type { ObjectOutcome, ObjectPlace } from '../../model/verdict.js'
import { Arrivals, type EnteredDetails } from './arrivals.js'
import { awaitedHours, knownHours, type PendingRecording, pendingRecordings } from './awaited.js'
import { ConversationRows } from './conversation-rows.js'
import { Expectations } from './expectations.js'
import { bits, isFresh, isNeverDelivered } from './recording-flags.js'
import { settledRecordings } from './recording-states.js'
import { RecordingTable } from './recording-table.js'
import type { RegionCount } from './region-counts.js'
import { type LeftOut, nothingLeftOut, type Settlement, settlementOf, type UnnamedRecordings } from './settlement.js'

// S3 rounds to seconds, and the platform's clock is not S3's. Where more is held for it, the tolerance is larger: a hold
// too many can be undone.
const freshToleranceMs = 2_000
const ofJobToleranceMs = 60_000

/** What a ledger needs to know of its job. */
export interface LedgerSettings {
  /** Whether a name may be an id that the platform gives; left out, any may. */
  readonly isRecordingId?: ((name: string) => boolean) | undefined
  /** When objects of the job can have been written at the earliest, in milliseconds; left out, none was. */
  readonly writtenSince?: (() => number) | undefined
}

/**
 * The account of every expected recording. Objects are entered as they are validated and repaired; a later word on
 * the same object replaces the earlier one. `settle` gives each recording exactly one state.
 *
 * Where the platform cannot list its recordings, those that land are entered as they come, and the job's totals say
 * how many there should have been. The same holds for a single conversation that is open.
 *
 * Recordings and conversations are rows of numbers: some 30 bytes for a recording and 30 for a conversation. What the
 * platform says of them is kept by {@link Expectations}, what lies on S3 by {@link Arrivals}.
 */
export class RecordingLedger {
  readonly listed: boolean
  readonly #recordings = new RecordingTable()
  readonly #conversations = new ConversationRows()
  readonly #expectations: Expectations
  readonly #arrivals: Arrivals
  readonly #writtenSince: () => number
  #explained = 0

  /** @param listed whether the platform lists the expected recordings */
  constructor(listed: boolean, settings: LedgerSettings = {}) {
    const { isRecordingId = () => true, writtenSince = () => Number.POSITIVE_INFINITY } = settings
    const [recordings, conversations] = [this.#recordings, this.#conversations]
    this.listed = listed
    this.#expectations = new Expectations({ recordings, conversations, listed, isRecordingId })
    this.#arrivals = new Arrivals(this.#expectations, recordings, conversations)
    this.#writtenSince = writtenSince
  }

  /** Recordings that are accounted for. */
  get size(): number {
    return this.#recordings.size - this.#recordings.counts.withdrawn
  }

  /** Recordings that the platform's list marks as skipped. */
  get skipped(): number {
    return this.#recordings.counts.skipped
  }

  /** Recordings that the platform, when asked why they did not come, said to be left out. */
  get explained(): number {
    return this.#explained
  }

  /** Recordings that the platform, when asked why they did not come, said not to be meant. */
  get withdrawn(): number {
    return this.#recordings.counts.withdrawn - this.later
  }

  /** Recordings that began after the interval, and have not landed. */
  get later(): number {
    return this.#expectations.later.size
  }

  /** Recordings of open conversations that were in no list and came to be known by being delivered. */
  get unlisted(): number {
    return this.#recordings.counts.unlisted
  }

  /** Recordings that were written to S3 since the job was created. */
  get delivered(): number {
    return this.#recordings.counts.delivered
  }

  /** Recordings that the list marks as skipped and that are not on S3. */
  get skippedAndAbsent(): number {
    return this.#recordings.count((flags) => (flags & (bits.skipped | bits.delivered)) === bits.skipped)
  }

  /** Recordings that only an earlier export delivered, and that this job neither wrote nor named as failed. */
  get onlyOlder(): number {
    const isDelivered = (flags: number) => (flags & (bits.delivered | bits.failed)) === bits.delivered
    return this.#recordings.count((flags) => isDelivered(flags) && !isFresh(flags))
  }

  /** Recordings that have not wholly landed and are not known to have failed or been skipped. */
  get pending(): number {
    return this.#recordings.counts.pending
  }

  /** Recordings that are not on S3 with their sidecar, and are not known to have failed or been skipped. */
  get neverDelivered(): number {
    return this.#recordings.counts.neverDelivered
  }

  /** Conversations whose recordings are not known beforehand. */
  get openConversations(): number {
    return this.#conversations.open
  }

  /** Ids that the platform lists for more than one conversation, or that files of more than one bear. */
  get contradictions(): number {
    return this.#expectations.contradictions
  }

  /** A list names this recording. @returns `false` for one that is known already */
  expect(recording: ExpectedRecording): boolean {
    return this.#expectations.expect(recording)
  }

  /** Whether a list names this recording. */
  isNamed(recordingId: string): boolean {
    return this.#expectations.isNamed(recordingId)
  }

  /** Which recordings this conversation has is not known: those that land are its recordings. */
  open(conversationId: string, conversationStart?: string): void {
    this.#conversations.markOpen(this.#conversations.add(conversationId, conversationStart))
  }

  /** The platform says it could not export this recording. */
  failedAtSource(recordingId: string, reason?: string, conversationId?: string): void {
    this.#expectations.failedAtSource(recordingId, reason, conversationId)
  }

  /** The platform leaves this recording out. Of no effect on one that is delivered or not expected. */
  skippedAtSource(recordingId: string, reason: string): void {
    const row = this.#recordings.find(recordingId)
    if (row < 0 || !this.#arrivals.isUnaccounted(row)) return
    this.#recordings.settle(row, bits.skipped, reason)
    this.#explained += 1
  }

  /** The platform says what keeps this recording from coming. Of no effect on one that is delivered. */
  noteAtSource(recordingId: string, reason: string): void {
    const row = this.#recordings.find(recordingId)
    if (row >= 0 && this.#arrivals.isUnaccounted(row)) this.#recordings.note(row, reason)
  }

  /** The platform's audit trail says who deleted this recording. Of no effect on one that is delivered or not expected. */
  deletedAtSource(recordingId: string, reason: string): void {
    const row = this.#recordings.find(recordingId)
    if (row < 0 || this.#recordings.has(row, bits.delivered | bits.withdrawn)) return
    if (this.#arrivals.isUnaccounted(row)) this.skippedAtSource(recordingId, reason)
    else this.#recordings.note(row, reason)
  }

  /** Recordings that the platform must restore from its archive, and that have not landed. */
  get restoring(): number {
    return this.#recordings.count((flags) => (flags & bits.archived) !== 0 && isNeverDelivered(flags))
  }

  /** Where recordings are stored, as far as the platform says. */
  get regions(): ReadonlyMap<string, RegionCount> {
    return this.#expectations.regions
  }

  /** The job does not cover this recording after all. Of no effect on one that is delivered. */
  withdraw(recordingId: string): void {
    const row = this.#recordings.find(recordingId)
    if (row >= 0 && this.#arrivals.isUnaccounted(row)) this.#expectations.withdraw(row)
  }

  /** Whether anything of this conversation is known: listed, or landed. */
  knows(conversationId: string): boolean {
    return this.#conversations.find(conversationId) >= 0
  }

  /** Whether a recording of this conversation belongs to the job. Without a list, everything in the hours does. */
  covers(conversationId: string): boolean {
    return this.#expectations.covers(conversationId)
  }

  /** Whether the recordings of this conversation are known, so that any other one belongs to another job. */
  isListed(conversationId: string): boolean {
    return this.#expectations.isListed(conversationId)
  }

  /** Whether this recording belongs to the job. */
  isExpected(recordingId: string, conversationId: string): boolean {
    return this.#expectations.rowOf(recordingId, conversationId) >= 0
  }

  /** Whether the id is that of a recording of another conversation. */
  belongsElsewhere(recordingId: string, conversationId: string): boolean {
    return this.#expectations.belongsElsewhere(recordingId, conversationId)
  }

  /** Whether a name may be the id of a recording, in a conversation whose recordings no list names. */
  mayBeRecording(name: string, conversationId: string): boolean {
    return this.#expectations.mayBeRecording(name, conversationId)
  }

  /**
   * Where an object belongs by now. If one id landed in two conversations, only the first has the recording. The
   * second may have been judged before that was known.
   */
  placeNow(place: ObjectPlace): ObjectPlace {
    return this.#expectations.placeNow(place)
  }

  /** Whether an object may have been delivered by the job, by when it was written. */
  isOfJob({ lastModified }: Pick<ListedObject, 'lastModified'>): boolean {
    return lastModified !== undefined && Date.parse(lastModified) >= this.#writtenSince() - ofJobToleranceMs
  }

  /** Whether an object was certainly written since the job was created. */
  isFresh({ lastModified }: Pick<ListedObject, 'lastModified'>): boolean {
    return lastModified !== undefined && Date.parse(lastModified) >= this.#writtenSince() - freshToleranceMs
  }

  /** Whether the whole of a recording was written since the job was created. */
  isWritten(recordingId: string): boolean {
    const row = this.#recordings.find(recordingId)
    return row >= 0 && this.#arrivals.isWritten(row)
  }

  /** A listing of a folder begins. @returns its number, for {@link show} and {@link endListing} */
  beginListing(prefix: string): number {
    return this.#arrivals.listings.begin(prefix)
  }

  /** A listing went through: what it did not show is not there. */
  endListing(listing: number): void {
    this.#arrivals.listings.end(listing)
  }

  /** A listing shows an object of the job. */
  show(
    object: Pick<ListedObject, 'key' | 'lastModified' | 'sizeBytes'>,
    place: ObjectPlace,
    listing: number,
    isNew: boolean,
  ): void {
    const isEmpty = object.sizeBytes === undefined ? undefined : object.sizeBytes === 0
    this.#arrivals.show({ key: object.key, place, listing, isFresh: isNew && this.isFresh(object), isEmpty })
  }

  /** An object is dealt with; `isNew` says that its key was not met before. */
  know(key: string, place: ObjectPlace, isNew: boolean): void {
    this.#arrivals.know(key, place, isNew)
  }

  /** Enters what became of one object. */
  enter(key: string, place: ObjectPlace, outcome: ObjectOutcome, details: EnteredDetails = {}): void {
    this.#arrivals.enter(key, place, outcome, details)
  }

  /** The recordings that {@link pending} counts. */
  pendingRecordings(): Iterable<PendingRecording> {
    return pendingRecordings(this.#recordings, this.#conversations)
  }

  /** The recordings that {@link neverDelivered} counts; `isOpen` if nothing of one was found. */
  *undelivered(): Generator<{ readonly recordingId: string; readonly isOpen: boolean }, void, void> {
    for (let row = 0; row < this.#recordings.size; row += 1) {
      if (!isNeverDelivered(this.#recordings.flagsAt(row))) continue
      yield { recordingId: this.#recordings.idAt(row), isOpen: this.#arrivals.isUnaccounted(row) }
    }
  }

  /**
   * Starts of the hours, in milliseconds, in which objects that are not on S3 yet will lie. These are pending
   * recordings, and recordings that may come from open conversations and from those that continued. `undefined` if
   * it may be any hour.
   */
  awaitedHours(openToo: boolean): ReadonlySet<number> | undefined {
    // Without a list nobody knows which conversation is missing.
    if (!this.listed) return undefined
    return awaitedHours(this.#recordings, this.#conversations, openToo ? this.#expectations.later : undefined)
  }

  /** Starts of the hours in which conversations began, in milliseconds, as far as they are known. */
  knownHours(): ReadonlySet<number> {
    return knownHours(this.#conversations)
  }

  /** Conversations of the expected recordings. */
  get conversationCount(): number {
    return this.#conversations.size
  }

  /** The conversations of the expected recordings, each once, without the first `after`. */
  *conversations(after = 0): Iterable<string> {
    for (let row = after; row < this.#conversations.size; row += 1) {
      const id = this.#conversations.idAt(row)
      // A recording that failed at the source may come without its conversation.
      if (id !== '') yield id
    }
  }

  /**
   * Gives each recording its state.
   *
   * @param unnamed recordings that the job's totals count and nobody can name, by the state they end in
   * @param leftOut how many recordings the job left out without naming them, and why: where no more than these were
   *   never delivered, that is the reason
   */
  settle(unnamed: UnnamedRecordings, leftOut: LeftOut = nothingLeftOut, maxExceptions = 1_000): Settlement {
    return settlementOf(this.#outcomes(unnamed, leftOut), maxExceptions)
  }

  /** Each recording with its state, those that nobody can name as one entry a state. Takes what `settle` takes. */
  *settled(unnamed: UnnamedRecordings, leftOut: LeftOut = nothingLeftOut): Generator<RecordingException, void, void> {
    for (const { describe } of this.#outcomes(unnamed, leftOut)) yield describe()
  }

  #outcomes(unnamed: UnnamedRecordings, leftOut: LeftOut) {
    const sources = {
      listed: this.listed,
      recordings: this.#recordings,
      conversations: this.#conversations,
      arrivals: this.#arrivals,
    }
    return settledRecordings(sources, unnamed, leftOut)
  }
}

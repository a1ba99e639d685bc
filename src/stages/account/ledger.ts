import { Column } from '../../internal/tables/column.js'
import { FaultBook, type Shortcoming, worstOf } from '../../internal/tables/fault-book.js'
import { IdIndex } from '../../internal/tables/id-index.js'
import { SeenSet } from '../../internal/tables/seen.js'
import { Texts } from '../../internal/tables/texts.js'
import { isUuid, mayBeRecordingId, sidecarSuffix } from '../../model/layout/keys.js'
import type { ListedObject } from '../../model/object.js'
import type { ExpectedRecording } from '../../model/platform.js'
import type { RecordingException, RecordingState } from '../../model/report.js'
import type { ObjectOutcome, ObjectPlace } from '../../model/verdict.js'
import { ConversationRows } from './conversation-rows.js'
import { Listings, PresentFiles } from './present-files.js'
import {
  bits,
  freshBit,
  isFresh,
  isFreshlyDelivered,
  isNeverDelivered,
  isPending,
  isSkipped,
  isUnlisted,
  settled,
} from './recording-flags.js'
import {
  type SettledRecording,
  type Settlement,
  settlementOf,
  type UnnamedRecordings,
  unnamedExceptions,
} from './settlement.js'
import { companionGone, gone, lackOf, mediaEmpty, sidecarMissing } from './shortcomings.js'

const noReason = 'the platform could not export it, and gives no reason'

/** A recording that is not wholly on S3. */
export interface PendingRecording {
  readonly recordingId: string
  readonly conversationId: string
  /** Start of the hour in which its conversation began, in milliseconds, where that is known. */
  readonly hour: number | undefined
}

// S3 rounds to seconds, and the platform's clock is not S3's. Where more is held for it, the tolerance is larger: a hold
// too many can be undone.
const freshToleranceMs = 2_000
const ofJobToleranceMs = 60_000

/**
 * The account of every expected recording. Objects are entered as they are validated and repaired; a later word on
 * the same object replaces the earlier one. `settle` gives each recording exactly one state.
 *
 * Where the platform cannot list its recordings, those that land are entered as they come, and the job's totals say
 * how many there should have been. The same holds for a single conversation that is open.
 *
 * Recordings and conversations are rows of numbers: some 30 bytes for a recording and 30 for a conversation.
 */
export class RecordingLedger {
  readonly listed: boolean
  readonly #isRecordingId: (name: string) => boolean
  readonly #recordings = new IdIndex()
  readonly #flags = Column.shorts()
  /** The conversation of a recording, as its row. */
  readonly #ownerOf = Column.words()
  /** Why a recording failed or was skipped. */
  readonly #reasonOf = Column.shorts()
  readonly #reasons = new Texts('a reason that is not kept: there were too many different ones')
  readonly #conversations = new ConversationRows()
  readonly #recordingFaults = new FaultBook()
  readonly #conversationFaults = new FaultBook()
  readonly #listings = new Listings()
  readonly #files = new PresentFiles(this.#listings)
  readonly #companions = new SeenSet()
  /** Recordings that no list counts: they landed, the platform named them as failed, or they are later than the interval. */
  readonly #offList = Column.bytes()
  /** Those that were written since the job was created. */
  readonly #freshCompanions = new SeenSet()
  /** When objects of the job can have been written at the earliest, in milliseconds. */
  writtenSince: () => number = () => Number.POSITIVE_INFINITY
  /** Recordings that began after the interval, as rows: they count once they land. */
  readonly #later = new Set<number>()
  #contradictions = 0
  readonly #counts = {
    withdrawn: 0,
    skipped: 0,
    explained: 0,
    unlisted: 0,
    delivered: 0,
    pending: 0,
    neverDelivered: 0,
  }

  /**
   * @param listed whether the platform lists the expected recordings
   * @param isRecordingId whether a name may be an id that the platform gives; where it does not say, any may
   */
  constructor(listed: boolean, isRecordingId: (name: string) => boolean = () => true) {
    this.listed = listed
    this.#isRecordingId = isRecordingId
  }

  /** Recordings that are accounted for. */
  get size(): number {
    return this.#recordings.size - this.#counts.withdrawn
  }

  /** Recordings that the platform's list marks as skipped. */
  get skipped(): number {
    return this.#counts.skipped
  }

  /** Recordings that the platform, when asked why they did not come, said to be left out. */
  get explained(): number {
    return this.#counts.explained
  }

  /** Recordings that the platform, when asked why they did not come, said not to be meant. */
  get withdrawn(): number {
    return this.#counts.withdrawn - this.#later.size
  }

  /** Recordings that began after the interval, and have not landed. */
  get later(): number {
    return this.#later.size
  }

  /** Recordings of open conversations that were in no list and came to be known by being delivered. */
  get unlisted(): number {
    return this.#counts.unlisted
  }

  /** Recordings that were written to S3 since the job was created. */
  get delivered(): number {
    return this.#counts.delivered
  }

  /** Recordings that the list marks as skipped and that are not on S3. */
  get skippedAndAbsent(): number {
    return this.#count((flags) => (flags & (bits.skipped | bits.delivered)) === bits.skipped)
  }

  /** Recordings that only an earlier export delivered, and that this job neither wrote nor named as failed. */
  get onlyOlder(): number {
    return this.#count((flags) => (flags & (bits.delivered | bits.failed)) === bits.delivered && !isFresh(flags))
  }

  /** Recordings that have not wholly landed and are not known to have failed or been skipped. */
  get pending(): number {
    return this.#counts.pending
  }

  /** Recordings that are not on S3 with their sidecar, and are not known to have failed or been skipped. */
  get neverDelivered(): number {
    return this.#counts.neverDelivered
  }

  /** Conversations whose recordings are not known beforehand. */
  get openConversations(): number {
    return this.#conversations.open
  }

  /** A list names this recording. @returns `false` for one that is known already */
  expect(recording: ExpectedRecording): boolean {
    const before = this.#recordings.size
    const row = this.#recordings.add(recording.recordingId)
    if (this.#recordings.size === before) {
      if (!recording.isLaterThanInterval && this.#offList.get(row) !== 0) this.#offList.set(row, 0)
      // An id stands for one recording; two conversations that claim it leave one of them without an account.
      if (this.#rowOf(recording.recordingId, recording.conversationId) < 0) this.#contradictions += 1
      else this.#own(row, recording.conversationId)
      // What one job leaves out another may deliver, and what is later than one part of an interval is of the next.
      if (recording.skippedReason === undefined) this.#set(row, 0, bits.skipped)
      if (!recording.isLaterThanInterval) this.#claim(row)
      return false
    }
    this.#ownerOf.set(row, this.#conversations.add(recording.conversationId, recording.conversationStart))
    this.#counts.pending += 1
    this.#counts.neverDelivered += 1
    if (recording.isLaterThanInterval) {
      this.withdraw(recording.recordingId)
      this.#later.add(row)
      this.#offList.set(row, 1)
    } else if (recording.skippedReason !== undefined) {
      this.#settleAtSource(row, bits.skipped, recording.skippedReason)
    }
    return true
  }

  /** Whether a list names this recording. */
  isNamed(recordingId: string): boolean {
    const row = this.#recordings.find(recordingId)
    return row >= 0 && this.#offList.get(row) === 0
  }

  /** Which recordings this conversation has is not known: those that land are its recordings. */
  open(conversationId: string, conversationStart?: string): void {
    this.#conversations.markOpen(this.#conversations.add(conversationId, conversationStart))
  }

  /** Ids that the platform lists for more than one conversation, or that files of more than one bear. */
  get contradictions(): number {
    return this.#contradictions
  }

  /** The platform says it could not export this recording. */
  failedAtSource(recordingId: string, reason = noReason, conversationId = ''): void {
    const known = this.#recordings.find(recordingId)
    const row = known < 0 ? this.#learn(recordingId, conversationId) : known
    this.#claim(row)
    this.#set(row, bits.failed, 0)
    this.#reasonOf.set(row, this.#reasons.numberOf(reason))
  }

  /** The platform leaves this recording out. Of no effect on one that is delivered or not expected. */
  skippedAtSource(recordingId: string, reason: string): void {
    const row = this.#recordings.find(recordingId)
    if (row >= 0 && this.#isUnaccounted(row)) {
      this.#settleAtSource(row, bits.skipped, reason)
      this.#counts.explained += 1
    }
  }

  /** The job does not cover this recording after all. Of no effect on one that is delivered. */
  withdraw(recordingId: string): void {
    const row = this.#recordings.find(recordingId)
    if (row < 0 || !this.#isUnaccounted(row)) return
    this.#set(row, bits.withdrawn, 0)
    this.#counts.withdrawn += 1
  }

  /** Whether anything of this conversation is known: listed, or landed. */
  knows(conversationId: string): boolean {
    return this.#conversations.find(conversationId) >= 0
  }

  /** Whether a recording of this conversation belongs to the job. Without a list, everything in the hours does. */
  covers(conversationId: string): boolean {
    return !this.listed || this.#conversations.find(conversationId) >= 0
  }

  /** Whether the recordings of this conversation are known, so that any other one belongs to another job. */
  isListed(conversationId: string): boolean {
    const row = this.listed ? this.#conversations.find(conversationId) : -1
    return row >= 0 && !this.#conversations.isOpen(row)
  }

  /** Whether this recording belongs to the job. */
  isExpected(recordingId: string, conversationId: string): boolean {
    return this.#rowOf(recordingId, conversationId) >= 0
  }

  /** Whether the id is that of a recording of another conversation. */
  belongsElsewhere(recordingId: string, conversationId: string): boolean {
    return this.#recordings.find(recordingId) >= 0 && this.#rowOf(recordingId, conversationId) < 0
  }

  /** Whether a name may be the id of a recording of a conversation of which no list names the recordings. */
  mayBeRecording(name: string, conversationId: string): boolean {
    return mayBeRecordingId(name, conversationId) && this.#isRecordingId(name)
  }

  /**
   * Where an object belongs by now: of two conversations in which one id landed, only the first has the recording, and
   * the second may have been looked at before that was known.
   */
  placeNow(place: ObjectPlace): ObjectPlace {
    const { kind, recordingId, conversationId } = place
    if (recordingId === undefined || conversationId === undefined || kind === 'unexpected') return place
    return this.belongsElsewhere(recordingId, conversationId) ? { kind: 'attachment', conversationId } : place
  }

  /** Whether an object may have been delivered by the job, by when it was written. */
  isOfJob({ lastModified }: Pick<ListedObject, 'lastModified'>): boolean {
    return lastModified !== undefined && Date.parse(lastModified) >= this.writtenSince() - ofJobToleranceMs
  }

  /** Whether an object was certainly written since the job was created. */
  isFresh({ lastModified }: Pick<ListedObject, 'lastModified'>): boolean {
    return lastModified !== undefined && Date.parse(lastModified) >= this.writtenSince() - freshToleranceMs
  }

  /** Whether the whole of a recording was written since the job was created. */
  isWritten(recordingId: string): boolean {
    const row = this.#recordings.find(recordingId)
    return row >= 0 && (this.#flags.get(row) & bits.whole) !== 0 && isFreshlyDelivered(this.#flags.get(row))
  }

  /** A listing of a folder begins. @returns its number, for {@link show} and {@link endListing} */
  beginListing(prefix: string): number {
    return this.#listings.begin(prefix)
  }

  /** A listing went through: what it did not show is not there. */
  endListing(listing: number): void {
    this.#listings.end(listing)
  }

  /** A listing shows an object of the job. */
  show(
    object: Pick<ListedObject, 'key' | 'lastModified' | 'sizeBytes'>,
    place: ObjectPlace,
    listing: number,
    isNew: boolean,
  ): void {
    const isEmpty = object.sizeBytes === undefined ? undefined : object.sizeBytes === 0
    const row = this.#arrive(object.key, place, listing, isNew && this.isFresh(object), isEmpty)
    const { kind, conversationId } = place
    if (conversationId === undefined || kind === 'unexpected') return
    if (row >= 0) {
      this.#isNoCompanion(object.key, kind, row)
      return
    }
    const owner = this.#conversations.add(conversationId)
    // Known at once: one that is shown as a companion for the first time may have been known as something else.
    this.#knowCompanion(object.key, owner)
    this.#conversations.showCompanion(owner, listing)
    const mayBeHalf = kind === 'attachment' && !this.isListed(conversationId)
    if (mayBeHalf && isNew && this.isFresh(object)) this.#freshCompanions.add(object.key)
  }

  /** An object is dealt with; `isNew` says that its key was not met before. */
  know(key: string, { kind, recordingId, conversationId }: ObjectPlace, isNew: boolean): void {
    if (conversationId === undefined || kind === 'unexpected') return
    const row = recordingId === undefined ? -1 : this.#rowOf(recordingId, conversationId)
    if (row < 0) this.#knowCompanion(key, this.#conversations.add(conversationId))
    else if (isNew) this.#files.know(row)
    else this.#isNoCompanion(key, kind, row)
  }

  /**
   * Enters what became of one object.
   *
   * @param isFresh it was written since the job was created
   * @param sizeBytes where it is known
   */
  enter(
    key: string,
    place: ObjectPlace,
    outcome: ObjectOutcome,
    reason = '',
    isFresh = true,
    sizeBytes?: number | undefined,
  ): void {
    // What a listing said is not taken back by what was read before it.
    const row = this.#arrive(key, place, 0, isFresh, sizeBytes === 0 ? true : undefined)
    const { conversationId } = place
    const fault = outcome === 'held' || outcome === 'repaired' ? undefined : outcome
    const proven = outcome === 'repaired'
    if (row >= 0) {
      this.#recordingFaults.note(row, key, fault, reason, proven)
      if (outcome === 'repaired') this.#set(row, bits.repaired, 0)
    } else if (conversationId !== undefined) {
      const owner = this.#conversations.add(conversationId)
      this.#conversationFaults.note(owner, key, fault, reason, proven)
      if (outcome === 'repaired') this.#conversations.markRepaired(owner)
    }
  }

  /** The recordings that {@link pending} counts. */
  *pendingRecordings(): Iterable<PendingRecording> {
    for (let row = 0; row < this.#recordings.size; row += 1) {
      if (!isPending(this.#flags.get(row))) continue
      const owner = this.#ownerOf.get(row)
      const [conversationId, hour] = [this.#conversations.idAt(owner), this.#conversations.hourAt(owner)]
      yield { recordingId: this.#recordings.idAt(row), conversationId, hour }
    }
  }

  /**
   * Starts of the hours, in milliseconds, in which what is not on S3 yet will lie: what is pending, and what may come
   * of the open conversations and of those that went on. `undefined` where it may be any hour.
   */
  awaitedHours(openToo: boolean): ReadonlySet<number> | undefined {
    // Without a list nobody knows which conversation is missing.
    if (!this.listed) return undefined
    const hours = new Set<number | undefined>()
    for (let row = 0; row < this.#recordings.size && this.pending > 0; row += 1) {
      if (isPending(this.#flags.get(row))) hours.add(this.#conversations.hourAt(this.#ownerOf.get(row)))
    }
    for (let row = 0; row < this.#conversations.size && openToo; row += 1) {
      if (this.#conversations.isOpen(row)) hours.add(this.#conversations.hourAt(row))
    }
    if (openToo) for (const row of this.#later) hours.add(this.#conversations.hourAt(this.#ownerOf.get(row)))
    return hours.has(undefined) ? undefined : (hours as Set<number>)
  }

  /** Starts of the hours in which conversations began, in milliseconds, as far as they are known. */
  knownHours(): ReadonlySet<number> {
    const hours = new Set<number>()
    for (let row = 0; row < this.#conversations.size; row += 1) {
      const hour = this.#conversations.hourAt(row)
      if (hour !== undefined) hours.add(hour)
    }
    return hours
  }

  /** Conversations of the expected recordings. */
  get conversationCount(): number {
    return this.#conversations.size
  }

  /** The conversations of the expected recordings, each once, but for the first so many. */
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

  *#outcomes(unnamed: UnnamedRecordings, leftOut: LeftOut): Generator<SettledRecording, void, void> {
    const explained = leftOut.count > 0 && this.neverDelivered <= leftOut.count ? leftOut.reason : undefined
    const faults = this.#recordingFaults.worst(this.#recordings.size)
    const sharedFaults = this.#conversationFaults.worst(this.#conversations.size)
    for (let row = 0; row < this.#recordings.size; row += 1) {
      if (this.#flags.get(row) & bits.withdrawn) continue
      const owner = this.#ownerOf.get(row)
      const { state, ...why } = this.#stateOf(row, owner, faults[row] ?? 0, sharedFaults[owner] ?? 0, explained)
      const describe = () => ({
        recordingId: this.#recordings.idAt(row),
        conversationId: this.#conversations.idAt(owner),
        state,
        ...why,
        ...(this.listed && this.#offList.get(row) !== 0 ? { listed: false as const } : {}),
      })
      yield { state, count: 1, describe }
    }
    yield* unnamedExceptions(unnamed)
  }

  #stateOf(row: number, owner: number, mark: number, sharedMark: number, leftOut: string | undefined): Found {
    const flags = this.#flags.get(row)
    if ((flags & bits.delivered) === 0) return this.#undelivered(row, mark, leftOut)
    const absence = this.#absenceOf(row, owner, (flags & bits.whole) !== 0)
    if (mark !== 0 || sharedMark !== 0 || absence !== undefined) {
      const own = this.#recordingFaults.shortcomingAt(row, mark)
      const shared = this.#conversationFaults.shortcomingAt(owner, sharedMark)
      const worst = worstOf(own, shared, absence)
      if (worst !== undefined) {
        const { fault, reason, key } = worst
        return { state: fault, reason, ...(key === undefined ? {} : { key }) }
      }
    }
    const repaired = (flags & bits.repaired) !== 0 || this.#conversations.isRepaired(owner)
    return { state: repaired ? 'repaired' : 'held', reason: '' }
  }

  /** What of a delivered recording is not there, or not there any more. */
  #absenceOf(row: number, owner: number, isWhole: boolean): Shortcoming | undefined {
    if (this.#listings.any) {
      if (this.#files.isGone(row)) return gone
      if (this.#conversations.lostCompanion(owner, this.#listings)) return companionGone
    }
    return isWhole ? undefined : lackOf(this.#files.judge(row))
  }

  #undelivered(row: number, mark: number, leftOut: string | undefined): Found {
    const flags = this.#flags.get(row)
    const reason = () => this.#reasons.textAt(this.#reasonOf.get(row))
    if (flags & bits.failed) return { state: 'failedAtSource', reason: reason() }
    if (flags & bits.skipped) return { state: 'skippedAtSource', reason: reason() }
    const own = this.#recordingFaults.shortcomingAt(row, mark)
    if (own?.fault === 'missing' && own.key !== undefined) return { state: 'missing', reason: own.reason, key: own.key }
    if (this.#files.wasFound(row) && this.#files.isGone(row)) return { state: 'missing', reason: gone.reason }
    const files = this.#files.judge(row)
    if (files.hasEmptyMedia) return { state: 'missing', reason: mediaEmpty.reason }
    if (leftOut !== undefined) return { state: 'skippedAtSource', reason: leftOut }
    if (files.hasEmptyUndescribed) return { state: 'missing', reason: mediaEmpty.reason }
    return { state: 'missing', reason: files.hasUndescribed ? sidecarMissing.reason : 'never delivered' }
  }

  /**
   * @param isEmpty `undefined` where that is not known, or not to change what is known
   * @returns the row of the recording that the object belongs to, -1 where it belongs to none in particular
   */
  #arrive(
    key: string,
    { kind, recordingId, conversationId }: ObjectPlace,
    listing: number,
    isFresh: boolean,
    isEmpty: boolean | undefined,
  ): number {
    if (recordingId === undefined || conversationId === undefined) return -1
    let row = this.#rowOf(recordingId, conversationId)
    if (kind !== 'recording' && kind !== 'sidecar') return row
    if (row < 0) {
      if (this.#recordings.find(recordingId) >= 0) return -1
      // A sidecar speaks of a recording too, but a customer may call a file so: only one named by an id is believed.
      const isRecording = kind === 'recording' || isUuid(recordingId)
      // Where a list names the recordings, what it does not name is none.
      if (!isRecording || !this.covers(conversationId) || this.isListed(conversationId)) return -1
      row = this.#learn(recordingId, conversationId)
      this.#set(row, bits.unlisted, 0)
    }
    this.#own(row, conversationId)
    this.#files.show(row, kind, extensionOf(key, kind, recordingId), listing, isEmpty)
    const { isDelivered, isWhole } = this.#files.judge(row)
    const freshness = isFresh ? freshBit(kind) : 0
    // What was not meant and is delivered all the same is evidence like the rest. The list did not count it.
    const uncounted = isDelivered && this.#claim(row) ? bits.unlisted : 0
    this.#set(
      row,
      (isDelivered ? bits.delivered : 0) | (isWhole ? bits.whole : 0) | freshness | uncounted,
      bits.delivered | bits.whole,
    )
    return row
  }

  /** A recording becomes known that no list names. @returns its row */
  #learn(recordingId: string, conversationId: string): number {
    this.expect({ recordingId, conversationId })
    const row = this.#recordings.find(recordingId)
    this.#offList.set(row, 1)
    return row
  }

  /** Takes back that it was not meant. @returns whether it was later than the interval */
  #claim(row: number): boolean {
    if ((this.#flags.get(row) & bits.withdrawn) === 0) return false
    this.#counts.withdrawn -= 1
    this.#set(row, 0, bits.withdrawn)
    return this.#later.delete(row)
  }

  /** The row of a recording of this conversation, or of one whose conversation nobody named; -1 where there is none. */
  #rowOf(recordingId: string, conversationId: string): number {
    const row = this.#recordings.find(recordingId)
    if (row < 0) return row
    const owner = this.#ownerOf.get(row)
    return owner === this.#conversations.find(conversationId) || this.#isUnnamed(owner) ? row : -1
  }

  /** A recording that failed at the source may have come without its conversation. */
  #isUnnamed(owner: number): boolean {
    return owner === this.#conversations.find('')
  }

  #own(row: number, conversationId: string): void {
    if (this.#isUnnamed(this.#ownerOf.get(row))) this.#ownerOf.set(row, this.#conversations.add(conversationId))
  }

  /** A transcript or attachment was found. */
  #knowCompanion(key: string, owner: number): void {
    if (this.#companions.add(key)) this.#conversations.knowCompanion(owner, 1)
  }

  /** A file looks like an attachment until its other half lands. */
  #isNoCompanion(key: string, kind: ObjectPlace['kind'], row: number): void {
    if (this.#companions.size === 0 || !this.#companions.has(key) || !this.#companions.add(`${key}\n`)) return
    this.#conversations.knowCompanion(this.#ownerOf.get(row), -1)
    this.#files.know(row)
    if (this.#freshCompanions.has(key)) this.#set(row, freshBit(kind), 0)
  }

  /** It was not delivered, not even as an empty file, and nothing was said of it. */
  #isUnaccounted(row: number): boolean {
    return (this.#flags.get(row) & (bits.delivered | settled)) === 0 && !this.#files.judge(row).hasEmptyMedia
  }

  #settleAtSource(row: number, bit: number, reason: string): void {
    this.#set(row, bit, 0)
    this.#reasonOf.set(row, this.#reasons.numberOf(reason))
  }

  #set(row: number, add: number, remove: number): void {
    const before = this.#flags.get(row)
    const after = (before & ~remove) | add
    if (before === after) return
    this.#flags.set(row, after)
    const change = (is: (flags: number) => boolean) => Number(is(after)) - Number(is(before))
    this.#counts.pending += change(isPending)
    this.#counts.neverDelivered += change(isNeverDelivered)
    this.#counts.skipped += change(isSkipped)
    this.#counts.delivered += change(isFreshlyDelivered)
    this.#counts.unlisted += change(isUnlisted)
  }

  #count(is: (flags: number) => boolean): number {
    let count = 0
    for (let row = 0; row < this.#recordings.size; row += 1) if (is(this.#flags.get(row))) count += 1
    return count
  }
}

/** Recordings that a job left out without naming them. */
export interface LeftOut {
  readonly count: number
  readonly reason: string
}

/** No recording was left out. */
export const nothingLeftOut: LeftOut = { count: 0, reason: '' }

interface Found {
  readonly state: RecordingState
  readonly reason: string
  readonly key?: string
}

/** What follows the id in the name of a media file, or of the file that a sidecar describes. */
function extensionOf(key: string, kind: 'recording' | 'sidecar', recordingId: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1, kind === 'sidecar' ? -sidecarSuffix.length : undefined)
  return name.slice(recordingId.length)
}

import { mayBeRecordingId } from '../../model/layout/keys.js'
import type { ExpectedRecording } from '../../model/platform.js'
import type { ObjectPlace } from '../../model/verdict.js'
import type { ConversationRows } from './conversation-rows.js'
import { bits, bitsOfMedium, mediumOf } from './recording-flags.js'
import type { RecordingTable } from './recording-table.js'
import { type RegionCount, RegionCounts } from './region-counts.js'

const noReason = 'the platform could not export it, and gives no reason'

/** What the expectations are kept in, and what the platform says of ids. */
export interface ExpectationSubject {
  readonly recordings: RecordingTable
  readonly conversations: ConversationRows
  /** Whether the platform lists the expected recordings. */
  readonly listed: boolean
  /** Whether a name may be an id that the platform gives. */
  readonly isRecordingId: (name: string) => boolean
}

/** Which recordings belong to a job, to which conversation each belongs, and what the platform says of those that do not come. */
export class Expectations {
  readonly #subject: ExpectationSubject
  readonly #recordings: RecordingTable
  readonly #conversations: ConversationRows
  /** Recordings that began after the interval, as rows: they count once they land. */
  readonly #later = new Set<number>()
  readonly #regions = new RegionCounts()
  #contradictions = 0

  constructor(subject: ExpectationSubject) {
    this.#subject = subject
    this.#recordings = subject.recordings
    this.#conversations = subject.conversations
  }

  /** Recordings that began after the interval and have not landed, as rows. */
  get later(): ReadonlySet<number> {
    return this.#later
  }

  /** Where recordings are stored, as far as the platform says: how many, and the first of them. */
  get regions(): ReadonlyMap<string, RegionCount> {
    return this.#regions.counts
  }

  /** Ids that the platform lists for more than one conversation, or that files of more than one bear. */
  get contradictions(): number {
    return this.#contradictions
  }

  /** A list names this recording. @returns `false` for one that is known already */
  expect(recording: ExpectedRecording): boolean {
    const before = this.#recordings.size
    const row = this.#recordings.add(recording.recordingId)
    if (this.#recordings.size === before) {
      this.#expectAgain(row, recording)
      return false
    }
    const owner = this.#conversations.add(recording.conversationId, recording.conversationStart)
    this.#recordings.setOwner(row, owner)
    this.#describe(row, owner, recording)
    if (recording.isLaterThanInterval) {
      this.withdraw(row)
      this.#later.add(row)
      this.#recordings.setOffList(row, true)
    } else if (recording.skippedReason !== undefined) {
      this.#recordings.settle(row, bits.skipped, recording.skippedReason)
    }
    return true
  }

  /** What a recording is like, whoever named it first: it may have landed, or failed, before its list came in. */
  #describe(
    row: number,
    owner: number,
    { recordingId, conversation, mediaType, isArchived, region }: ExpectedRecording,
  ) {
    if (conversation !== undefined) this.#conversations.describe(owner, conversation)
    const medium = mediumOf(this.#recordings.flagsAt(row)) === undefined ? bitsOfMedium(mediaType) : 0
    this.#recordings.change(row, medium | (isArchived ? bits.archived : 0))
    if (region === undefined || this.#recordings.has(row, bits.located)) return
    this.#recordings.change(row, bits.located)
    this.#regions.add(region, recordingId)
  }

  #expectAgain(row: number, recording: ExpectedRecording): void {
    if (!recording.isLaterThanInterval) this.#recordings.setOffList(row, false)
    // An id stands for one recording; two conversations that claim it leave one of them without an account.
    if (this.rowOf(recording.recordingId, recording.conversationId) < 0) this.#contradictions += 1
    else this.#describe(row, this.own(row, recording.conversationId, recording.conversationStart), recording)
    // What one job leaves out another may deliver, and what is later than one part of an interval is of the next.
    if (recording.skippedReason === undefined) this.#recordings.change(row, 0, bits.skipped)
    if (!recording.isLaterThanInterval) this.claim(row)
  }

  /** Whether a list names this recording. */
  isNamed(recordingId: string): boolean {
    const row = this.#recordings.find(recordingId)
    return row >= 0 && !this.#recordings.isOffList(row)
  }

  /** The platform says it could not export this recording. */
  failedAtSource(recordingId: string, reason = noReason, conversationId = ''): void {
    const known = this.#recordings.find(recordingId)
    const row = known < 0 ? this.learn(recordingId, conversationId) : known
    this.claim(row)
    this.#recordings.settle(row, bits.failed, reason)
  }

  /** The job does not cover this recording after all. */
  withdraw(row: number): void {
    this.#recordings.change(row, bits.withdrawn)
  }

  /** Takes back that it was not meant. @returns whether it was later than the interval */
  claim(row: number): boolean {
    if (!this.#recordings.has(row, bits.withdrawn)) return false
    this.#recordings.change(row, 0, bits.withdrawn)
    return this.#later.delete(row)
  }

  /** A recording becomes known that no list names. @returns its row */
  learn(recordingId: string, conversationId: string): number {
    this.expect({ recordingId, conversationId })
    const row = this.#recordings.find(recordingId)
    this.#recordings.setOffList(row, true)
    return row
  }

  /** Whether a recording of this conversation belongs to the job. Without a list, everything in the hours does. */
  covers(conversationId: string): boolean {
    return !this.#subject.listed || this.#conversations.find(conversationId) >= 0
  }

  /** Whether the recordings of this conversation are known, so that any other one belongs to another job. */
  isListed(conversationId: string): boolean {
    const row = this.#subject.listed ? this.#conversations.find(conversationId) : -1
    return row >= 0 && !this.#conversations.isOpen(row)
  }

  /** Whether the id is that of a recording of another conversation. */
  belongsElsewhere(recordingId: string, conversationId: string): boolean {
    return this.#recordings.find(recordingId) >= 0 && this.rowOf(recordingId, conversationId) < 0
  }

  /** Whether a name may be the id of a recording, in a conversation whose recordings no list names. */
  mayBeRecording(name: string, conversationId: string): boolean {
    return mayBeRecordingId(name, conversationId) && this.#subject.isRecordingId(name)
  }

  /**
   * Where an object belongs by now. If one id landed in two conversations, only the first has the recording. The
   * second may have been judged before that was known.
   */
  placeNow(place: ObjectPlace): ObjectPlace {
    const { kind, recordingId, conversationId } = place
    if (recordingId === undefined || conversationId === undefined || kind === 'unexpected') return place
    return this.belongsElsewhere(recordingId, conversationId) ? { kind: 'attachment', conversationId } : place
  }

  /** The row of a recording of this conversation, or of one whose conversation nobody named; -1 if there is none. */
  rowOf(recordingId: string, conversationId: string): number {
    const row = this.#recordings.find(recordingId)
    if (row < 0) return row
    const owner = this.#recordings.ownerAt(row)
    return owner === this.#conversations.find(conversationId) || this.#isUnnamed(owner) ? row : -1
  }

  /** Gives a recording its conversation, if nobody named one before. @returns the row of its conversation */
  own(row: number, conversationId: string, conversationStart?: string): number {
    const owner = this.#recordings.ownerAt(row)
    if (!this.#isUnnamed(owner)) return this.#conversations.add(conversationId, conversationStart)
    const named = this.#conversations.add(conversationId, conversationStart)
    this.#recordings.setOwner(row, named)
    return named
  }

  /** A recording that failed at the source may have come without its conversation. */
  #isUnnamed(owner: number): boolean {
    return owner === this.#conversations.find('')
  }
}

import { FaultBook } from '../../internal/tables/fault-book.js'
import { isUuid, sidecarSuffix } from '../../model/layout/keys.js'
import type { ObjectOutcome, ObjectPlace } from '../../model/verdict.js'
import { Companions } from './companions.js'
import type { ConversationRows } from './conversation-rows.js'
import type { Expectations } from './expectations.js'
import { Listings, PresentFiles } from './present-files.js'
import { bits, freshBit, isFreshlyDelivered, settled } from './recording-flags.js'
import type { RecordingTable } from './recording-table.js'

/** An object as a listing shows it. */
export interface ShownObject {
  readonly key: string
  readonly place: ObjectPlace
  readonly listing: number
  /** It is shown for the first time in this state, and was written since the job was created. */
  readonly isFresh: boolean
  /** `undefined` if its size is not known. */
  readonly isEmpty: boolean | undefined
}

/** What is said of an object beside its outcome. */
export interface EnteredDetails {
  readonly reason?: string | undefined
  /** It was written since the job was created; left out, it was. */
  readonly isFresh?: boolean | undefined
  /** Where it is known. */
  readonly sizeBytes?: number | undefined
}

/** What lies on S3 of the recordings of a job, and what is wrong with it. */
export class Arrivals {
  readonly listings = new Listings()
  readonly files = new PresentFiles(this.listings)
  readonly recordingFaults = new FaultBook()
  readonly conversationFaults = new FaultBook()
  readonly #expectations: Expectations
  readonly #recordings: RecordingTable
  readonly #conversations: ConversationRows
  readonly #companions: Companions

  constructor(expectations: Expectations, recordings: RecordingTable, conversations: ConversationRows) {
    this.#expectations = expectations
    this.#recordings = recordings
    this.#conversations = conversations
    this.#companions = new Companions(conversations)
  }

  /** A listing shows an object of the job. */
  show(shown: ShownObject): void {
    const { key, place, listing, isFresh } = shown
    const { kind, conversationId } = place
    const row = this.#arrive(shown)
    if (conversationId === undefined || kind === 'unexpected') return
    if (row >= 0) {
      this.#takeBack(key, kind, row)
      return
    }
    const owner = this.#conversations.add(conversationId)
    // Known at once: one that is shown as a companion for the first time may have been known as something else.
    this.#companions.know(key, owner)
    this.#conversations.showCompanion(owner, listing)
    const mayBeHalf = kind === 'attachment' && !this.#expectations.isListed(conversationId)
    if (mayBeHalf && isFresh) this.#companions.noteFresh(key)
  }

  /** An object is dealt with; `isNew` says that its key was not met before. */
  know(key: string, { kind, recordingId, conversationId }: ObjectPlace, isNew: boolean): void {
    if (conversationId === undefined || kind === 'unexpected') return
    const row = recordingId === undefined ? -1 : this.#expectations.rowOf(recordingId, conversationId)
    if (row < 0) this.#companions.know(key, this.#conversations.add(conversationId))
    else if (isNew) this.files.know(row)
    else this.#takeBack(key, kind, row)
  }

  /** Enters what became of one object. */
  enter(key: string, place: ObjectPlace, outcome: ObjectOutcome, details: EnteredDetails): void {
    const { reason = '', isFresh = true, sizeBytes } = details
    // What a listing said is not taken back by what was read before it.
    const row = this.#arrive({ key, place, listing: 0, isFresh, isEmpty: sizeBytes === 0 ? true : undefined })
    const { conversationId } = place
    const fault = outcome === 'held' || outcome === 'repaired' ? undefined : outcome
    const proven = outcome === 'repaired'
    if (row >= 0) {
      this.recordingFaults.note(row, { key, fault, reason, proven })
      if (proven) this.#recordings.change(row, bits.repaired)
    } else if (conversationId !== undefined) {
      const owner = this.#conversations.add(conversationId)
      this.conversationFaults.note(owner, { key, fault, reason, proven })
      if (proven) this.#conversations.markRepaired(owner)
    }
  }

  /** Whether a recording was not delivered, not even as an empty file, and nothing was said of it. */
  isUnaccounted(row: number): boolean {
    return !this.#recordings.has(row, bits.delivered | settled) && !this.files.judge(row).hasEmptyMedia
  }

  /** Whether the whole of a recording was written since the job was created. */
  isWritten(row: number): boolean {
    return this.#recordings.has(row, bits.whole) && isFreshlyDelivered(this.#recordings.flagsAt(row))
  }

  /** @returns the row of the recording that the object belongs to, -1 if it belongs to none in particular */
  #arrive({ key, place, listing, isFresh, isEmpty }: ShownObject): number {
    const { kind, recordingId, conversationId } = place
    if (recordingId === undefined || conversationId === undefined) return -1
    const known = this.#expectations.rowOf(recordingId, conversationId)
    if (kind !== 'recording' && kind !== 'sidecar') return known
    const row = known < 0 ? this.#learn(kind, recordingId, conversationId) : known
    if (row < 0) return -1
    this.#expectations.own(row, conversationId)
    this.files.show(row, { kind, extension: extensionOf(key, kind, recordingId), isEmpty }, listing)
    const { isDelivered, isWhole } = this.files.judge(row)
    const freshness = isFresh ? freshBit(kind) : 0
    // What was not meant and is delivered anyway is evidence like the rest. The list did not count it.
    const uncounted = isDelivered && this.#expectations.claim(row) ? bits.unlisted : 0
    const landed = (isDelivered ? bits.delivered : 0) | (isWhole ? bits.whole : 0)
    this.#recordings.change(row, landed | freshness | uncounted, bits.delivered | bits.whole)
    return row
  }

  /** The row of a recording that nobody named before a file of it came; -1 if the file is of no recording of the job. */
  #learn(kind: 'recording' | 'sidecar', recordingId: string, conversationId: string): number {
    if (this.#recordings.find(recordingId) >= 0) return -1
    // A sidecar speaks of a recording too, but a customer may call a file so: only one named by an id is believed.
    const isRecording = kind === 'recording' || isUuid(recordingId)
    if (!isRecording || !this.#expectations.covers(conversationId)) return -1
    // Where a list names the recordings, what it does not name is none.
    if (this.#expectations.isListed(conversationId)) return -1
    const row = this.#expectations.learn(recordingId, conversationId)
    this.#recordings.change(row, bits.unlisted)
    return row
  }

  /** A file looks like an attachment until its other half lands. */
  #takeBack(key: string, kind: ObjectPlace['kind'], row: number): void {
    if (!this.#companions.takeBack(key, this.#recordings.ownerAt(row))) return
    this.files.know(row)
    if (this.#companions.isFresh(key)) this.#recordings.change(row, freshBit(kind))
  }
}

/** What follows the id in the name of a media file, or of the file that a sidecar describes. */
function extensionOf(key: string, kind: 'recording' | 'sidecar', recordingId: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1, kind === 'sidecar' ? -sidecarSuffix.length : undefined)
  return name.slice(recordingId.length)
}

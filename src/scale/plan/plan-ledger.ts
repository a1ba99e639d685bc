import type { ExpectedRecording, FailedRecording } from '../../model/platform.js'
import type { ListedLedger } from '../../stages/account/ledger-view.js'
import { type PlacedRow, placeOf } from './row.js'
import type { Spool } from './spool.js'

/**
 * Takes the lists of the jobs in, and keeps none of it: each recording goes to the spool at once. What failed is kept until the
 * lists are whole, since the platform does not say in which hour it belongs.
 */
export class PlanLedger implements ListedLedger {
  readonly listed: boolean
  readonly failed = new Map<string, FailedRecording>()
  readonly #spool: Spool
  readonly #ids: Spool
  /** The ids are needed only if the conversations must be protected at the source. */
  readonly #conversations: Set<string> | undefined
  readonly #hours = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
  #size = 0
  #skipped = 0

  /**
   * @param spools of what is expected, and of the ids alone
   * @param keepsConversations whether they must be protected at the source
   */
  constructor(listed: boolean, spools: { readonly rows: Spool; readonly ids: Spool }, keepsConversations: boolean) {
    this.listed = listed
    this.#spool = spools.rows
    this.#ids = spools.ids
    this.#conversations = keepsConversations ? new Set() : undefined
  }

  /** Recordings of the lists; one that two of them name counts twice. */
  get size(): number {
    return this.#size
  }

  /** The hours of all that is expected: starts, in milliseconds. */
  get hours(): { readonly first: number; readonly last: number } {
    return this.#hours
  }

  get skipped(): number {
    return this.#skipped
  }

  get conversationCount(): number {
    return this.#conversations?.size ?? 0
  }

  *conversations(after = 0): Iterable<string> {
    let at = 0
    for (const id of this.#conversations ?? []) {
      if (at >= after) yield id
      at += 1
    }
  }

  expect(recording: ExpectedRecording): boolean {
    const { recordingId, conversationId, conversationStart, skippedReason, isLaterThanInterval } = recording
    this.#place(placeOf(conversationId, conversationStart, { kind: 'recording', recording }))
    this.#ids.add({ hour: 0, conversationId: recordingId, row: { kind: 'open', conversation: { conversationId } } })
    this.#conversations?.add(conversationId)
    if (isLaterThanInterval !== true) this.#size += 1
    if (skippedReason !== undefined) this.#skipped += 1
    return true
  }

  isNamed(): undefined {
    return undefined
  }

  open(conversationId: string, conversationStart?: string): void {
    const conversation = { conversationId, conversationStart }
    this.#place(placeOf(conversationId, conversationStart, { kind: 'open', conversation }))
    this.#conversations?.add(conversationId)
  }

  #place(placed: PlacedRow): void {
    this.#spool.add(placed)
    this.#hours.first = Math.min(this.#hours.first, placed.hour)
    this.#hours.last = Math.max(this.#hours.last, placed.hour)
  }

  failedAtSource(recordingId: string, reason?: string, conversationId?: string): void {
    this.failed.set(recordingId, {
      recordingId,
      ...(reason === undefined ? {} : { reason }),
      ...(conversationId === undefined ? {} : { conversationId }),
    })
  }

  room(): Promise<void> | undefined {
    const rooms = [this.#spool.room(), this.#ids.room()].filter((room) => room !== undefined)
    return rooms.length === 0 ? undefined : Promise.all(rooms).then(() => {})
  }
}

import { IdDigest } from '../../internal/tables/id-digest.js'
import type { ExpectedListing, ExportJob } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import type { ListedLedger } from '../account/ledger-view.js'

/** What a list says of its job as it is being read. */
export interface ListAccount {
  /** Recordings in the platform's list, those of an earlier part included. */
  expected: number
  /** Those of them that the list marks as skipped. */
  skipped: number
  /** Recordings in the list that are later than the interval, beside these. */
  later: number
  /** How the platform came to its list; `undefined` if there is none, or where it does not say. */
  listing: ExpectedListing | undefined
}

/** The list of a job, and where it is entered. */
export interface ListSubject {
  readonly platform: RecordingPlatform
  readonly job: ExportJob
  readonly request: ExportRequest
  readonly ledger: ListedLedger
  readonly account: ListAccount
  readonly signal: AbortSignal | undefined
  /** Whether agents and customers are named: they are personal data. */
  readonly includeParticipants?: boolean | undefined
  /**
   * Told of each recording and each undecided conversation.
   *
   * @param conversationStart ISO 8601; absent if the platform does not say
   * @param isKnown a recording that an earlier list named: its job exports it again
   */
  readonly onEntry?: ((conversationStart: string | undefined, isKnown: boolean) => void) | undefined
}

/** What of a list is recorded beside its counts. */
export interface ListContents {
  /** Recordings that an earlier list names as well; `undefined` if the ledger cannot know yet. */
  readonly repeated: number | undefined
  /** Hash total over those that no earlier list names. */
  readonly digest: string | undefined
  /** The first of those that are later than the interval. */
  readonly laterRecordings: readonly { readonly recordingId: string; readonly conversationId: string }[]
}

/** Recordings later than the interval that the record of a list names. */
const laterNamed = 100

/** Reads what a job is expected to export: the one place where a platform's list enters a ledger. */
export async function readExpectedList(subject: ListSubject): Promise<ListContents> {
  const { platform, job, request, ledger, account, signal, includeParticipants, onEntry } = subject
  const expected = platform.expectedRecordings(job, request, {
    signal,
    includeParticipants,
    onUndecided: ({ conversationId, conversationStart }) => {
      onEntry?.(conversationStart, false)
      ledger.open(conversationId, conversationStart)
    },
    onListing: (listing) => {
      account.listing = listing
    },
  })
  let repeated: number | undefined = 0
  const named = new IdDigest()
  const laterRecordings: { readonly recordingId: string; readonly conversationId: string }[] = []
  for await (const recording of expected) {
    const { recordingId, conversationId } = recording
    if (recording.isLaterThanInterval) {
      account.later += 1
      if (laterRecordings.length < laterNamed) laterRecordings.push({ recordingId, conversationId })
    } else {
      account.expected += 1
      const isRepeated = ledger.isNamed(recordingId)
      if (isRepeated === true) repeated = (repeated ?? 0) + 1
      else named.add(recordingId, conversationId)
      if (isRepeated === undefined) repeated = undefined
      if (recording.skippedReason !== undefined) account.skipped += 1
    }
    const isKnown = !ledger.expect(recording)
    onEntry?.(recording.conversationStart, isKnown)
    const waiting = ledger.room?.()
    if (waiting !== undefined) await waiting
  }
  return { repeated, digest: repeated === undefined ? undefined : named.hex, laterRecordings }
}

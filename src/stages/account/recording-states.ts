import { type Shortcoming, worstOf } from '../../internal/tables/fault-book.js'
import type { RecordingState } from '../../model/report.js'
import type { Arrivals } from './arrivals.js'
import type { ConversationRows } from './conversation-rows.js'
import { bits, mediumOf } from './recording-flags.js'
import type { RecordingTable } from './recording-table.js'
import { type LeftOut, type SettledRecording, type UnnamedRecordings, unnamedExceptions } from './settlement.js'
import { companionGone, gone, lackOf, mediaEmpty, sidecarMissing } from './shortcomings.js'

/** What the state of each recording follows from. */
export interface StateSources {
  readonly listed: boolean
  readonly recordings: RecordingTable
  readonly conversations: ConversationRows
  readonly arrivals: Arrivals
}

interface Found {
  readonly state: RecordingState
  readonly reason: string
  readonly key?: string
}

/** The worst faults of a recording and of its conversation, as marks of their fault books. */
interface Marks {
  readonly own: number
  readonly shared: number
}

/** Each recording with its state, then those that nobody can name, as one entry a state. */
export function* settledRecordings(
  sources: StateSources,
  unnamed: UnnamedRecordings,
  leftOut: LeftOut,
): Generator<SettledRecording, void, void> {
  const { listed, recordings, conversations, arrivals } = sources
  const { neverDelivered } = recordings.counts
  const explained = leftOut.count > 0 && neverDelivered <= leftOut.count ? leftOut.reason : undefined
  const faults = arrivals.recordingFaults.worst(recordings.size)
  const sharedFaults = arrivals.conversationFaults.worst(conversations.size)
  for (let row = 0; row < recordings.size; row += 1) {
    if (recordings.has(row, bits.withdrawn)) continue
    const owner = recordings.ownerAt(row)
    const marks = { own: faults[row] ?? 0, shared: sharedFaults[owner] ?? 0 }
    const { state, ...why } = stateOf(sources, row, marks, explained)
    const isWell = state === 'held' || state === 'repaired'
    const medium = mediumOf(recordings.flagsAt(row))
    const describe = () => ({
      recordingId: recordings.idAt(row),
      conversationId: conversations.idAt(owner),
      state,
      ...why,
      // What is missing must be recognised; what is not needs no more than its id.
      ...(isWell ? {} : { ...conversations.detailsAt(owner), ...(medium === undefined ? {} : { mediaType: medium }) }),
      ...(listed && recordings.isOffList(row) ? { listed: false as const } : {}),
    })
    yield { state, count: 1, describe }
  }
  yield* unnamedExceptions(unnamed)
}

function stateOf(sources: StateSources, row: number, marks: Marks, leftOut: string | undefined): Found {
  const { recordings, conversations, arrivals } = sources
  if (!recordings.has(row, bits.delivered)) return undelivered(sources, row, marks.own, leftOut)
  const owner = recordings.ownerAt(row)
  const absence = absenceOf(sources, row, owner)
  if (marks.own !== 0 || marks.shared !== 0 || absence !== undefined) {
    const own = arrivals.recordingFaults.shortcomingAt(row, marks.own)
    const shared = arrivals.conversationFaults.shortcomingAt(owner, marks.shared)
    const worst = worstOf(own, shared, absence)
    if (worst !== undefined) {
      const { fault, reason, key } = worst
      return { state: fault, reason, ...(key === undefined ? {} : { key }) }
    }
  }
  const repaired = recordings.has(row, bits.repaired) || conversations.isRepaired(owner)
  return { state: repaired ? 'repaired' : 'held', reason: '' }
}

/** What of a delivered recording is not there, or not there any more. */
function absenceOf(sources: StateSources, row: number, owner: number): Shortcoming | undefined {
  const { recordings, conversations, arrivals } = sources
  const { listings, files } = arrivals
  if (listings.any) {
    if (files.isGone(row)) return gone
    if (conversations.lostCompanion(owner, listings)) return companionGone
  }
  return recordings.has(row, bits.whole) ? undefined : lackOf(files.judge(row))
}

function undelivered(sources: StateSources, row: number, mark: number, leftOut: string | undefined): Found {
  const { recordings, arrivals } = sources
  if (recordings.has(row, bits.failed)) return { state: 'failedAtSource', reason: recordings.reasonAt(row) }
  if (recordings.has(row, bits.skipped)) return { state: 'skippedAtSource', reason: recordings.reasonAt(row) }
  const own = arrivals.recordingFaults.shortcomingAt(row, mark)
  if (own?.fault === 'missing' && own.key !== undefined) return { state: 'missing', reason: own.reason, key: own.key }
  if (arrivals.files.wasFound(row) && arrivals.files.isGone(row)) return { state: 'missing', reason: gone.reason }
  const files = arrivals.files.judge(row)
  if (files.hasEmptyMedia) return { state: 'missing', reason: mediaEmpty.reason }
  if (leftOut !== undefined) return { state: 'skippedAtSource', reason: leftOut }
  if (files.hasEmptyUndescribed) return { state: 'missing', reason: mediaEmpty.reason }
  if (files.hasUndescribed) return { state: 'missing', reason: sidecarMissing.reason }
  const atSource = recordings.reasonAt(row)
  return { state: 'missing', reason: atSource === '' ? 'never delivered' : `never delivered: ${atSource}` }
}

import type { ConversationRows } from './conversation-rows.js'
import { isPending } from './recording-flags.js'
import type { RecordingTable } from './recording-table.js'

/** A recording that is not wholly on S3. */
export interface PendingRecording {
  readonly recordingId: string
  readonly conversationId: string
  /** Start of the hour in which its conversation began, in milliseconds, if that is known. */
  readonly hour: number | undefined
}

/** The recordings that have not wholly landed and are not known to have failed or been skipped. */
export function* pendingRecordings(
  recordings: RecordingTable,
  conversations: ConversationRows,
): Generator<PendingRecording, void, void> {
  for (let row = 0; row < recordings.size; row += 1) {
    if (!isPending(recordings.flagsAt(row))) continue
    const owner = recordings.ownerAt(row)
    const [conversationId, hour] = [conversations.idAt(owner), conversations.hourAt(owner)]
    yield { recordingId: recordings.idAt(row), conversationId, hour }
  }
}

/**
 * Starts of the hours, in milliseconds, in which what is not on S3 yet will lie. `undefined` if it may be any hour.
 *
 * @param later rows of recordings that began after the interval, and with them what may come of the open conversations;
 *   `undefined` if these are not waited for
 */
export function awaitedHours(
  recordings: RecordingTable,
  conversations: ConversationRows,
  later: Iterable<number> | undefined,
): ReadonlySet<number> | undefined {
  const hours = new Set<number | undefined>()
  for (let row = 0; row < recordings.size && recordings.counts.pending > 0; row += 1) {
    if (isPending(recordings.flagsAt(row))) hours.add(conversations.hourAt(recordings.ownerAt(row)))
  }
  if (later !== undefined) {
    for (let row = 0; row < conversations.size; row += 1) {
      if (conversations.isOpen(row)) hours.add(conversations.hourAt(row))
    }
    for (const row of later) hours.add(conversations.hourAt(recordings.ownerAt(row)))
  }
  return hours.has(undefined) ? undefined : (hours as Set<number>)
}

/** Starts of the hours in which conversations began, in milliseconds, as far as they are known. */
export function knownHours(conversations: ConversationRows): ReadonlySet<number> {
  const hours = new Set<number>()
  for (let row = 0; row < conversations.size; row += 1) {
    const hour = conversations.hourAt(row)
    if (hour !== undefined) hours.add(hour)
  }
  return hours
}

import { hourMs } from '../../internal/durations.js'
import { conversationsOf, type Weight } from './conversations.js'
import type { PlacedRow, ShardRow } from './row.js'
import { boundBehind, type Slice, type SliceBound } from './slice.js'

/** What is cut from the rows of a plan. */
export interface CutShard {
  readonly slice: Slice
  readonly rows: readonly ShardRow[]
  /** Recordings that a list names, each once; without those later than the interval. */
  readonly recordings: number
}

/** Bytes that one shard holds at most, as far as sizes are known: what a function copies within its 15 minutes. */
const bytesPerShard = 50 * 1024 ** 3

/** How large shards are. */
export interface CutOptions {
  readonly objectsPerShard: number
  /** Objects that a recording is reckoned as: its media file and its sidecar. */
  readonly objectsPerRecording: number
  /** An hour without expected recordings may hold objects of others. At most this many hours make a shard. */
  readonly hoursPerShard: number
  /** The hours that the run looks into whether anything is expected there or not: starts, in milliseconds. */
  readonly range: { readonly first: number; readonly last: number }
}

/**
 * Cuts rows, in the order of a listing, into shards: whole hours, and between two conversations only where an hour alone does not
 * fit. Its slices cover all hours, those included in which nothing is expected.
 *
 * Where sizes are known, shards are cut by bytes as well, and a conversation with a recording that must be copied in parts
 * is a shard of its own.
 */
export async function* cut(rows: AsyncIterable<PlacedRow>, options: CutOptions): AsyncGenerator<CutShard, void, void> {
  const { objectsPerShard, objectsPerRecording, hoursPerShard, range } = options
  const mostRows = Math.max(1, Math.floor(objectsPerShard / objectsPerRecording))
  let held: ShardRow[] = []
  let bytes = 0
  let hasLarge = false
  /** Of these, the ones that stand for a recording. */
  let size = 0
  let recordings = 0
  let from: SliceBound | undefined
  /** First hour of the shard that is open. */
  let since = range.first
  let last: PlacedRow | undefined
  const close = (to: SliceBound | undefined): CutShard => {
    const shard = { slice: { ...(from && { from }), ...(to && { to }) }, rows: held, recordings }
    held = []
    bytes = 0
    hasLarge = false
    size = 0
    recordings = 0
    from = to
    since = to?.hour ?? since
    return shard
  }
  /** Ends shards so that none looks into more hours than it may. What lies before the range is looked into by its rows only. */
  function* upTo(hour: number): Generator<CutShard, void, void> {
    const end = Math.min(hour, range.last + hourMs)
    for (let start = Math.max(since, range.first); end - start > hoursPerShard * hourMs; start = since) {
      yield close({ hour: start + hoursPerShard * hourMs, name: '' })
    }
  }
  const isFull = () => size >= mostRows || hasLarge
  const fits = (weight: Weight) => weight.size <= mostRows && weight.bytes <= bytesPerShard && !weight.isLarge
  for await (const conversation of conversationsOf(rows, fits)) {
    const { hour, ofHour } = conversation
    const more = ofHour ?? conversation
    // An hour that fits is not split; of one that does not, the beginning fills what is open.
    const isOver = ofHour !== undefined && size + ofHour.size > mostRows
    const isBeyond = held.length > 0 && (more.isLarge || bytes + more.bytes > bytesPerShard || isOver)
    if (last !== undefined && (isFull() || isBeyond)) {
      yield close(
        hour === last.hour ? boundBehind(last.hour, last.conversationId) : { hour: last.hour + hourMs, name: '' },
      )
    }
    yield* upTo(hour + hourMs)
    for (const placed of conversation.rows) {
      if (isCounted(placed.row) && !isSame(last, placed)) recordings += 1
      if (isKept(placed.row)) held.push(placed.row)
      last = placed
    }
    size += conversation.size
    bytes += conversation.bytes
    hasLarge ||= conversation.isLarge
  }
  if (last !== undefined && isFull() && last.hour < range.last) {
    yield close({ hour: last.hour + hourMs, name: '' })
  }
  yield* upTo(range.last + hourMs)
  yield close(undefined)
}

/** The size of an object that must be read is for the cut alone. */
function isKept(row: ShardRow): boolean {
  return row.kind !== 'inventory' || row.line !== undefined
}

function isCounted(row: ShardRow): boolean {
  return row.kind === 'recording' && row.recording.isLaterThanInterval !== true
}

/** Two lists may name one recording. */
function isSame(last: PlacedRow | undefined, { hour, conversationId, row }: PlacedRow): boolean {
  if (last?.row.kind !== 'recording' || row.kind !== 'recording') return false
  const { recording } = last.row
  return (
    last.hour === hour &&
    last.conversationId === conversationId &&
    recording.recordingId === row.recording.recordingId &&
    recording.isLaterThanInterval !== true
  )
}

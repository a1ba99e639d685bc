import { hourMs } from '../../internal/durations.js'
import type { PlacedRow, ShardRow } from './row.js'
import { boundBehind, type Slice, type SliceBound } from './slice.js'

/** What is cut from the rows of a plan. */
export interface CutShard {
  readonly slice: Slice
  readonly rows: readonly ShardRow[]
  /** Recordings that a list names, each once; without those later than the interval. */
  readonly recordings: number
}

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
 * Cuts rows, in the order of a listing, into shards: whole hours where they fit, else between two conversations. Its slices
 * cover all hours, those included in which nothing is expected.
 */
export async function* cut(rows: AsyncIterable<PlacedRow>, options: CutOptions): AsyncGenerator<CutShard, void, void> {
  const { objectsPerShard, objectsPerRecording, hoursPerShard, range } = options
  const mostRows = Math.max(1, Math.floor(objectsPerShard / objectsPerRecording))
  let held: ShardRow[] = []
  /** Of these, the ones that stand for a recording; what an inventory has of it comes beside. */
  let size = 0
  let recordings = 0
  let from: SliceBound | undefined
  /** First hour of the shard that is open. */
  let since = range.first
  let last: PlacedRow | undefined
  const close = (to: SliceBound | undefined): CutShard => {
    const shard = { slice: { ...(from && { from }), ...(to && { to }) }, rows: held, recordings }
    held = []
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
  for await (const placed of rows) {
    if (last !== undefined && size >= mostRows) {
      if (placed.hour !== last.hour) yield close({ hour: last.hour + hourMs, name: '' })
      else if (placed.conversationId !== last.conversationId) yield close(boundBehind(last.hour, last.conversationId))
    }
    yield* upTo(placed.hour + hourMs)
    if (isCounted(placed.row) && !isSame(last, placed)) recordings += 1
    held.push(placed.row)
    if (placed.row.kind !== 'inventory') size += 1
    last = placed
  }
  if (last !== undefined && size >= mostRows && last.hour < range.last) {
    yield close({ hour: last.hour + hourMs, name: '' })
  }
  yield* upTo(range.last + hourMs)
  yield close(undefined)
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

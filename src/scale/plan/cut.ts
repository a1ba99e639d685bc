import { hourMs } from '../../internal/durations.js'
import { parseKey, roleOf } from '../../model/layout/keys.js'
import { type PlacedRow, type ShardRow, sizeOf } from './row.js'
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
/** S3 copies a larger object in parts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const singleCopyBytes = 5 * 1024 ** 3

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
  for await (const conversation of conversationsOf(rows)) {
    const { hour } = conversation
    const isBeyond = held.length > 0 && (conversation.isLarge || bytes + conversation.bytes > bytesPerShard)
    if (last !== undefined && (isFull() || isBeyond)) {
      yield close(
        hour === last.hour ? boundBehind(last.hour, last.conversationId) : { hour: last.hour + hourMs, name: '' },
      )
    }
    yield* upTo(hour + hourMs)
    for (const placed of conversation.rows) {
      if (isCounted(placed.row) && !isSame(last, placed)) recordings += 1
      if (isKept(placed.row)) held.push(placed.row)
      if (placed.row.kind !== 'inventory') size += 1
      last = placed
    }
    bytes += conversation.bytes
    hasLarge ||= conversation.isLarge
  }
  if (last !== undefined && isFull() && last.hour < range.last) {
    yield close({ hour: last.hour + hourMs, name: '' })
  }
  yield* upTo(range.last + hourMs)
  yield close(undefined)
}

/** The rows of a conversation in one hour: no shard splits them. */
interface Conversation {
  readonly hour: number
  readonly rows: readonly PlacedRow[]
  /** Of its objects, as far as their sizes are known. */
  readonly bytes: number
  /** One of its objects must be copied in parts. */
  readonly isLarge: boolean
}

async function* conversationsOf(rows: AsyncIterable<PlacedRow>): AsyncGenerator<Conversation, void, void> {
  let open: PlacedRow[] = []
  for await (const placed of rows) {
    const [first] = open
    if (first !== undefined && (first.hour !== placed.hour || first.conversationId !== placed.conversationId)) {
      yield conversationOf(first, open)
      open = []
    }
    open.push(placed)
  }
  const [first] = open
  if (first !== undefined) yield conversationOf(first, open)
}

/** What an inventory has of an object is its size; what the platform says of a recording counts where that is not known. */
function conversationOf({ hour }: PlacedRow, rows: readonly PlacedRow[]): Conversation {
  const listed = new Map<string, number>()
  const sizes: number[] = []
  for (const { row } of rows) {
    if (row.kind === 'recording') listed.set(row.recording.recordingId, row.recording.sizeBytes ?? 0)
    const bytes = row.kind === 'inventory' ? sizeOf(row) : undefined
    if (row.kind !== 'inventory' || bytes === undefined) continue
    sizes.push(bytes)
    const role = roleOf(parseKey(row.key)?.rest ?? '')
    if (role.role === 'media') listed.delete(role.recordingId)
  }
  sizes.push(...listed.values())
  return {
    hour,
    rows,
    bytes: sizes.reduce((sum, one) => sum + one, 0),
    isLarge: sizes.some((one) => one > singleCopyBytes),
  }
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

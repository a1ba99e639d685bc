import { parseKey, roleOf } from '../../model/layout/keys.js'
import { type PlacedRow, sizeOf } from './row.js'

/** How much of a shard something takes. */
export interface Weight {
  /** Rows that stand for a recording; what an inventory has of it comes beside. */
  readonly size: number
  /** Of its objects, as far as their sizes are known. */
  readonly bytes: number
  /** One of its objects must be copied in parts. */
  readonly isLarge: boolean
}

/** The rows of a conversation in one hour: no shard splits them. */
export interface Conversation extends Weight {
  readonly hour: number
  readonly rows: readonly PlacedRow[]
  /** On the first of an hour that fits into one shard: what the whole hour takes. */
  readonly ofHour?: Weight | undefined
}

/** S3 copies a larger object in parts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const singleCopyBytes = 5 * 1024 ** 3

/**
 * The conversations of rows that are in the order of a listing. An hour is looked through before its first one, as far as it fits:
 * no more than that is kept.
 *
 * @param fits whether so much may be in one shard
 */
export async function* conversationsOf(
  rows: AsyncIterable<PlacedRow>,
  fits: (weight: Weight) => boolean,
): AsyncGenerator<Conversation, void, void> {
  let kept: Conversation[] = []
  let hour: number | undefined
  let weight = weightless
  for await (const next of grouped(rows)) {
    if (next.hour !== hour) {
      yield* withHour(kept, weight)
      kept = []
      weight = weightless
      hour = next.hour
    }
    weight = sumOf(weight, next)
    kept.push(next)
    if (fits(weight)) continue
    yield* kept
    kept = []
  }
  yield* withHour(kept, weight)
}

function* withHour([first, ...rest]: readonly Conversation[], ofHour: Weight): Generator<Conversation, void, void> {
  if (first === undefined) return
  yield { ...first, ofHour }
  yield* rest
}

const weightless: Weight = { size: 0, bytes: 0, isLarge: false }

function sumOf(one: Weight, { size, bytes, isLarge }: Weight): Weight {
  return { size: one.size + size, bytes: one.bytes + bytes, isLarge: one.isLarge || isLarge }
}

async function* grouped(rows: AsyncIterable<PlacedRow>): AsyncGenerator<Conversation, void, void> {
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
  let size = 0
  for (const { row } of rows) {
    if (row.kind !== 'inventory') size += 1
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
    size,
    bytes: sizes.reduce((sum, one) => sum + one, 0),
    isLarge: sizes.some((one) => one > singleCopyBytes),
  }
}

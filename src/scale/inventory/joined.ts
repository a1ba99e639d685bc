import { parseKey, roleOf } from '../../model/layout/keys.js'
import { type InventoryRowOfKey, type PlacedRow, sizeOf } from '../plan/row.js'

/** What is seen while rows go by. */
export interface JoinedCounts {
  /** Lines of the inventory that show the hold on an object of an expected conversation. */
  lines: number
  /** Expected recordings of which the inventory has no file. */
  absent: number
}

/**
 * Puts together what is expected and what an inventory has, both in the order of a listing. What the inventory has of a
 * conversation in which nothing is expected is left out. Of several versions of a key the newest counts; where that is
 * not certain, none does: of such a key, and of an object that is not shown to be held, only the size is known.
 *
 * @param counts added up on the way
 */
export async function* joined(
  rows: AsyncIterable<PlacedRow>,
  counts: JoinedCounts,
): AsyncGenerator<PlacedRow, void, void> {
  let group: Group | undefined
  for await (const placed of rows) {
    if (group?.has(placed) !== true) {
      if (group !== undefined) yield* group.end(counts)
      group = new Group(placed)
    }
    const { row } = placed
    if (row.kind === 'inventory') {
      yield* group.list(row, counts)
      continue
    }
    group.expect(placed)
    yield placed
  }
  if (group !== undefined) yield* group.end(counts)
}

/** One conversation: what is expected comes first, then the keys in their order. */
class Group {
  readonly #first: PlacedRow
  readonly #absent = new Set<string>()
  #isExpected = false
  /** The rows of one key. */
  #rows: InventoryRowOfKey[] = []

  constructor(first: PlacedRow) {
    this.#first = first
  }

  has({ hour, conversationId }: PlacedRow): boolean {
    return this.#first.hour === hour && this.#first.conversationId === conversationId
  }

  expect({ row }: PlacedRow): void {
    this.#isExpected = true
    const isDue = row.kind === 'recording' && row.recording.isLaterThanInterval !== true
    if (isDue && row.recording.skippedReason === undefined) this.#absent.add(row.recording.recordingId)
  }

  *list(row: InventoryRowOfKey, counts: JoinedCounts): Generator<PlacedRow, void, void> {
    if (this.#rows[0]?.key !== row.key) yield* this.#close(counts)
    this.#rows.push(row)
  }

  *end(counts: JoinedCounts): Generator<PlacedRow, void, void> {
    yield* this.#close(counts)
    counts.absent += this.#absent.size
  }

  *#close(counts: JoinedCounts): Generator<PlacedRow, void, void> {
    const rows = this.#rows
    this.#rows = []
    const [first] = rows
    if (first === undefined) return
    const { key } = first
    const row = newestOf(rows)
    const there = (row === undefined ? rows : [row]).filter(({ isDeleted }) => isDeleted !== true)
    if (there.length > 0) this.#see(key)
    if (!this.#isExpected) return
    const { hour, conversationId } = this.#first
    const line = row?.line
    if (line !== undefined) {
      counts.lines += 1
      yield { hour, conversationId, row: { kind: 'inventory', key, line } }
      return
    }
    const sizes = there.flatMap((one) => sizeOf(one) ?? [])
    if (sizes.length > 0) yield { hour, conversationId, row: { kind: 'inventory', key, sizeBytes: Math.max(...sizes) } }
  }

  #see(key: string): void {
    const role = roleOf(parseKey(key)?.rest ?? '')
    if (role.role === 'media') this.#absent.delete(role.recordingId)
  }
}

const secondMs = 1_000

/** The newest of several versions; `undefined` where two may be the newest. Pure. */
function newestOf(rows: readonly InventoryRowOfKey[]): InventoryRowOfKey | undefined {
  if (rows.length < 2) return rows[0]
  const times = rows.map(({ writtenAt }) => (writtenAt === undefined ? Number.NaN : Date.parse(writtenAt)))
  if (times.some(Number.isNaN)) return undefined
  const newest = Math.max(...times)
  const nearby = rows.filter((_, at) => newest - (times[at] ?? newest) < secondMs)
  return nearby.length === 1 ? nearby[0] : undefined
}

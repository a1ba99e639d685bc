import { parseKey, roleOf } from '../../model/layout/keys.js'
import type { InventoryRowOfKey, PlacedRow } from '../plan/row.js'

/** What is seen while rows go by. */
export interface JoinedCounts {
  /** Lines of the inventory that show the hold on an object of an expected conversation. */
  lines: number
  /** Expected recordings of which the inventory has no file. */
  absent: number
}

/**
 * Puts together what is expected and what an inventory has, both in the order of a listing. What the inventory has of a
 * conversation in which nothing is expected is left out, and so is a key that it has twice: nobody knows which row is
 * right.
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
  #last: InventoryRowOfKey | undefined
  #isTwice = false

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
    if (row.isDeleted !== true) this.#see(row.key)
    if (this.#last?.key === row.key) {
      this.#isTwice = true
      return
    }
    yield* this.#close(counts)
    this.#last = row
  }

  *end(counts: JoinedCounts): Generator<PlacedRow, void, void> {
    yield* this.#close(counts)
    counts.absent += this.#absent.size
  }

  #see(key: string): void {
    const role = roleOf(parseKey(key)?.rest ?? '')
    if (role.role === 'media') this.#absent.delete(role.recordingId)
  }

  *#close(counts: JoinedCounts): Generator<PlacedRow, void, void> {
    const row = this.#last
    if (row?.line !== undefined && this.#isExpected && !this.#isTwice) {
      counts.lines += 1
      const { hour, conversationId } = this.#first
      yield { hour, conversationId, row }
    }
    this.#last = undefined
    this.#isTwice = false
  }
}

import { hourMs } from '../../internal/durations.js'
import { compareKeys } from '../../internal/key-order.js'
import { LegalHoldError } from '../../model/errors.js'
import type { InventoryLine } from '../../model/inventory/line.js'
import type { ExpectedRecording, FailedRecording, UndecidedConversation } from '../../model/platform.js'

/**
 * One line of a shard: a recording that is expected, one that failed, a conversation whose recordings are not known, or an
 * object that an inventory has.
 */
export type ShardRow =
  | { readonly kind: 'recording'; readonly recording: ExpectedRecording }
  | { readonly kind: 'failed'; readonly failed: FailedRecording }
  | { readonly kind: 'open'; readonly conversation: UndecidedConversation }
  | InventoryRowOfKey

/** What an inventory has of a key. */
export interface InventoryRowOfKey {
  readonly kind: 'inventory'
  readonly key: string
  /** It is a delete marker. */
  readonly isDeleted?: true | undefined
  /** When it was written, ISO 8601, if the inventory does not say whether it is the current version. */
  readonly writtenAt?: string | undefined
  /** Absent if it does not show the hold. Such a row is in no list. */
  readonly line?: InventoryLine | undefined
  /** Of an object without a line: what must be copied has a size, too. */
  readonly sizeBytes?: number | undefined
}

/** Bytes of an object, as far as the inventory shows them. */
export function sizeOf({ line, sizeBytes }: InventoryRowOfKey): number | undefined {
  return line?.sizeBytes ?? sizeBytes
}

/** A row with its place in the order of a listing. */
export interface PlacedRow {
  /** Start of its hour, in milliseconds. */
  readonly hour: number
  readonly conversationId: string
  readonly row: ShardRow
}

/** The place of a row by the start of its conversation, which names its folder on S3. */
export function placeOf(conversationId: string, conversationStart: string | undefined, row: ShardRow): PlacedRow {
  const start = conversationStart === undefined ? Number.NaN : Date.parse(conversationStart)
  if (Number.isNaN(start)) {
    throw new LegalHoldError(
      `The platform does not say when the conversation ${conversationId} began, so it is not known in which hour its recordings lie. Shards are hours: run this request in one process.`,
      { code: 'UNSUPPORTED', stage: 'export' },
    )
  }
  return { hour: Math.floor(start / hourMs) * hourMs, conversationId, row }
}

/** The order of a listing: by hour, then by the bytes of the conversation's folder. What an inventory has comes last. */
export function compareRows(one: PlacedRow, other: PlacedRow): number {
  if (one.hour !== other.hour) return one.hour - other.hour
  const order = compareConversations(one.conversationId, other.conversationId)
  if (order !== 0) return order
  const [isOfInventory, isOther] = [one.row.kind === 'inventory', other.row.kind === 'inventory']
  if (isOfInventory !== isOther) return isOfInventory ? 1 : -1
  return compareTexts(idOf(one.row), idOf(other.row))
}

// The folder's name ends with a slash, which sorts behind `-` and `.`: it decides only where one id may begin with the other.
function compareConversations(one: string, other: string): number {
  if (one.length === other.length) return compareTexts(one, other)
  return compareTexts(`${one}/`, `${other}/`)
}

const beyondAscii = /[^\0-\x7f]/

function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  // The order of JavaScript is that of the bytes, but beyond U+D7FF.
  if (beyondAscii.test(one) || beyondAscii.test(other)) return compareKeys(one, other)
  return one < other ? -1 : 1
}

function idOf(row: ShardRow): string {
  if (row.kind === 'recording') return row.recording.recordingId
  if (row.kind === 'inventory') return row.key
  return row.kind === 'failed' ? row.failed.recordingId : ''
}

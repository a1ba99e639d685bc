import { isUtf8 } from 'node:buffer'
import { sha256 } from '../../custody/crypto/sha256.js'
import { counted } from '../../internal/text/counted.js'

/** What the first line of a segment says. */
export interface SegmentHeader {
  /** From 1, without gaps. */
  readonly segment: number
  /** Who wrote it: an id for each time that a journal is opened. */
  readonly owner: string
  /** Milliseconds since the epoch until which nobody else may take over; 0 if the owner let go. */
  readonly deadlineMs: number
  /** Sequence of its first record, or of the next one where it has none. */
  readonly first: number
  /** How many records it has. */
  readonly records: number
  /** SHA-256 of the segment before; empty for the first. */
  readonly previous: string
}

/** One segment of a journal: who owns the journal, and records. */
export interface Segment {
  readonly header: SegmentHeader
  /** The records, one a line, without line breaks. */
  readonly lines: readonly Buffer[]
  readonly sha256: string
}

const lineBreak = 0x0a
const keyPattern = /^(\d{10})\.jsonl$/

/** The key of a segment. Ten digits: the order of the keys is that of the numbers. */
export function segmentKey(prefix: string, segment: number): string {
  return `${prefix}${String(segment).padStart(10, '0')}.jsonl`
}

/** The number of the segment that a key names; `undefined` if it names none. */
export function segmentOf(prefix: string, key: string): number | undefined {
  const match = keyPattern.exec(key.slice(prefix.length))
  return match === null ? undefined : Number(match[1])
}

/** A segment as it is stored. @param lines each with its line break */
export function encodeSegment(header: SegmentHeader, lines: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), lines])
}

/** Reads a segment; says why if it is not one. */
export function decodeSegment(content: Uint8Array): Segment | string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  if (bytes.at(-1) !== lineBreak) return 'has no end'
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  const [first, ...records] = lines
  const header = first === undefined ? undefined : headerOf(first)
  if (header === undefined) return 'does not begin with a claim'
  if (header.records !== records.length) return `claims ${counted(header.records, 'record')} and has ${records.length}`
  return { header, lines: records, sha256: sha256(bytes) }
}

function headerOf(line: Buffer): SegmentHeader | undefined {
  if (!isUtf8(line)) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { segment, owner, deadlineMs, first, records, previous } = parsed as Record<string, unknown>
  const numbers = [segment, deadlineMs, first, records]
  if (!numbers.every((one) => Number.isSafeInteger(one) && Number(one) >= 0)) return undefined
  if (typeof owner !== 'string' || owner === '' || typeof previous !== 'string') return undefined
  return parsed as SegmentHeader
}

import { randomUUID } from 'node:crypto'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import type { ShardStore } from '../ports/shard-store.js'
import { decodeSegment, encodeSegment, type Segment, type SegmentHeader, segmentKey, segmentOf } from './segment.js'

/** How far the clocks of two machines may differ, if nobody says otherwise. */
export const usualToleranceMs = 5_000

/** What a fence is made of. */
export interface FenceParts {
  readonly store: ShardStore
  readonly prefix: string
  readonly clock: Clock
  /** Until when a claim that is written now shall stand, in milliseconds since the epoch. */
  readonly until: () => number
  /** How much later than a claim's end by this machine's clock somebody else may take over, in milliseconds. */
  readonly toleranceMs: number
}

/** Attempts at a segment whose creation fails without a word on whether it is there. */
const attempts = 5
const pauseMs = 200

/**
 * Ownership of a journal in a store that can only create. The number of the next segment is the fence: of two that create
 * it, one is told that it is there. That one has lost and must not change anything any more.
 */
export class Fence {
  readonly owner = randomUUID()
  readonly #parts: FenceParts
  #last: SegmentHeader
  #sha256: string
  /** When the last claim of this owner ends. */
  #untilMs = 0
  #failure: LegalHoldError | undefined
  /** Segments are created one after another. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(parts: FenceParts, last: Segment | undefined) {
    this.#parts = parts
    this.#last = last?.header ?? { segment: 0, owner: '', deadlineMs: 0, first: 1, records: 0, previous: '' }
    this.#sha256 = last?.sha256 ?? ''
  }

  /**
   * Claims a journal.
   *
   * @throws LegalHoldError `JOURNAL_LOCKED` while the claim of another owner stands, with `details.untilMs` and `retryAfterMs`;
   *   `TIMEOUT` where the claim would be over already: whoever comes so late was frozen, and another one may have done the work
   */
  static async claim(parts: FenceParts): Promise<Fence> {
    const last = await lastSegment(parts)
    const now = parts.clock.now()
    const { deadlineMs = 0 } = last?.header ?? {}
    const leftMs = deadlineMs + parts.toleranceMs - now
    if (deadlineMs > 0 && leftMs > 0) throw heldByAnother(parts.prefix, deadlineMs, leftMs)
    if (parts.until() <= now) throw ownedFor(parts.prefix, 0)
    const fence = new Fence(parts, last)
    await fence.write(Buffer.alloc(0))
    return fence
  }

  /** Number of the last segment that is known to be there. */
  get segment(): number {
    return this.#last.segment
  }

  /** Sequence of the next record. */
  get next(): number {
    return this.#last.first + this.#last.records
  }

  /** When the claim ends, in milliseconds since the epoch. */
  get untilMs(): number {
    return this.#untilMs
  }

  /**
   * Creates the next segment. Resolves once it is durable.
   *
   * @param lines records, each with its line break
   * @throws LegalHoldError `JOURNAL_LOCKED` if another owner has created it: the journal is theirs
   */
  write(lines: Uint8Array): Promise<void> {
    return this.#serially(() => this.#create(lines, this.#parts.until()))
  }

  /** Lets go, so that the next owner need not wait. */
  release(): Promise<void> {
    return this.#serially(() => this.#create(Buffer.alloc(0), 0))
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #create(lines: Uint8Array, deadlineMs: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const { segment, first, records } = this.#last
    const header: SegmentHeader = {
      segment: segment + 1,
      owner: this.owner,
      deadlineMs: Math.ceil(deadlineMs),
      first: first + records,
      records: countLines(lines),
      previous: this.#sha256,
    }
    const content = encodeSegment(header, lines)
    await this.#settle(segmentKey(this.#parts.prefix, header.segment), content)
    this.#last = header
    const written = decodeSegment(content)
    this.#sha256 = typeof written === 'string' ? '' : written.sha256
    this.#untilMs = deadlineMs
  }

  /** An answer may be lost, and `false` may be said of one's own object: what lies there decides. */
  async #settle(key: string, content: Buffer): Promise<void> {
    const { store, clock, prefix } = this.#parts
    for (let attempt = 1; ; attempt += 1) {
      const answer = await store.create(key, content).catch((error: unknown) => ({ error }))
      if (answer === true) return
      const there = await store.read(key).catch((error: unknown) => ({ error }))
      if (there instanceof Uint8Array) {
        if (Buffer.compare(there, content) === 0) return
        throw this.#fail(takenOver(prefix))
      }
      if (attempt === attempts) throw this.#fail(unwritable(key, [answer, there]))
      await clock.sleep(pauseMs * 2 ** attempt)
    }
  }

  #fail(error: LegalHoldError): LegalHoldError {
    this.#failure = error
    return error
  }
}

/** The last segment of a journal; `undefined` if it has none. */
async function lastSegment({ store, prefix }: FenceParts): Promise<Segment | undefined> {
  let last = 0
  for await (const key of store.list(prefix)) {
    const number = segmentOf(prefix, key)
    if (number === undefined) continue
    if (number !== last + 1) throw corrupt(prefix, last + 1, 'is missing')
    last = number
  }
  if (last === 0) return undefined
  return readSegment(store, prefix, last)
}

/** Until when the claim on a journal stands, in milliseconds since the epoch; 0 if nobody has it, or it cannot be read. */
export async function claimOf(store: ShardStore, prefix: string, { signal }: CallOptions): Promise<number> {
  let last: string | undefined
  for await (const key of store.list(prefix, { signal })) if (segmentOf(prefix, key) !== undefined) last = key
  const content = last === undefined ? undefined : await store.read(last, { signal })
  const segment = content === undefined ? 'is missing' : decodeSegment(content)
  return typeof segment === 'string' ? 0 : segment.header.deadlineMs
}

/** @throws LegalHoldError `JOURNAL_CORRUPT` if it is not there or not a segment of this number */
export async function readSegment(store: ShardStore, prefix: string, number: number): Promise<Segment> {
  const content = await store.read(segmentKey(prefix, number))
  const segment = content === undefined ? 'is missing' : decodeSegment(content)
  if (typeof segment === 'string') throw corrupt(prefix, number, segment)
  if (segment.header.segment !== number) throw corrupt(prefix, number, `bears the number ${segment.header.segment}`)
  return segment
}

function countLines(lines: Uint8Array): number {
  let count = 0
  for (let at = lines.indexOf(10); at >= 0; at = lines.indexOf(10, at + 1)) count += 1
  return count
}

export function corrupt(prefix: string, segment: number, why: string): LegalHoldError {
  return new LegalHoldError(
    `Segment ${segment} of the journal ${prefix} ${why}. Something other than this library changed it, or the store lost ` +
      'it. Keep the journal as it is, and begin a new one.',
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { prefix, segment } },
  )
}

function heldByAnother(prefix: string, untilMs: number, leftMs: number): LegalHoldError {
  return new LegalHoldError(
    `Another owner holds the journal ${prefix} until ${new Date(untilMs).toISOString()}, and nobody takes over before that. If it ` +
      `was killed, repeat in ${Math.ceil(leftMs / 1_000)} s: its claim is over then. If it lives, it renews its claim: wait for it, or end it.`,
    { code: 'JOURNAL_LOCKED', stage: 'journal', retryAfterMs: Math.ceil(leftMs), details: { prefix, untilMs } },
  )
}

/** What is said to an owner whose claim is over, or nearly. */
export function ownedFor(prefix: string, leftMs: number): LegalHoldError {
  return new LegalHoldError(
    `The journal ${prefix} is this owner's for ${Math.max(0, leftMs)} ms only: nothing more is begun. Resume with the same journal.`,
    { code: 'TIMEOUT', stage: 'journal', retryable: false, details: { prefix } },
  )
}

function takenOver(prefix: string): LegalHoldError {
  return new LegalHoldError(
    `Another owner has taken over the journal ${prefix}. What is on record stays; this one stops before its next change.`,
    { code: 'JOURNAL_LOCKED', stage: 'journal', details: { prefix } },
  )
}

function unwritable(key: string, answers: readonly unknown[]): LegalHoldError {
  const errors = answers.flatMap((answer) =>
    typeof answer === 'object' && answer !== null && 'error' in answer ? [answer.error] : [],
  )
  const [cause] = errors
  const why = cause instanceof Error ? cause.message : 'the store neither creates nor shows it'
  return new LegalHoldError(
    `The segment ${key} of a journal cannot be written: ${why}. Nothing is done that is not on record: see to the store, ` +
      'and run again with the same journal.',
    { code: 'JOURNAL_UNWRITABLE', stage: 'journal', details: { key }, cause },
  )
}

import { parseRecord, recordLine } from '../../custody/journal/record.js'
import { GroupWriter } from '../../custody/journal/writer.js'
import { systemClock } from '../../internal/clock.js'
import { minuteMs } from '../../internal/durations.js'
import { OptionCheck } from '../../internal/option-check.js'
import { InPieces } from '../../internal/streams/source.js'
import type { JournalRecord } from '../../model/record.js'
import { isPort } from '../../options/checks.js'
import type { AppendOptions, Journal } from '../../ports/journal.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import type { ShardStore } from '../ports/shard-store.js'
import { Fence, ownedFor, usualToleranceMs } from './fence.js'
import { segmentsOf } from './stored-segments.js'

/** Options of {@link ObjectJournal}. */
export interface ObjectJournalOptions {
  readonly store: ShardStore
  /** Where its segments lie in the store; ends with `/`. */
  readonly prefix: string
  /**
   * Milliseconds since the epoch at which this process is ended from outside, as a function of AWS Lambda is. The journal is
   * this owner's until then, and no longer.
   *
   * @defaultValue none: the claim is renewed as long as the process lives
   */
  readonly deadlineMs?: number | undefined
  /** How long a claim stands that is not renewed: so long nobody resumes after a crash. @defaultValue 60000 */
  readonly leaseMs?: number | undefined
  /** How far the clocks of two machines may differ. @defaultValue 5000 */
  readonly clockToleranceMs?: number | undefined
  /** Buffered records are durable at the latest after this. @defaultValue 1000 */
  readonly flushIntervalMs?: number | undefined
  readonly clock?: Clock | undefined
}

type Settings = {
  readonly [Name in Exclude<keyof ObjectJournalOptions, 'deadlineMs'>]-?: Exclude<ObjectJournalOptions[Name], undefined>
} & Pick<ObjectJournalOptions, 'deadlineMs'>

interface Session {
  readonly fence: Fence
  readonly writer: GroupWriter
  /** Renews the claim while nothing is written. */
  readonly heartbeat: NodeJS.Timeout | undefined
  /** Sequence of the last record. */
  sequence: number
}

/**
 * A journal in a {@link ShardStore}, for processes without a disk. Records lie in numbered segments, each created once; those
 * that arrive while one is on its way form the next.
 *
 * The number of the segment is the fence. An owner whose next segment is there already has lost the journal
 * (`JOURNAL_LOCKED`) and stops before its next change. Each segment says until when its owner claims the journal, and nobody
 * takes over before that.
 *
 * @example
 * ```ts
 * const journal = new ObjectJournal({ store, prefix: 'matters/2023-10/' })
 * const report = await exporter.run(request, { journal })
 * ```
 *
 * Every call may throw `JOURNAL_LOCKED`, `JOURNAL_CORRUPT` or `JOURNAL_UNWRITABLE`.
 */
export class ObjectJournal implements Journal {
  readonly prefix: string
  readonly #options: Settings
  #opened: Promise<Session> | undefined
  #session: Session | undefined

  /** @throws LegalHoldError `INVALID_OPTIONS` */
  constructor(options: ObjectJournalOptions) {
    checkOptions(options)
    const { store, prefix, deadlineMs, leaseMs = minuteMs, clockToleranceMs = usualToleranceMs } = options
    const { flushIntervalMs = 1_000, clock = systemClock } = options
    this.prefix = prefix
    this.#options = { store, prefix, deadlineMs, leaseMs, clockToleranceMs, flushIntervalMs, clock }
  }

  async open(): Promise<void> {
    await this.#ready()
  }

  async append(record: Omit<JournalRecord, 'sequence'>, options: AppendOptions = {}): Promise<JournalRecord> {
    const { time, runId, type } = record
    let { data } = record
    let session = this.#session
    if (session === undefined) {
      // As it is now: by the time that the journal is open it may have been changed.
      data = JSON.parse(JSON.stringify(data))
      session = await this.#ready()
    }
    session.sequence += 1
    const written = { sequence: session.sequence, time, runId, type, data }
    const line = recordLine(written)
    await (options.buffered === true ? session.writer.buffer(line) : session.writer.append(line))
    return written
  }

  async *entries(options: CallOptions = {}): AsyncGenerator<JournalRecord, void, void> {
    let sequence = 0
    for await (const lines of this.#lineBatches(options)) {
      for (const line of lines) {
        sequence += 1
        yield parseRecord(line, sequence, this.prefix)
      }
    }
  }

  /** The records as they are stored. Segments that do not follow each other are `JOURNAL_CORRUPT`. */
  lines(options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return new InPieces(() => this.#lineBatches(options))
  }

  async *#lineBatches({ signal }: CallOptions): AsyncGenerator<readonly Buffer[], void, void> {
    const { store, prefix } = this.#options
    await this.#session?.writer.flush()
    for await (const segment of segmentsOf(store, prefix, { signal })) yield segment.lines
  }

  async head(): Promise<JournalRecord | undefined> {
    let last: JournalRecord | undefined
    for await (const record of this.entries()) last = record
    return last
  }

  /**
   * Resolves only while the journal is this owner's, and will be for a while: to be awaited right before a change. A claim that
   * is about to end is renewed first.
   *
   * @param marginMs how long the change may take
   * @throws LegalHoldError `JOURNAL_LOCKED` if another owner has it; `TIMEOUT` if the deadline is too near
   */
  async requireOwnership(marginMs = 0): Promise<void> {
    const { fence } = await this.#ready()
    const { clock, deadlineMs, leaseMs } = this.#options
    const leftMs = () => fence.untilMs - clock.now()
    const leastMs = deadlineMs === undefined ? Math.max(marginMs, leaseMs / 3) : marginMs
    if (leftMs() > leastMs) return
    if (deadlineMs === undefined) await fence.write(Buffer.alloc(0))
    if (leftMs() > marginMs) return
    throw ownedFor(this.prefix, leftMs())
  }

  /**
   * Throws once the claim is over by this machine's clock: to be called right before a request that changes something. What was
   * asked by {@link ObjectJournal.requireOwnership} may be long ago for a process that was frozen since.
   *
   * @throws LegalHoldError `TIMEOUT`
   */
  requireClaim(): void {
    const leftMs = (this.#session?.fence.untilMs ?? 0) - this.#options.clock.now()
    if (leftMs <= 0) throw ownedFor(this.prefix, leftMs)
  }

  /** Makes durable what was buffered, and lets go of the journal: the next owner need not wait. */
  async close(): Promise<void> {
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    this.#session = undefined
    const session = await opened.catch(() => undefined)
    if (session === undefined) return
    clearInterval(session.heartbeat)
    try {
      await session.writer.flush()
      await session.fence.release()
    } finally {
      session.writer.stop()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // An error that ended the block says more than that the journal was lost.
    await this.close().catch(() => {})
  }

  #ready(): Promise<Session> {
    if (this.#opened !== undefined) return this.#opened
    const opened = this.#start()
    this.#opened = opened
    opened.catch(() => {
      // A journal that could not be opened may be tried again.
      if (this.#opened === opened) this.#opened = undefined
    })
    return opened
  }

  async #start(): Promise<Session> {
    const { store, prefix, clock, deadlineMs, leaseMs, clockToleranceMs, flushIntervalMs } = this.#options
    const until = () => deadlineMs ?? clock.now() + leaseMs
    const fence = await Fence.claim({ store, prefix, clock, until, toleranceMs: clockToleranceMs })
    const sink = new SegmentSink(fence)
    const writer = new GroupWriter(sink, { flushIntervalMs, flushLength: 1 << 20, maxLength: 1 << 21 })
    const session = { fence, writer, heartbeat: this.#beat(fence), sequence: fence.next - 1 }
    this.#session = session
    return session
  }

  #beat(fence: Fence): NodeJS.Timeout | undefined {
    const { clock, deadlineMs, leaseMs } = this.#options
    if (deadlineMs !== undefined) return undefined
    const renew = () => {
      // Whoever has lost the journal hears of it before the next change.
      if (fence.untilMs - clock.now() < leaseMs / 2) fence.write(Buffer.alloc(0)).catch(() => {})
    }
    return setInterval(renew, Math.max(1, leaseMs / 4)).unref()
  }
}

/** Makes a segment of each group of lines. */
class SegmentSink {
  readonly #fence: Fence
  #group: Buffer = Buffer.alloc(0)

  constructor(fence: Fence) {
    this.#fence = fence
  }

  async write(bytes: Buffer): Promise<void> {
    // The buffer is the writer's again once this has resolved.
    this.#group = Buffer.concat([this.#group, bytes])
  }

  async sync(): Promise<void> {
    const group = this.#group
    this.#group = Buffer.alloc(0)
    await this.#fence.write(group)
  }
}

function checkOptions(options: unknown): void {
  const given = (options ?? {}) as Record<string, unknown>
  const mistakes = new OptionCheck('The options of ObjectJournal')
  const { check } = mistakes
  check(isPort(given.store, ['create', 'read', 'list']), 'store', 'must be a ShardStore')
  const { prefix } = given
  check(typeof prefix === 'string' && prefix.endsWith('/'), 'prefix', "must be a text that ends with '/'")
  for (const name of ['deadlineMs', 'leaseMs', 'clockToleranceMs', 'flushIntervalMs']) {
    const value = given[name]
    check(value === undefined || (Number.isFinite(value) && Number(value) >= 0), name, 'must be a number of at least 0')
  }
  check(given.clock === undefined || isPort(given.clock, ['now', 'sleep']), 'clock', 'must be a Clock')
  mistakes.throwIfAny()
}

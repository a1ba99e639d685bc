import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { withDefaults } from '../../internal/defaults.js'
import { InPieces } from '../../internal/streams/source.js'
import { LegalHoldError } from '../../model/errors.js'
import type { JournalRecord } from '../../model/record.js'
import type { AppendOptions, Journal } from '../../ports/journal.js'
import type { CallOptions } from '../../ports/runtime.js'
import { makeDirectory } from './directories.js'
import { JournalFile } from './file.js'
import { readLines } from './lines.js'
import { type HeldLock, type LockOwner, takeLock } from './lock.js'
import { parseRecord, recordLine } from './record.js'
import { GroupWriter } from './writer.js'

/** Options of {@link FileJournal}. */
export interface FileJournalOptions {
  /** Buffered records become durable within this time, in milliseconds. @defaultValue 100 */
  readonly flushIntervalMs?: number | undefined
}

/** What was found when a journal was opened. */
export interface JournalOpening {
  /** Records that the journal already had. */
  readonly records: number
  /** Bytes of a torn last line after a crash, which were removed. */
  readonly tornBytes: number
  /** The dead process whose lock was taken over. */
  readonly takenOverFrom?: Pick<LockOwner, 'pid' | 'host' | 'takenAt'> | undefined
}

/**
 * Tells the bytes that a journal writes, whole lines with their ends, in their order. The listener must neither throw nor keep
 * the bytes; it takes the place of an earlier one.
 */
export let observeBytes: (journal: FileJournal, listener: (bytes: Uint8Array) => void) => void

interface Session {
  readonly file: JournalFile
  readonly lock: HeldLock
  readonly writer: GroupWriter
  readonly opening: JournalOpening
  /** Sequence of the last record. */
  sequence: number
  lastLine: string | undefined
}

/**
 * A journal in its own directory. `records.jsonl` has one final record per line (JSON Lines), whose bytes never
 * change after they are written. `journal.lock` exists while somebody writes.
 *
 * Records are made durable in groups, so that the lanes of a run share one fsync. Opening reads the whole journal.
 * A last line that a crash tore is removed, and anything else that is not a valid record is `JOURNAL_CORRUPT`. The
 * lock of a dead process is taken over. While a process lives, a second one is refused with `JOURNAL_LOCKED`. The
 * first record opens the journal, if it is not open yet. Reading needs no lock.
 *
 * Keep it on a local disk: network file systems may lack links, or an fsync that can be relied on.
 *
 * @example
 * ```ts
 * const report = await exporter.run(request, { journal: new FileJournal('./matter-2023-10') })
 * ```
 *
 * Every call may throw `JOURNAL_LOCKED`, `JOURNAL_CORRUPT` (with `details.line`) or `JOURNAL_UNWRITABLE`.
 */
export class FileJournal implements Journal {
  readonly directory: string
  /** The file with the records. */
  readonly path: string
  readonly #flushIntervalMs: number
  #opened: Promise<Session> | undefined
  /** Set as soon as `#opened` has resolved. */
  #session: Session | undefined
  #onBytes: ((bytes: Uint8Array) => void) | undefined
  /** Somebody was told that the journal cannot be written. */
  #isFailureKnown = false

  static {
    observeBytes = (journal, listener) => {
      journal.#onBytes = listener
    }
  }

  /** @throws LegalHoldError `INVALID_OPTIONS` */
  constructor(directory: string, options: FileJournalOptions = {}) {
    if (typeof directory !== 'string' || directory === '') {
      throw new LegalHoldError('A FileJournal needs the directory that it lies in, as a text.', {
        code: 'INVALID_OPTIONS',
        stage: 'options',
      })
    }
    this.directory = directory
    this.path = join(directory, 'records.jsonl')
    this.#flushIntervalMs = withDefaults({ flushIntervalMs: 100 }, options).flushIntervalMs
  }

  async open(): Promise<JournalOpening> {
    return (await this.#ready()).opening
  }

  async append(
    record: Omit<JournalRecord, 'sequence'>,
    { buffered = false }: AppendOptions = {},
  ): Promise<JournalRecord> {
    const { time, runId, type } = record
    let { data } = record
    let session = this.#session
    if (session === undefined) {
      // As it is now: by the time that the journal is open it may have been changed.
      data = JSON.parse(JSON.stringify(data))
      session = await this.#ready()
    }
    const written = { sequence: session.sequence + 1, time, runId, type, data }
    const line = recordLine(written)
    session.sequence += 1
    session.lastLine = line
    try {
      const taken = buffered ? session.writer.buffer(line) : session.writer.append(line)
      if (taken !== undefined) await taken
    } catch (error) {
      this.#isFailureKnown = true
      throw unwritable(this.path, error)
    }
    return written
  }

  async *entries({ signal }: CallOptions = {}): AsyncGenerator<JournalRecord, void, void> {
    for await (const { lines, first } of this.#batches(signal)) {
      for (const [at, line] of lines.entries()) yield parseRecord(line, first + at, this.path)
    }
  }

  /** The complete lines of the file, as they are. Each is valid until the next is requested. */
  lines({ signal }: CallOptions = {}): AsyncIterable<Uint8Array> {
    return new InPieces(() => this.#lineBatches(signal))
  }

  async head(): Promise<JournalRecord | undefined> {
    if (this.#session?.lastLine !== undefined) {
      const { lastLine, sequence } = this.#session
      return parseRecord(Buffer.from(lastLine), sequence, this.path)
    }
    let last: JournalRecord | undefined
    for await (const { lines, first } of this.#batches(undefined)) {
      const line = lines.at(-1)
      if (line !== undefined) last = parseRecord(line, first + lines.length - 1, this.path)
    }
    return last
  }

  /** Resolves once everything that was appended is durable. */
  async flush(): Promise<void> {
    try {
      await this.#session?.writer.flush()
    } catch (error) {
      this.#isFailureKnown = true
      throw unwritable(this.path, error)
    }
  }

  /** Makes appended records durable, and releases file and lock. */
  async close(): Promise<void> {
    const opened = this.#opened
    if (opened === undefined) return
    const session = await opened
    if (this.#opened !== opened) return
    this.#opened = undefined
    this.#session = undefined
    try {
      await finish(session)
    } catch (error) {
      throw unwritable(this.path, error)
    }
  }

  /**
   * Closes the journal at the end of an `await using` block. It throws only if nobody was told yet that records
   * were lost. A second error would hide the one that ended the block.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    if (opened === undefined) return
    try {
      await this.close()
    } catch (error) {
      if (!this.#isFailureKnown) throw error
    }
  }

  async *#lineBatches(signal: AbortSignal | undefined): AsyncGenerator<readonly Buffer[], void, void> {
    for await (const { lines } of this.#batches(signal)) yield lines
  }

  async *#batches(signal: AbortSignal | undefined) {
    if (this.#session !== undefined) {
      await this.flush()
      const { file } = this.#session
      yield* readLines(file.handle, this.path, { untilBytes: file.durableBytes, signal })
      return
    }
    const file = await openForReading(this.path)
    if (file === undefined) return
    try {
      yield* readLines(file, this.path, { signal })
    } finally {
      await file.close()
    }
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
    let lock: HeldLock | undefined
    let file: JournalFile | undefined
    try {
      await makeDirectory(this.directory, 0o700)
      lock = await takeLock(join(this.directory, 'journal.lock'))
      file = await JournalFile.open({ path: this.path, lock, onWritten: (bytes) => this.#onBytes?.(bytes) })
      const session = await this.#recover(file, lock)
      this.#isFailureKnown = false
      this.#session = session
      return session
    } catch (error) {
      await file?.handle.close().catch(() => {})
      await lock?.release().catch(() => {})
      throw unwritable(this.path, error)
    }
  }

  /** Reads what is there and cuts off a torn last line. */
  async #recover(file: JournalFile, lock: HeldLock): Promise<Session> {
    let sequence = 0
    let lastLine: string | undefined
    const tornBytes = await file.recover(this.directory, ({ lines, first }) => {
      for (const [at, line] of lines.entries()) sequence = parseRecord(line, first + at, this.path).sequence
      lastLine = lines.at(-1)?.toString('utf8')
    })
    const { takenOverFrom } = lock
    return {
      file,
      lock,
      writer: new GroupWriter(file, {
        flushIntervalMs: this.#flushIntervalMs,
        flushLength: 1 << 20,
        maxLength: 1 << 21,
      }),
      opening: { records: sequence, tornBytes, ...(takenOverFrom === undefined ? {} : { takenOverFrom }) },
      sequence,
      lastLine,
    }
  }
}

async function openForReading(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unwritable(path, error)
  }
}

/** Makes everything durable, looks whether it is there, and lets go of file and lock whatever comes of that. */
async function finish({ file, lock, writer }: Session): Promise<void> {
  const failures: unknown[] = []
  const attempt = (work: Promise<void>) => work.catch((error: unknown) => failures.push(error))
  await attempt(writer.flush().then(() => file.checkAll()))
  writer.stop()
  // A disk that refuses to write may refuse this too; opening the journal cuts off a torn line anyway.
  if (failures.length > 0) await file.cutOff().catch(() => {})
  await attempt(file.handle.close())
  await attempt(lock.release())
  // The first is why the others failed.
  if (failures.length > 0) throw failures[0]
}

function unwritable(path: string, error: unknown): LegalHoldError {
  if (LegalHoldError.isInstance(error)) return error
  const { message } = error instanceof Error ? error : new Error(String(error))
  return new LegalHoldError(
    `The journal ${path} cannot be written or read: ${message}. Nothing is done that is not on record: make room, or ` +
      'give it the rights it needs, and run again with the same journal.',
    { code: 'JOURNAL_UNWRITABLE', stage: 'journal', details: { path }, cause: error },
  )
}

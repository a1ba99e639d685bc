import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OptionCheck } from '../../internal/option-check.js'
import type { LegalHoldError } from '../../model/errors.js'
import type { HashContent, SealedEvidence } from '../../model/evidence.js'
import type { JournalRecord } from '../../model/record.js'
import type { EvidenceSink, SealCallOptions } from '../../ports/evidence.js'
import type { AppendOptions, Journal } from '../../ports/journal.js'
import type { CallOptions } from '../../ports/runtime.js'
import { journalLines, lineOf } from '../bundle/record-lines.js'
import { FileJournal, observeBytes } from '../journal/file-journal.js'
import { notSealed } from './not-sealed.js'
import { checkPlace, makeFolder, refuseSealed, type SealOptions, sealAsWritten } from './seal.js'
import { refuseSealedIn } from './seal-elsewhere.js'

/** Options of {@link evidenceBundle}. */
export interface EvidenceBundleOptions extends SealOptions {
  /**
   * When to read an object's content for its SHA-256: `missing` (if S3 holds no checksum of it), `all`, or `none`.
   *
   * @defaultValue 'missing'
   */
  readonly hashContent?: HashContent | undefined
}

/**
 * Evidence of one run, for its option `evidence`: `run(request, { evidence: evidenceBundle({ dir, signer }) })`.
 * The records are hashed as they are written, and what is sealed must be the same. A resumed run starts from the records of
 * the journal. A run without a journal keeps one in the folder `journal` of the bundle until it is sealed. With a `writer` the
 * run needs a journal.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function evidenceBundle(options: EvidenceBundleOptions): EvidenceSink {
  return new EvidenceBundle(options)
}

const ownJournal = 'journal'
const lineEnd = '\n'

/** Before the run, not when it is sealed hours later. */
function checkBundleOptions(options: unknown): void {
  const { signer, hashContent = 'missing' } = (options ?? {}) as Record<string, unknown>
  const { publicKey, sign } = (signer ?? {}) as Record<string, unknown>
  const mistakes = new OptionCheck('The options of evidenceBundle')
  const { check } = mistakes
  checkPlace(options, mistakes)
  check(
    typeof publicKey === 'function' && typeof sign === 'function',
    'signer',
    'must be a Signer: new KeyFileSigner({ pem }), or your own',
  )
  const isRule = hashContent === 'missing' || hashContent === 'all' || hashContent === 'none'
  check(isRule, 'hashContent', "must be 'missing', 'all' or 'none'")
  mistakes.throwIfAny()
}

class EvidenceBundle implements EvidenceSink {
  readonly hashContent: HashContent
  readonly #options: EvidenceBundleOptions

  constructor(options: EvidenceBundleOptions) {
    checkBundleOptions(options)
    this.#options = options
    this.hashContent = options.hashContent ?? 'missing'
  }

  async open(journal: Journal | undefined, options: CallOptions = {}): Promise<Journal> {
    const { dir = '', writer } = this.#options
    if (writer !== undefined) {
      await refuseSealedIn(writer, options)
      if (journal === undefined) throw needsJournal(writer.place)
    } else {
      await refuseSealed(dir)
      const takeAway = await makeFolder(dir)
      // That it can be made is found out now; a run that ends before it is sealed leaves none.
      if (journal !== undefined) await takeAway()
    }
    return GrowingJournal.over(journal ?? new FileJournal(join(dir, ownJournal)), journal === undefined, options)
  }

  async seal(journal: Journal, options: SealCallOptions = {}): Promise<SealedEvidence> {
    // Each journal knows what was written to it: a bundle may be given to several runs, of which the first seals it.
    const growing = journal instanceof GrowingJournal ? journal : undefined
    const { clock, timestamp } = this.#options
    const { signal } = options
    const sealed = await sealAsWritten(journal, {
      ...this.#options,
      signal,
      // An authority stamps the time that the machine has, and not the one that a run is told.
      clock: clock ?? (timestamp === undefined ? options.clock : undefined),
      hashContent: this.hashContent,
      expectedSha256: growing && (() => growing.sha256()),
    })
    if (growing?.isOwn === true) {
      await growing.close()
      await rm(join(this.#options.dir ?? '', ownJournal), { recursive: true, force: true })
    }
    return sealed
  }
}

function needsJournal(place: string): LegalHoldError {
  return notSealed(
    `a run whose evidence goes to ${place} needs a journal of its own: there is no folder to keep one in. Give \`journal\`, e.g. an ObjectJournal.`,
  )
}

/** Hands everything on to the run's journal, and hashes each record as it becomes final. */
class GrowingJournal implements Journal {
  /** Whether it lies in the bundle's folder, and is of no use once that is sealed. */
  readonly isOwn: boolean
  readonly #inner: Journal
  /** Of all lines with their ends: what the file of records in the bundle must have. */
  readonly #hash = createHash('sha256')
  #hashed = 0
  /** Lines that were answered before those in front of them. */
  readonly #early = new Map<number, Buffer>()
  readonly lines?: NonNullable<Journal['lines']>

  private constructor(inner: Journal, isOwn: boolean) {
    this.#inner = inner
    this.isOwn = isOwn
    if (inner.lines !== undefined) this.lines = inner.lines.bind(inner)
  }

  static async over(inner: Journal, isOwn: boolean, options: CallOptions): Promise<GrowingJournal> {
    const growing = new GrowingJournal(inner, isOwn)
    for await (const lines of journalLines(inner, options)) for (const { line } of lines) growing.#add(line)
    if (inner instanceof FileJournal) observeBytes(inner, (bytes) => growing.#hash.update(bytes))
    return growing
  }

  append(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord> {
    return this.#inner instanceof FileJournal
      ? this.#inner.append(record, options)
      : this.#appendAndHash(record, options)
  }

  async #appendAndHash(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord> {
    const written = await this.#inner.append(record, options)
    this.#early.set(written.sequence, lineOf(written))
    for (let line = this.#next(); line !== undefined; line = this.#next()) this.#add(line)
    return written
  }

  entries(options?: CallOptions): AsyncIterable<JournalRecord> {
    return this.#inner.entries(options)
  }

  head(): Promise<JournalRecord | undefined> {
    return this.#inner.head()
  }

  async open(): Promise<void> {
    await this.#inner.open?.()
  }

  async close(): Promise<void> {
    await this.#inner.close?.()
  }

  /** Of all records that are final. */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  #add(line: Buffer): void {
    this.#hash.update(line).update(lineEnd)
    this.#hashed += 1
  }

  #next(): Buffer | undefined {
    const sequence = this.#hashed + 1
    const line = this.#early.get(sequence)
    this.#early.delete(sequence)
    return line
  }
}

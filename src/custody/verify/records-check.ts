import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { AccountCheck } from '../../journal/check/account-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { JournalRecord } from '../../model/record.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import { RecordCounter } from '../bundle/record-counts.js'
import { fileLines, objectNameOf } from '../bundle/record-lines.js'
import { leafHash, MerkleTree } from '../crypto/merkle.js'
import { readRecord } from '../journal/record.js'

/** What is wrong with a line. */
export interface LineProblem {
  readonly code: 'record-malformed' | 'record-changed' | 'record-contradictory' | 'sequence-gap'
  readonly message: string
  readonly line: number
}

/** What the lines of a bundle are, counted and hashed again. */
export interface CheckedRecords {
  /** The first bad line, for each way in which a line can be bad. */
  readonly problems: readonly LineProblem[]
  readonly rootHash: string
  readonly treeSize: number
  readonly counter: RecordCounter
  /** The last record about the object that was asked for. */
  readonly wanted: { readonly line: number; readonly record: JournalRecord } | undefined
}

const leafBytes = 32

/**
 * Reads the records of a bundle once, in constant memory. The leaf hashes beside them name the first line that is not
 * what was sealed; what they say counts only as far as the signed root agrees.
 *
 * @param wanted `BUCKET/KEY` of an object whose last record is looked for
 * @returns `undefined` if the file is missing
 */
export async function checkRecords(
  dir: string,
  wanted: string | undefined,
  options: CallOptions,
): Promise<CheckedRecords | undefined> {
  const leaves = await open(join(dir, bundleFiles.leaves), 'r').catch(() => undefined)
  const check = new RecordCheck(leaves, wanted)
  try {
    for await (const { lines, tornBytes } of fileLines(join(dir, bundleFiles.records), options)) {
      await check.add(lines)
      if (tornBytes > 0) check.torn(tornBytes)
    }
    await check.end()
    return check.result()
  } catch (error) {
    // A line that is longer than any record: the rest is not looked at.
    if (LegalHoldError.isInstance(error) && error.code === 'JOURNAL_CORRUPT') return check.unbounded().result()
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined
    throw error
  } finally {
    await leaves?.close()
  }
}

class RecordCheck {
  readonly #leaves: FileHandle | undefined
  readonly #wanted: string | undefined
  readonly #problems = new Map<string, LineProblem>()
  readonly #tree = new MerkleTree()
  readonly #counter = new RecordCounter()
  readonly #account = new AccountCheck()
  #found: CheckedRecords['wanted']

  constructor(leaves: FileHandle | undefined, wanted: string | undefined) {
    this.#leaves = leaves
    this.#wanted = wanted
  }

  async add(lines: readonly Buffer[]): Promise<void> {
    const expected = await this.#expected(lines.length)
    for (const [at, line] of lines.entries()) {
      const leaf = leafHash(line)
      const sealed = expected.subarray(at * leafBytes, (at + 1) * leafBytes)
      this.#tree.append(leaf)
      const number = this.#tree.size
      if (this.#leaves !== undefined && !leaf.equals(sealed)) {
        this.#note(
          'record-changed',
          number,
          sealed.length === 0 ? 'was not sealed' : 'is not the record that was sealed',
        )
      }
      this.#read(line, number)
    }
  }

  torn(bytes: number): void {
    this.#note('record-malformed', this.#tree.size + 1, `has no end: ${bytes} bytes without a line break`)
  }

  unbounded(): this {
    this.#note('record-malformed', this.#tree.size + 1, 'is far longer than any record')
    return this
  }

  /** Leaves without a line: something was cut off at the end. */
  async end(): Promise<void> {
    if ((await this.#expected(1)).length > 0)
      this.#note('record-changed', this.#tree.size + 1, 'was sealed and is missing')
  }

  result(): CheckedRecords {
    const problems = [...this.#problems.values()].sort((a, b) => a.line - b.line)
    const rootHash = this.#tree.root().toString('hex')
    return { problems, rootHash, treeSize: this.#tree.size, counter: this.#counter, wanted: this.#found }
  }

  async #expected(count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count * leafBytes)
    const { bytesRead = 0 } = (await this.#leaves?.read(bytes, 0, bytes.length, this.#tree.size * leafBytes)) ?? {}
    return bytes.subarray(0, bytesRead)
  }

  #read(line: Buffer, number: number): void {
    const record = readRecord(line)
    if (typeof record === 'string') {
      this.#note('record-malformed', number, record)
      return
    }
    if (record.sequence !== number) this.#note('sequence-gap', number, `is numbered ${record.sequence}`)
    this.#counter.add(record)
    const checked = this.#account.take(record)
    if (typeof checked === 'string') this.#note('record-contradictory', number, checked)
    if (this.#wanted === undefined || record.type !== 'verdict') return
    if (objectNameOf(record) === this.#wanted) this.#found = { line: number, record }
  }

  #note(code: LineProblem['code'], line: number, what: string): void {
    if (!this.#problems.has(code)) this.#problems.set(code, { code, line, message: `Line ${line} ${what}.` })
  }
}

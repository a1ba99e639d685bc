import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AccountCheck } from '../account-check.js'
import { LegalHoldError } from '../errors.js'
import type { CallOptions, Journal, JournalRecord } from '../ports.js'
import type { RecordingException } from '../report.js'
import { ArrivalCounter } from './arrivals.js'
import { bundleFiles } from './bundle.js'
import { csvHeader, csvLine } from './exceptions-csv.js'
import { FileWriter } from './file-writer.js'
import { leafHash, MerkleTree } from './merkle.js'
import { RecordCounter } from './record-counts.js'
import { journalLines } from './record-lines.js'

/** The statement until everything else is there. */
export const partialStatement = `${bundleFiles.statement}.partial`

const lineBreak = Buffer.from('\n')
// Of those the page shows as many as fit into it.
const mostExceptions = 5_000

/** What the page needs beside the report, gathered while the records go by. */
export class RecordDigest {
  readonly counter = new RecordCounter()
  readonly #arrivals = new ArrivalCounter()
  #exceptions: RecordingException[] = []
  #exceptionCount = 0

  /** Returns the exception that the record is, if it is one. */
  add(record: JournalRecord): RecordingException | undefined {
    this.counter.add(record)
    const { type, data } = record
    if (type === 'run-started' || type === 'run-resumed') {
      this.#exceptions = []
      this.#exceptionCount = 0
    }
    if (type === 'verdict') {
      const { before } = data as { before?: { lastModified?: string } }
      if (before?.lastModified !== undefined) this.#arrivals.add(Date.parse(before.lastModified))
    }
    if (type !== 'recording' || data.state === 'held' || data.state === 'repaired') return undefined
    const exception = data as unknown as RecordingException
    this.#exceptionCount += exception.count ?? 1
    if (this.#exceptions.length < mostExceptions) this.#exceptions.push(exception)
    return exception
  }

  get arrivals() {
    return this.#arrivals.arrivals()
  }

  get exceptions(): readonly RecordingException[] {
    return this.#exceptions
  }

  get exceptionCount(): number {
    return this.#exceptionCount
  }
}

interface Writers {
  readonly records: FileWriter
  readonly leaves: FileWriter
  readonly exceptions: FileWriter
}

function corrupt(line: number, why: string): LegalHoldError {
  return new LegalHoldError(`The journal cannot be sealed: record ${line} ${why}.`, {
    code: 'JOURNAL_CORRUPT',
    stage: 'report',
    details: { line },
  })
}

/** Writes the files of a bundle that grow with the number of records, in one pass and in constant memory. */
export class RecordFiles {
  readonly #dir: string
  readonly #writers: Writers

  private constructor(dir: string, writers: Writers) {
    this.#dir = dir
    this.#writers = writers
  }

  /** What an earlier attempt left in the folder is overwritten. */
  static async create(dir: string): Promise<RecordFiles> {
    const create = async (name: string) => {
      await rm(join(dir, name), { force: true })
      return FileWriter.create(join(dir, name))
    }
    return new RecordFiles(dir, {
      records: await create(bundleFiles.records),
      leaves: await create(bundleFiles.leaves),
      exceptions: await create(bundleFiles.exceptions),
    })
  }

  async copy(journal: Journal, options: CallOptions) {
    const { records, leaves, exceptions } = this.#writers
    const digest = new RecordDigest()
    const tree = new MerkleTree()
    const account = new AccountCheck()
    await exceptions.write(Buffer.from(csvHeader))
    for await (const { line, record } of journalLines(journal, options)) {
      const leaf = leafHash(line)
      tree.append(leaf)
      // A journal of somebody else's; what is one leaf here would be read as two lines.
      if (line.includes(lineBreak)) throw corrupt(tree.size, 'holds a line break')
      if (record.sequence !== tree.size) throw corrupt(tree.size, `is numbered ${record.sequence}`)
      const contradiction = account.add(record)
      if (contradiction !== undefined) throw corrupt(tree.size, contradiction)
      if (!records.take(line)) await records.write(line)
      if (!records.take(lineBreak)) await records.write(lineBreak)
      if (!leaves.take(leaf)) await leaves.write(leaf)
      if (record.type === 'run-started' || record.type === 'run-resumed') {
        await exceptions.restart()
        await exceptions.write(Buffer.from(csvHeader))
      }
      const exception = digest.add(record)
      if (exception === undefined) continue
      const row = Buffer.from(csvLine(exception))
      if (!exceptions.take(row)) await exceptions.write(row)
    }
    return {
      digest,
      counter: digest.counter,
      rootHash: tree.root().toString('hex'),
      treeSize: tree.size,
      recordsSha256: await records.finish(),
      leavesSha256: await leaves.finish(),
      exceptionsSha256: await exceptions.finish(),
    }
  }

  /** Takes back what was written. */
  async remove(): Promise<void> {
    for (const writer of Object.values<FileWriter>({ ...this.#writers })) await writer.abandon()
    // What cannot be removed is no bundle without its statement, and why nothing was sealed is what must be told.
    for (const name of [...Object.values(bundleFiles), partialStatement]) {
      await rm(join(this.#dir, name), { force: true }).catch(() => {})
    }
  }
}

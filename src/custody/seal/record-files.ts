import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AccountCheck } from '../../journal/check/account-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Journal } from '../../ports/journal.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import { RecordDigest } from '../bundle/record-digest.js'
import { journalLines } from '../bundle/record-lines.js'
import { digestBytes, MerkleTree } from '../crypto/merkle.js'
import { csvHeader, csvLine } from './exceptions-csv.js'
import { FileWriter } from './file-writer.js'

/** The statement until everything else is there. */
export const partialStatement = `${bundleFiles.statement}.partial`

const lineBreak = Buffer.from('\n')
const lineBreakByte = 0x0a

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
    const leaf = Buffer.alloc(digestBytes)
    await exceptions.write(Buffer.from(csvHeader))
    for await (const lines of journalLines(journal, options)) {
      for (const { line, record } of lines) {
        leaf.write(tree.appendLeaf(line), 'latin1')
        // A journal of somebody else's; what is one leaf here would be read as two lines.
        if (line.includes(lineBreakByte)) throw corrupt(tree.size, 'holds a line break')
        if (record.sequence !== tree.size) throw corrupt(tree.size, `is numbered ${record.sequence}`)
        const checked = account.take(record)
        if (typeof checked === 'string') throw corrupt(tree.size, checked)
        if (!records.take(line)) await records.write(line)
        if (!records.take(lineBreak)) await records.write(lineBreak)
        if (!leaves.take(leaf)) await leaves.write(leaf)
        if (checked.type === 'run-started' || checked.type === 'run-resumed') {
          await exceptions.restart()
          await exceptions.write(Buffer.from(csvHeader))
        }
        const exception = digest.add(checked)
        if (exception === undefined) continue
        const row = Buffer.from(csvLine(exception))
        if (!exceptions.take(row)) await exceptions.write(row)
      }
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
    // What cannot be removed is not a bundle without its statement, and why nothing was sealed is what must be told.
    for (const name of [...Object.values(bundleFiles), partialStatement]) {
      await rm(join(this.#dir, name), { force: true }).catch(() => {})
    }
  }
}

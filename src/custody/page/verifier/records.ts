import { recordOf } from '../../../journal/form/record-form.js'
import { membersOf } from '../../../journal/form/untrusted.js'
import type { JournalRecord } from '../../../model/record.js'
import { bundleFiles } from '../../bundle/contents.js'
import type { EvidenceProblemCode, Findings } from '../../bundle/problem.js'
import { RecordCounter } from '../../bundle/record-counts.js'
import { type LocalFile, readLines, utf8 } from './lines.js'
import { hex } from './sha256.js'
import { digestBytes, leafHash, Tree } from './tree.js'

/** A record that was looked for. */
export interface FoundRecord {
  /** From 1. */
  readonly line: number
  readonly record: JournalRecord
  readonly leaf: Uint8Array
}

/** What the records of a bundle come to. */
export interface CheckedRecords {
  readonly counter: RecordCounter
  readonly treeSize: number
  /** Hex. */
  readonly rootHash: string
  /** SHA-256 of the file, hex. */
  readonly digest: string
  /** The last record about what was looked for. */
  readonly found: FoundRecord | undefined
}

/**
 * Reads the records once, in constant memory. Of each way in which a line can be wrong the first is named.
 *
 * @param leaves the hashes beside them, where they are there
 * @param wanted `BUCKET/KEY`, a key or the id of a recording
 */
export async function checkRecords(
  file: LocalFile,
  leaves: Uint8Array | undefined,
  wanted: string,
  findings: Findings,
): Promise<CheckedRecords> {
  const tree = new Tree()
  const counter = new RecordCounter()
  const named = new Set<EvidenceProblemCode>()
  let found: FoundRecord | undefined
  const fail = (code: EvidenceProblemCode, line: number, what: string) => {
    if (named.has(code)) return
    named.add(code)
    findings.fail(code, `Line ${line} ${what}.`, bundleFiles.records, line)
  }
  const { digest, tornBytes, isTooLong } = await readLines(file, (bytes) => {
    const leaf = leafHash(bytes)
    const sealed = leaves?.subarray(tree.size * digestBytes, (tree.size + 1) * digestBytes)
    tree.append(leaf)
    const line = tree.size
    if (sealed !== undefined && hex(sealed) !== hex(leaf)) {
      fail('record-changed', line, sealed.length === 0 ? 'was not sealed' : 'is not the record that was sealed')
    }
    const record = readRecord(bytes)
    if (typeof record === 'string') {
      fail('record-malformed', line, record)
      return
    }
    if (record.sequence !== line) fail('sequence-gap', line, `is numbered ${record.sequence}`)
    counter.add(record)
    if (isAbout(record, wanted)) found = { line, record, leaf }
  })
  const next = tree.size + 1
  if (isTooLong) fail('record-malformed', next, 'is far longer than any record')
  else if (tornBytes > 0) fail('record-malformed', next, `has no end: ${tornBytes} bytes without a line break`)
  if (leaves !== undefined && leaves.length > tree.size * digestBytes) {
    fail('record-changed', next, 'was sealed and is missing')
  }
  return { counter, treeSize: tree.size, rootHash: hex(tree.root()), digest: hex(digest), found }
}

/** A line as a record; says why where it is none. */
export function readRecord(line: Uint8Array): JournalRecord | string {
  const text = utf8(line)
  if (text === undefined) return 'is not valid UTF-8'
  try {
    return recordOf(JSON.parse(text))
  } catch {
    return 'is not valid JSON'
  }
}

function isAbout({ type, data }: JournalRecord, wanted: string): boolean {
  if (wanted === '' || type !== 'verdict') return false
  const { bucket, key } = membersOf(data.object)
  const { recordingId } = membersOf(data.place)
  return wanted === `${bucket}/${key}` || wanted === key || wanted === recordingId
}

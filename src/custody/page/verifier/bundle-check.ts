import { counted, verb } from '../../../internal/text/counted.js'
import { inventoryText } from '../../../internal/text/inventory.js'
import {
  bundleFiles,
  type CustodyPredicate,
  type CustodyStatement,
  timestampPayloadType,
} from '../../bundle/contents.js'
import { Findings } from '../../bundle/problem.js'
import { compareRecount } from '../../bundle/recount.js'
import { statementIn } from '../../bundle/statement-form.js'
import { type EnvelopeContents, readEnvelope } from '../../crypto/envelope.js'
import { checkSignature, keyFor } from './authentication.js'
import type { Given, PublicKey } from './key.js'
import { bytesOf, hashOf, type LocalFile, textOf } from './lines.js'
import { type CheckedRecords, checkRecords, type FoundRecord } from './records.js'
import { type PageResult, type ProvenRecord, resultOf, resultOfFault } from './result.js'
import { hex, sha256 } from './sha256.js'
import { auditPath, digestBytes, rootFrom } from './tree.js'

/** What is checked, by whose key. */
export interface BundleCheckOptions {
  readonly subtle: typeof crypto.subtle
  readonly given: Given
  /** `BUCKET/KEY`, a key or the id of a recording whose record is to be proven; nothing where it is empty. */
  readonly wanted: string
  /** Told before each file that is read. */
  readonly onFile?: ((name: string) => void) | undefined
}

/**
 * Checks a bundle out of its files, as far as it can be checked in a browser: signature, hashes, records, tree, counts
 * and the proof of one recording. Whether the records contradict each other, the time stamp's authority, shards and the
 * objects themselves are left to the library, and the notes say so.
 */
export async function checkBundle(
  files: ReadonlyMap<string, LocalFile>,
  options: BundleCheckOptions,
): Promise<PageResult> {
  return new BundleCheck(files, options).run()
}

class BundleCheck {
  readonly #files: ReadonlyMap<string, LocalFile>
  readonly #options: BundleCheckOptions
  readonly #findings = new Findings()
  #lacks: readonly string[] = []

  constructor(files: ReadonlyMap<string, LocalFile>, options: BundleCheckOptions) {
    this.#files = files
    this.#options = options
  }

  async run(): Promise<PageResult> {
    try {
      return await this.#run()
    } catch (error) {
      return resultOfFault(error, this.#findings, this.#lacks)
    }
  }

  async #run(): Promise<PageResult> {
    const text = await this.#text(bundleFiles.statement)
    if (text === undefined) return this.#result()
    const envelope = readEnvelope(text)
    const statement = typeof envelope === 'string' ? envelope : statementIn(envelope)
    if (typeof envelope === 'string' || typeof statement === 'string') {
      const message = `${bundleFiles.statement} cannot be used: ${statement}.`
      this.#findings.fail('statement-malformed', message, bundleFiles.statement)
      return this.#result()
    }
    if (!(await this.#canHash(envelope.payload))) {
      this.#lacks = ['This browser computes another SHA-256 than this page: nothing was checked.']
      return this.#result()
    }
    return this.#check(envelope, statement)
  }

  async #check(envelope: EnvelopeContents, statement: CustodyStatement): Promise<PageResult> {
    const { given } = this.#options
    const { predicate } = statement
    const inside = await this.#optionalText(bundleFiles.publicKey)
    const key = keyFor({ given, inside, claimed: envelope.keyid }, this.#findings)
    if (key !== undefined) await this.#signature(envelope, key, bundleFiles.statement)
    const records = await this.#records(predicate)
    await this.#hashes(statement, records)
    await this.#timestamp(predicate, key)
    this.#notes(statement)
    const proven = records === undefined ? undefined : await this.#proof(records, predicate)
    return this.#result({ fingerprint: envelope.keyid, predicate, proven })
  }

  /** The page's own hash, held against WebCrypto's. */
  async #canHash(bytes: Uint8Array): Promise<boolean> {
    return hex(new Uint8Array(await this.#options.subtle.digest('SHA-256', bytes))) === hex(sha256(bytes))
  }

  async #signature(envelope: EnvelopeContents, key: PublicKey, file: string): Promise<void> {
    const code = file === bundleFiles.timestamp ? 'timestamp-invalid' : 'signature-invalid'
    const { subtle } = this.#options
    const lacks = await checkSignature(envelope, { subtle, key, file, code }, this.#findings)
    this.#lacks = [...this.#lacks, ...lacks]
  }

  async #records(predicate: CustodyPredicate): Promise<CheckedRecords | undefined> {
    const { wanted, onFile } = this.#options
    const file = this.#files.get(bundleFiles.records)
    if (file === undefined) return undefined
    onFile?.(bundleFiles.records)
    const leavesFile = this.#files.get(bundleFiles.leaves)
    const leaves = leavesFile === undefined ? undefined : await bytesOf(leavesFile)
    const records = await checkRecords(file, leaves, wanted, this.#findings)
    const reportText = await this.#optionalText(bundleFiles.reportJson)
    const hashText = (text: string) => hex(sha256(new TextEncoder().encode(text)))
    compareRecount(predicate, { ...records, reportText, sha256: hashText }, this.#findings)
    return records
  }

  async #hashes({ subject }: CustodyStatement, records: CheckedRecords | undefined): Promise<void> {
    for (const { name, digest } of subject) {
      const file = this.#files.get(name)
      if (file === undefined) {
        this.#findings.fail('file-missing', `${name} is missing.`, name)
        continue
      }
      this.#options.onFile?.(name)
      const isRecords = name === bundleFiles.records && records !== undefined
      const found = isRecords ? records.digest : hex(await hashOf(file))
      if (found === digest.sha256) continue
      this.#findings.fail('file-changed', `${name} is not what was signed: its SHA-256 is ${found}.`, name)
    }
  }

  /** The stamp is signed too, so that a change shows; whose it is takes the certificate of its authority. */
  async #timestamp(predicate: CustodyPredicate, key: PublicKey | undefined): Promise<void> {
    if (predicate.timestamp === 'none') return
    const file = bundleFiles.timestamp
    const text = await this.#text(file)
    if (text === undefined) return
    const envelope = readEnvelope(text)
    if (typeof envelope === 'string' || envelope.payloadType !== timestampPayloadType) {
      const why = typeof envelope === 'string' ? envelope : 'it holds something else'
      this.#findings.fail('timestamp-invalid', `${file} cannot be used: ${why}.`, file)
      return
    }
    if (key !== undefined) await this.#signature(envelope, key, file)
    this.#findings.note(
      'The time stamp is the one that was signed; what it says, and by which authority, was not checked here.',
    )
  }

  #notes({ subject, predicate }: CustodyStatement): void {
    const own = predicate.timestamp === 'none' ? [] : [bundleFiles.timestamp]
    const covered = new Set<string>([...subject.map(({ name }) => name), bundleFiles.statement, ...own])
    const extra = [...this.#files.keys()].filter((name) => !covered.has(name))
    if (extra.length > 0) this.#findings.note(`Not covered by the signature: ${extra.sort().join(', ')}.`)
    const shards = predicate.counts.records?.byType?.shard
    if (shards !== undefined) {
      const stand = `${counted(shards, 'shard')} ${verb(shards, 'stands', 'stand')}`
      this.#findings.note(`${stand} on seals in their own store, which this page does not read.`)
    }
    const byInventory = inventoryText(predicate.inventory)
    if (byInventory !== undefined) this.#findings.note(byInventory)
    this.#findings.note(
      'Whether the records contradict each other, and whether the objects in the bucket still are as recorded, only the command checks: genesys-legal-hold-exporter verify --live.',
    )
  }

  async #proof(records: CheckedRecords, { log }: CustodyPredicate): Promise<ProvenRecord | undefined> {
    const { wanted } = this.#options
    if (wanted === '') return undefined
    const { found } = records
    const leaves = this.#files.get(bundleFiles.leaves)
    if (found === undefined) {
      this.#findings.fail('record-not-found', `No record is about ${wanted}.`, bundleFiles.records)
      return undefined
    }
    const path = leaves === undefined ? undefined : await pathOf(found, leaves, log.treeSize)
    const root = path === undefined ? undefined : rootFrom(found.leaf, found.line - 1, log.treeSize, path)
    if (path === undefined || root !== log.rootHash) {
      const message = `The record in line ${found.line} does not lead to the root that was signed.`
      this.#findings.fail('root-mismatch', message, bundleFiles.leaves, found.line)
      return undefined
    }
    return { line: found.line, record: found.record, steps: path.length }
  }

  async #text(name: string): Promise<string | undefined> {
    const file = this.#files.get(name)
    if (file === undefined) {
      this.#findings.fail('file-missing', `${name} is missing.`, name)
      return undefined
    }
    this.#options.onFile?.(name)
    const text = await textOf(file)
    if (text === undefined) this.#findings.fail('file-changed', `${name} is not a text in UTF-8.`, name)
    return text
  }

  async #optionalText(name: string): Promise<string | undefined> {
    const file = this.#files.get(name)
    return file === undefined ? undefined : textOf(file)
  }

  #result(facts: Pick<PageResult, 'fingerprint' | 'predicate' | 'proven'> = {}): PageResult {
    return resultOf(this.#findings, this.#lacks, facts)
  }
}

async function pathOf(
  { line }: FoundRecord,
  leaves: LocalFile,
  treeSize: number,
): Promise<readonly Uint8Array[] | undefined> {
  const bytes = await bytesOf(leaves)
  return bytes.length === treeSize * digestBytes && line <= treeSize ? auditPath(bytes, line - 1) : undefined
}

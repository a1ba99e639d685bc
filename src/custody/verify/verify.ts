import type { KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { systemClock } from '../../internal/clock.js'
import { counted, verb } from '../../internal/text/counted.js'
import { inventoryText } from '../../internal/text/inventory.js'
import type { JournalRecord } from '../../model/record.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { bundleFiles, type CustodyPredicate, type CustodyStatement } from '../bundle/contents.js'
import { sha256Of, textOf, unreadable } from '../bundle/file.js'
import {
  type EvidenceProblem,
  Findings,
  rewrittenSignature,
  statusOf,
  type VerificationStatus,
} from '../bundle/problem.js'
import { compareRecount } from '../bundle/recount.js'
import { type ReadStatement, readStatement } from '../bundle/statement.js'
import { irregularFiles } from '../bundle/statement-file.js'
import { envelopeFinding, type OpenedEnvelope } from '../crypto/dsse.js'
import { fingerprintOf, givenKey, readPublicKey } from '../crypto/keys.js'
import { sha256 } from '../crypto/sha256.js'
import type { VerifiedTimestamp } from '../crypto/timestamp/facts.js'
import { checkChain } from './chain.js'
import { checkLive, type LiveCheck } from './live.js'
import { type CheckedRecords, checkRecords } from './records-check.js'
import { checkShards, type ShardVerifier } from './shards.js'
import { checkTimestamp } from './timestamp.js'

/** Options of {@link verifyEvidence}. */
export interface VerifyOptions extends CallOptions {
  /** The signer's public key, SPKI in PEM, obtained separately from the bundle. */
  readonly publicKey?: string | undefined
  /** Or its fingerprint, obtained separately from the bundle. */
  readonly fingerprint?: string | undefined
  /** Trusted certificates in PEM. The time stamp's certificate must lead to one of them. */
  readonly tsaCa?: string | undefined
  /** Folder of the previous bundle, which must be the one that this bundle names. */
  readonly previous?: string | undefined
  /**
   * Storage of the objects. Each object is read again and compared. A function is called once everything else has
   * verified. Only then can the bucket and region in the statement be trusted.
   */
  readonly live?: StorageAdapter | ((predicate: CustodyPredicate) => Promise<StorageAdapter>) | undefined
  /**
   * Verifies the shards that the bundle rests on, each with its list and its journal: `shardVerifier({ store })`
   * of `genesys-legal-hold-exporter/scale`.
   *
   * @defaultValue they are not read, and a note says so
   */
  readonly shards?: ShardVerifier | undefined
  /** Objects read at once with `live`. @defaultValue 64 */
  readonly liveConcurrency?: number | undefined
  /** Decides whether a time stamp lies in the future. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
  /** `BUCKET/KEY` of an object whose record must be in the bundle, and is returned. */
  readonly record?: string | undefined
}

/** What verification found. */
export interface EvidenceVerification {
  readonly verified: boolean
  /** `verifies` exactly if `verified`. It distinguishes the case that only the key is missing. */
  readonly status: VerificationStatus
  readonly problems: readonly EvidenceProblem[]
  /** What was not checked, and why. */
  readonly notes: readonly string[]
  /** Fingerprint of the key that the bundle claims to be signed with. */
  readonly claimedFingerprint?: string | undefined
  /** What the statement says. Trust it only if `verified`. */
  readonly predicate?: CustodyPredicate | undefined
  readonly timestamp?: VerifiedTimestamp | undefined
  /** The last record about the object that `record` names. */
  readonly record?: { readonly line: number; readonly record: JournalRecord } | undefined
  readonly live?: LiveCheck | undefined
}

/**
 * Verifies a bundle: signature, hashes of the files, tree root and size, gap-free sequence, and counts recomputed
 * from the lines. It also verifies the chain to the previous bundle, the time stamp, and with `live` the objects
 * as they are now. A failed check is part of the result. An error is thrown only if the check could not be run.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`, also where nothing was sealed; `INVALID_OPTIONS`, `ABORTED`, and with `live` what the storage
 *   throws
 */
export async function verifyEvidence(dir: string, options: VerifyOptions = {}): Promise<EvidenceVerification> {
  const verification = new Verification(dir, options)
  return verification.run()
}

type Found = Omit<EvidenceVerification, 'verified' | 'status' | 'problems' | 'notes'>

class Verification {
  readonly #dir: string
  readonly #options: VerifyOptions
  readonly #findings = new Findings()

  constructor(dir: string, options: VerifyOptions) {
    this.#dir = dir
    this.#options = options
  }

  async run(): Promise<EvidenceVerification> {
    await this.#requireFolder()
    const given = givenKey(this.#options)
    if (await this.#hasIrregular()) return this.#result({})
    const found = await this.#verify(given).catch((error: unknown): Found => {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error
      // What is read here may be anybody's: a value of another type, or nested deeper than the stack, is not a bundle of ours.
      this.#findings.fail('statement-malformed', `What the bundle holds cannot be evaluated: ${error.message}.`)
      return {}
    })
    return this.#result({ ...found, live: await this.#live(found.predicate) })
  }

  async #verify(given: KeyObject | string | undefined): Promise<Found> {
    const text = await this.#read(bundleFiles.statement)
    const read = text === undefined ? undefined : this.#statement(text)
    const claimedFingerprint = read?.envelope.keyid ?? (await this.#fingerprintInside())
    const key = await this.#key(given, claimedFingerprint)
    if (read === undefined) return { claimedFingerprint }
    const { statement, envelope } = read
    if (key !== undefined) this.#signature(key, envelope)
    await this.#files(statement)
    const { predicate } = statement
    const checked = await this.#records(predicate)
    const { tsaCa, previous, clock = systemClock } = this.#options
    const stamped = { dir: this.#dir, predicate, signature: envelope.signature, key, tsaCa, now: clock.now() }
    const timestamp = await checkTimestamp(stamped, this.#findings)
    await checkChain(statement, { dir: this.#dir, key, previous }, this.#findings)
    // The records are read again for their shards only if they have some.
    if (checked?.counter.counts().byType.shard !== undefined) {
      await checkShards(this.#dir, this.#options.shards, this.#findings, this.#options)
    }
    const byInventory = inventoryText(predicate.inventory)
    if (byInventory !== undefined) this.#findings.note(byInventory)
    const record = this.#wanted(checked)
    return { claimedFingerprint, predicate, timestamp, record }
  }

  #signature(key: KeyObject, envelope: OpenedEnvelope): void {
    const finding = envelopeFinding(key, envelope)
    if (finding === 'valid') return
    const how = finding === 'rewritten' ? rewrittenSignature : 'is not signed by this key'
    this.#findings.fail('signature-invalid', `The statement ${how}.`, bundleFiles.statement)
  }

  #result(found: Found): EvidenceVerification {
    const { problems, notes } = this.#findings
    return { verified: problems.length === 0, status: statusOf(problems), problems, notes, ...found }
  }

  async #requireFolder(): Promise<void> {
    const names = await readdir(this.#dir).catch((error: unknown) => {
      throw unreadable(`${this.#dir} cannot be read as a folder.`, error)
    })
    const own: ReadonlySet<string> = new Set(Object.values(bundleFiles))
    if (names.some((name) => own.has(name))) return
    const what = names.length === 0 ? 'It is empty.' : 'It holds no file of a bundle.'
    throw unreadable(
      `Nothing was sealed in ${resolve(this.#dir)}. ${what} A run that is blocked, fails or is not over seals nothing; if evidence was sealed there, somebody took it away.`,
    )
  }

  async #hasIrregular(): Promise<boolean> {
    const irregular = await irregularFiles(this.#dir)
    for (const { name, what } of irregular) this.#findings.fail('file-changed', `${name} is ${what}.`, name)
    return irregular.length > 0
  }

  /** A file's text; `undefined`, and a problem, where it is not there. */
  async #read(name: string): Promise<string | undefined> {
    const text = await textOf(join(this.#dir, name))
    if (text === undefined) this.#findings.fail('file-missing', `${name} is missing.`, name)
    return text
  }

  #statement(text: string): ReadStatement | undefined {
    const read = readStatement(text)
    if (typeof read !== 'string') return read
    this.#findings.fail(
      'statement-malformed',
      `${bundleFiles.statement} cannot be used: ${read}.`,
      bundleFiles.statement,
    )
    return undefined
  }

  async #fingerprintInside(): Promise<string | undefined> {
    const inside = await readFile(join(this.#dir, bundleFiles.publicKey), 'utf8').catch(() => undefined)
    return inside === undefined ? undefined : fingerprintOrNone(inside)
  }

  /** The key to verify with. One inside the bundle authenticates nobody, unless its fingerprint is known from elsewhere. */
  async #key(given: KeyObject | string | undefined, claimed: string | undefined): Promise<KeyObject | undefined> {
    if (given === undefined) {
      const found = claimed === undefined ? 'It names no key.' : `It claims to be signed with the key ${claimed}.`
      this.#findings.fail(
        'no-key',
        `Nobody is authenticated without a key from elsewhere. ${found} Ask the signer, by another way than the one the bundle came by, for the key or its fingerprint.`,
      )
      return undefined
    }
    if (typeof given === 'object') {
      const own = fingerprintOf(given)
      if (claimed !== undefined && claimed !== own) {
        const message = `The bundle claims the key ${claimed}, the one that was given is ${own}.`
        this.#findings.fail('wrong-key', message, bundleFiles.statement)
      }
      return given
    }
    const inside = await readFile(join(this.#dir, bundleFiles.publicKey), 'utf8').catch(() => undefined)
    if (inside !== undefined && fingerprintOrNone(inside) === given) return readPublicKey(inside)
    this.#findings.fail(
      'wrong-key',
      `The key in ${bundleFiles.publicKey} does not have the fingerprint ${given} that was given.`,
      bundleFiles.publicKey,
    )
    return undefined
  }

  async #files({ subject, predicate }: CustodyStatement): Promise<void> {
    for (const { name, digest } of subject) {
      const found = await sha256Of(join(this.#dir, name))
      if (found === undefined) this.#findings.fail('file-missing', `${name} is missing.`, name)
      else if (found !== digest.sha256) {
        this.#findings.fail('file-changed', `${name} is not what was signed: its SHA-256 is ${found}.`, name)
      }
    }
    const names = new Set<string>(subject.map(({ name }) => name))
    const own: readonly string[] = [
      bundleFiles.statement,
      ...(predicate.timestamp === 'none' ? [] : [bundleFiles.timestamp]),
    ]
    const extra = (await readdir(this.#dir)).filter((name) => !names.has(name) && !own.includes(name))
    if (extra.length > 0) this.#findings.note(`Not covered by the signature: ${extra.sort().join(', ')}.`)
  }

  async #records(predicate: CustodyPredicate): Promise<CheckedRecords | undefined> {
    const checked = await checkRecords(this.#dir, this.#options.record, this.#options)
    if (checked === undefined) return undefined
    const file = bundleFiles.records
    for (const { code, message, line } of checked.problems) this.#findings.fail(code, message, file, line)
    const reportText = await readFile(join(this.#dir, bundleFiles.reportJson), 'utf8').catch(() => undefined)
    compareRecount(predicate, { ...checked, reportText, sha256 }, this.#findings)
    return checked
  }

  #wanted(checked: CheckedRecords | undefined): EvidenceVerification['record'] {
    const { record } = this.#options
    if (record === undefined) return undefined
    if (checked?.wanted === undefined)
      this.#findings.fail('record-not-found', `No record is about ${record}.`, bundleFiles.records)
    return checked?.wanted
  }

  async #live(predicate: CustodyPredicate | undefined): Promise<LiveCheck | undefined> {
    const { live, liveConcurrency = 64, shards, signal } = this.#options
    if (live === undefined) return undefined
    if (this.#findings.problems.length > 0 || predicate === undefined) {
      this.#findings.note('The objects were not read again: what the bundle says of them does not verify.')
      return undefined
    }
    const storage = typeof live === 'function' ? await live(predicate) : live
    if (predicate.counts.records.byType.shard !== undefined && shards?.open === undefined) {
      this.#findings.note('Only objects with a record in this bundle were read again, none of its shards.')
    }
    const looking = { concurrency: liveConcurrency, shards, signal }
    const check = await checkLive(this.#dir, storage, predicate.requirements, looking)
    for (const { line, shard, message } of check.drift) {
      if (shard === undefined) this.#findings.fail('live-drift', message, bundleFiles.records, line)
      else this.#findings.fail('live-drift', `Shard ${shard}: ${message}`)
    }
    const more = check.drifted - check.drift.length
    if (more > 0) this.#findings.note(`${counted(more, 'more object')} ${verb(more, 'has', 'have')} drifted.`)
    return check
  }
}

function fingerprintOrNone(pem: string): string | undefined {
  try {
    return fingerprintOf(readPublicKey(pem))
  } catch {
    return undefined
  }
}

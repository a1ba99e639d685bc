import type { KeyObject } from 'node:crypto'
import { rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../internal/canonical-json.js'
import { systemClock } from '../../internal/clock.js'
import { OptionCheck } from '../../internal/option-check.js'
import { toolName, toolVersion } from '../../internal/package/version.js'
import { LegalHoldError } from '../../model/errors.js'
import type { HashContent, SealedEvidence } from '../../model/evidence.js'
import { contradictsItself } from '../../model/report.js'
import type { EvidenceWriter, Signer } from '../../ports/evidence.js'
import type { Journal } from '../../ports/journal.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import {
  bundleFiles,
  type CustodyPredicate,
  type CustodyStatement,
  matterOf,
  predicateType,
  statementType,
} from '../bundle/contents.js'
import { fingerprintOf, readPublicKey } from '../crypto/keys.js'
import { sha256 } from '../crypto/sha256.js'
import type { TimestampOptions } from '../crypto/timestamp/facts.js'
import { makeDirectory } from '../journal/directories.js'
import { formatReport, reportPageOf } from '../page/files.js'
import { verifyPage } from '../page/verify-page.js'
import { verifyInstructions } from './instructions.js'
import { asNotSealed, notSealed } from './not-sealed.js'
import { type PreviousBundle, readPrevious } from './previous-bundle.js'
import { RecordFiles } from './record-files.js'
import { sealElsewhere } from './seal-elsewhere.js'
import { signBundle, writeAnew } from './sign-bundle.js'

/** Options of {@link sealEvidence}. */
export interface SealOptions {
  /** Folder of the bundle. It is created if it is missing. A folder that already holds a bundle is refused. Give this or `writer`. */
  readonly dir?: string | undefined
  /** Takes the files of the bundle in place of a folder. They are made in a temporary folder. */
  readonly writer?: EvidenceWriter | undefined
  /** `new KeyFileSigner({ pem })`, or your own. */
  readonly signer: Signer
  /** Obtains a time stamp on the signature (RFC 3161), and verifies it. @defaultValue none */
  readonly timestamp?: TimestampOptions | undefined
  /** Folder of the previous bundle of the same matter, to which this one is chained. @defaultValue none */
  readonly previous?: string | undefined
  /** The rule by which contents were hashed. The statement names it. @defaultValue 'none' */
  readonly hashContent?: HashContent | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/**
 * Turns the journal of a finished run into a bundle that a stranger can verify: records, report, signed statement
 * and instructions. The statement is written last. A folder without it is not a bundle.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED`, `EVIDENCE_UNREADABLE` (the previous bundle or the signer's key),
 *   `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `ABORTED`
 */
export function sealEvidence(journal: Journal, options: SealOptions & CallOptions): Promise<SealedEvidence> {
  return sealAsWritten(journal, options)
}

/** What is known of the records beside the journal. */
interface ExpectedRecords {
  /** The SHA-256 of all lines with their ends, as they were written; called when the journal has been read. */
  readonly expectedSha256?: (() => string) | undefined
}

/**
 * The same, where it is known what was written to the journal.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` too, if the journal holds anything else
 */
export async function sealAsWritten(
  journal: Journal,
  options: SealOptions & CallOptions & ExpectedRecords,
): Promise<SealedEvidence> {
  const { dir, writer } = options
  requireOnePlace(options, 'sealEvidence')
  if (writer !== undefined) return sealElsewhere(writer, (folder) => sealIn(folder, journal, options), options)
  return sealIn(dir ?? '', journal, options)
}

/**
 * Notes what is wrong with the place of a bundle.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
function requireOnePlace(options: unknown, what: string): void {
  const mistakes = new OptionCheck(`The options of ${what}`)
  checkPlace(options, mistakes)
  mistakes.throwIfAny()
}

/** A bundle has one place: a folder or a writer. */
export function checkPlace(options: unknown, { check }: OptionCheck): void {
  const { dir, writer } = (options ?? {}) as Record<string, unknown>
  if (writer === undefined) check(typeof dir === 'string' && dir !== '', 'dir', 'must be a folder, or give a writer')
  else {
    check(dir === undefined, 'dir', 'must be left out where there is a writer')
    check(isWriter(writer), 'writer', 'must be an EvidenceWriter: place, write and read')
  }
}

function isWriter(value: unknown): boolean {
  const { place, write, read } = (value ?? {}) as Record<string, unknown>
  return typeof place === 'string' && typeof write === 'function' && typeof read === 'function'
}

async function sealIn(
  dir: string,
  journal: Journal,
  options: SealOptions & CallOptions & ExpectedRecords,
): Promise<SealedEvidence> {
  await refuseSealed(dir)
  const publicKeyPem = await options.signer.publicKey()
  const key = readPublicKey(publicKeyPem)
  const previous = options.previous === undefined ? undefined : await readPrevious(options.previous)
  await makeFolder(dir)
  const files = await RecordFiles.create(dir).catch((error: unknown) => {
    throw asNotSealed(error)
  })
  try {
    const records = await files.copy(journal, options)
    const expected = options.expectedSha256?.()
    if (expected !== undefined && expected !== records.recordsSha256) {
      throw new LegalHoldError('The journal does not hold what was written to it: it was changed in the meantime.', {
        code: 'JOURNAL_CORRUPT',
        stage: 'report',
      })
    }
    const facts = { key, publicKeyPem, previous, options }
    const sealed = await writeBundle(dir, records, facts)
    return sealed
  } catch (error) {
    await files.remove()
    throw asNotSealed(error)
  }
}

/** @throws LegalHoldError `EVIDENCE_NOT_SEALED` for a folder that holds a bundle */
export async function refuseSealed(dir: string): Promise<void> {
  const exists = await stat(join(dir, bundleFiles.statement)).then(
    () => true,
    () => false,
  )
  if (exists) throw notSealed(`${dir} holds a sealed bundle already, which stays as it is. Name another folder.`)
}

/**
 * Makes a folder. Returns what takes it away again, if it was not there before and is still empty: an empty folder that is
 * named like evidence looks like evidence that was lost.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED` for a folder that cannot be made
 */
export async function makeFolder(dir: string): Promise<() => Promise<void>> {
  const wasThere = await stat(dir).then(
    () => true,
    () => false,
  )
  await makeDirectory(dir).catch((error: unknown) => {
    throw asNotSealed(error)
  })
  return async () => {
    if (!wasThere) await rmdir(dir).catch(() => {})
  }
}

interface Facts {
  readonly key: KeyObject
  readonly publicKeyPem: string
  readonly previous: PreviousBundle | undefined
  readonly options: SealOptions & CallOptions
}

type SealedRecords = Awaited<ReturnType<RecordFiles['copy']>>

async function writeBundle(dir: string, records: SealedRecords, facts: Facts): Promise<SealedEvidence> {
  const { key, previous, options } = facts
  const { counter, rootHash, treeSize } = records
  const { report } = records.digest
  const policy = counter.policy?.data
  if (report === undefined || policy === undefined) {
    throw notSealed('the journal holds no report. The run has not finished: resume it, then seal.')
  }
  if (canonicalJson(counter.recordings()) !== canonicalJson(report.counts) || contradictsItself(report)) {
    throw new LegalHoldError("The journal's records of recordings do not add up to its report.", {
      code: 'JOURNAL_CORRUPT',
      stage: 'report',
    })
  }
  if (previous !== undefined && matterOf(previous.predicate.hold) !== matterOf(report.hold)) {
    throw notSealed(`the bundle in ${options.previous} belongs to another matter.`)
  }
  const fingerprint = fingerprintOf(key)
  const predicate: CustodyPredicate = {
    schemaVersion: 1,
    tool: { name: toolName, version: toolVersion },
    sealedAt: new Date((options.clock ?? systemClock).now()).toISOString(),
    runId: report.runId,
    dryRun: report.dryRun,
    hold: report.hold,
    requirements: report.requirements,
    platform: report.platform,
    storage: report.storage,
    interval: report.interval,
    outcome: report.outcome,
    ...(report.inventory === undefined ? {} : { inventory: report.inventory }),
    policyDigest: sha256(canonicalJson(policy)),
    hashContent: options.hashContent ?? 'none',
    counts: { recordings: report.counts, objects: report.objects, records: counter.counts() },
    log: { hash: 'sha256', rootHash, treeSize },
    ...(previous === undefined ? {} : { previous: previous.link }),
    timestamp: options.timestamp === undefined ? 'none' : 'rfc3161',
  }
  const contents: Record<string, string> = {
    [bundleFiles.reportJson]: formatReport(report),
    [bundleFiles.reportHtml]: reportPageOf(report, records, predicate, fingerprint),
    [bundleFiles.verifyPage]: verifyPage(),
    [bundleFiles.instructions]: verifyInstructions(key, fingerprint, {
      stamped: options.timestamp !== undefined,
      sharded: report.scale !== undefined,
    }),
    [bundleFiles.publicKey]: facts.publicKeyPem,
    ...(previous === undefined ? {} : { [bundleFiles.previous]: previous.text }),
  }
  // An attempt that was killed may have left them, and this one may have none.
  for (const name of [bundleFiles.previous, bundleFiles.timestamp]) await rm(join(dir, name), { force: true })
  for (const [name, text] of Object.entries(contents)) await writeAnew(join(dir, name), text)
  const digests: Record<string, string> = {
    [bundleFiles.records]: records.recordsSha256,
    [bundleFiles.leaves]: records.leavesSha256,
    [bundleFiles.exceptions]: records.exceptionsSha256,
  }
  for (const [name, text] of Object.entries(contents)) digests[name] = sha256(text)
  const statement: CustodyStatement = {
    _type: statementType,
    subject: Object.keys(digests)
      .sort()
      .map((name) => ({ name, digest: { sha256: digests[name] ?? '' } })),
    predicateType,
    predicate,
  }
  const hashes = await signBundle(dir, statement, { key, ...options })
  return { dir, fingerprint, rootHash, treeSize, ...hashes }
}

import { createHash, type KeyObject } from 'node:crypto'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LegalHoldError } from '../errors.js'
import { canonicalJson } from '../internal/canonical-json.js'
import { systemClock } from '../internal/clock.js'
import type { CallOptions, Clock, HashContent, Journal, SealedEvidence, Signer } from '../ports.js'
import { contradictsItself, type RunReport } from '../report.js'
import type { HoldRequirements } from '../requirements.js'
import { toolName, toolVersion } from '../version.js'
import {
  bundleFiles,
  type CustodyPredicate,
  type CustodyStatement,
  matterOf,
  predicateType,
  statementPayloadType,
  statementType,
  timestampPayloadType,
} from './bundle.js'
import { makeDirectory, syncDirectory } from './directories.js'
import { type DsseEnvelope, formatEnvelope, isEnvelopeOf, openEnvelope, signEnvelope } from './dsse.js'
import { verifyInstructions } from './instructions.js'
import { fingerprintOf, readPublicKey } from './keys.js'
import { partialStatement, RecordFiles } from './record-files.js'
import { formatReport, reportPageOf } from './report-files.js'
import { readStatement } from './statement.js'
import { obtainTimestamp, type TimestampOptions } from './timestamp.js'
import { changedFile } from './written-check.js'

/** How a journal becomes evidence. */
export interface SealOptions {
  /** Folder of the bundle; made where it is missing. One that holds a bundle already is refused. */
  readonly dir: string
  /** `new KeyFileSigner({ pem })`, or your own. */
  readonly signer: Signer
  /** Has the signature stamped with the time (RFC 3161), and verifies the stamp. @defaultValue none */
  readonly timestamp?: TimestampOptions | undefined
  /** Folder of the bundle before this one of the same matter, to which this one is chained. @defaultValue none */
  readonly previous?: string | undefined
  /** Says in the statement by what rule contents were hashed. @defaultValue 'none' */
  readonly hashContent?: HashContent | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/**
 * Turns the journal of a finished run into a bundle that a stranger can verify: records, report, signed statement and
 * instructions. The statement is written last; a folder without it is no bundle.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED`, `EVIDENCE_UNREADABLE` (the previous bundle or the signer's key),
 *   `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `ABORTED`
 */
export async function sealEvidence(
  journal: Journal,
  options: SealOptions & CallOptions & { readonly expectedRoot?: Buffer | undefined },
): Promise<SealedEvidence> {
  const { dir } = options
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
    if (options.expectedRoot !== undefined && !options.expectedRoot.equals(Buffer.from(records.rootHash, 'hex'))) {
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

/** @throws LegalHoldError `EVIDENCE_NOT_SEALED` for a folder that cannot be made */
export async function makeFolder(dir: string): Promise<void> {
  await makeDirectory(dir).catch((error: unknown) => {
    throw asNotSealed(error)
  })
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
  const report = counter.report?.data as unknown as RunReport | undefined
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
    requirements: report.requirements as HoldRequirements,
    platform: report.platform,
    storage: report.storage,
    interval: report.interval,
    outcome: report.outcome,
    policyDigest: sha256(canonicalJson(policy)),
    hashContent: options.hashContent ?? 'none',
    counts: { recordings: report.counts, objects: report.objects, records: counter.counts() },
    log: { hash: 'sha256', rootHash, treeSize },
    ...(previous === undefined ? {} : { previous: previous.reference }),
    timestamp: options.timestamp === undefined ? 'none' : 'rfc3161',
  }
  const contents: Record<string, string> = {
    [bundleFiles.reportJson]: formatReport(report),
    [bundleFiles.reportHtml]: reportPageOf(report, records, predicate, fingerprint),
    [bundleFiles.instructions]: verifyInstructions(key, fingerprint, options.timestamp !== undefined),
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
  const statementSha256 = await signBundle(dir, statement, fingerprint, facts)
  return { dir, fingerprint, rootHash, treeSize, statementSha256 }
}

/**
 * Signs, has the signature stamped, reads everything back, and gives the statement its name as the last file of the
 * bundle.
 */
async function signBundle(
  dir: string,
  statement: CustodyStatement,
  fingerprint: string,
  { key, options }: Facts,
): Promise<string> {
  const { signer, timestamp, signal } = options
  const written = Object.fromEntries(statement.subject.map(({ name, digest }) => [name, digest.sha256]))
  const payload = Buffer.from(canonicalJson(statement))
  const envelope = await signOwn(statementPayloadType, payload, signer, key, fingerprint)
  if (timestamp !== undefined) {
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64')
    const { answer } = await obtainTimestamp(signature, timestamp, { signal })
    // Signed too, so that no byte of it can change unseen, whatever the authority left unsigned.
    const stamp = await signOwn(timestampPayloadType, answer, signer, key, fingerprint)
    const text = formatEnvelope(stamp)
    await writeAnew(join(dir, bundleFiles.timestamp), text)
    written[bundleFiles.timestamp] = sha256(text)
  }
  const text = formatEnvelope(envelope)
  const path = join(dir, bundleFiles.statement)
  await writeAnew(join(dir, partialStatement), text)
  const changed = await changedFile(dir, { ...written, [partialStatement]: sha256(text) }, options)
  if (changed !== undefined) {
    throw notSealed(
      `${join(dir, changed.name)} ${changed.what} by another program while the bundle was written. Keep other programs ` +
        'away from its folder, and seal the same journal again.',
    )
  }
  await rename(join(dir, partialStatement), path)
  await syncDirectory(dir)
  return sha256(text)
}

/** What lies there may be a link to a file elsewhere, which is not to be written over. */
async function writeAnew(path: string, text: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, text, { flag: 'wx', flush: true })
}

/** A signature that does not verify is found here, not by the court: a KMS key id may name another key. */
async function signOwn(
  type: string,
  payload: Buffer,
  signer: Signer,
  key: KeyObject,
  keyid: string,
): Promise<DsseEnvelope> {
  const envelope = await signEnvelope(type, payload, signer, keyid)
  const opened = openEnvelope(formatEnvelope(envelope))
  if (typeof opened === 'string' || !isEnvelopeOf(key, opened)) {
    throw notSealed("the signer's signature does not verify with the signer's public key.")
  }
  return envelope
}

interface PreviousBundle {
  readonly text: string
  readonly predicate: CustodyPredicate
  readonly reference: NonNullable<CustodyPredicate['previous']>
}

async function readPrevious(dir: string): Promise<PreviousBundle> {
  const path = join(dir, bundleFiles.statement)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LegalHoldError(`The previous bundle has no readable ${path}.`, {
      code: 'EVIDENCE_UNREADABLE',
      stage: 'report',
      cause: error,
    })
  })
  const read = readStatement(text)
  if (typeof read === 'string') throw notSealed(`${path} is no statement of a bundle: ${read}.`)
  const { predicate } = read.statement
  const reference = { statementSha256: sha256(text), runId: predicate.runId, sealedAt: predicate.sealedAt }
  return { text, predicate, reference }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function notSealed(why: string): LegalHoldError {
  return new LegalHoldError(`The evidence was not sealed: ${why}`, { code: 'EVIDENCE_NOT_SEALED', stage: 'report' })
}

function asNotSealed(error: unknown): LegalHoldError {
  if (LegalHoldError.isInstance(error)) return error
  const why = error instanceof Error ? error.message : String(error)
  return new LegalHoldError(`The evidence was not sealed: ${why}.`, {
    code: 'EVIDENCE_NOT_SEALED',
    stage: 'report',
    cause: error,
  })
}

import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AccountCheck } from '../../journal/check/account-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { JournalRecord } from '../../model/record.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles, type CustodyPredicate } from '../bundle/contents.js'
import { contradictionOfRecord } from '../bundle/predicate-check.js'
import { type EvidenceProblem, rewrittenSignature, statusOf, type VerificationStatus } from '../bundle/problem.js'
import { type InclusionProof, parseProof, proofType } from '../bundle/proof.js'
import { fileLines, objectNameOf } from '../bundle/record-lines.js'
import { readStatement } from '../bundle/statement.js'
import { readStatementOf } from '../bundle/statement-file.js'
import { envelopeFinding } from '../crypto/dsse.js'
import { fingerprintOf, givenKey, readPublicKey } from '../crypto/keys.js'
import { AuditPath, leafHash, rootFromPath } from '../crypto/merkle.js'
import { readRecord } from '../journal/record.js'

/**
 * Takes the last record about an object out of a bundle, with its audit path and the signed statement: one recording can
 * be disclosed without the others.
 *
 * @param key `BUCKET/KEY`, or the key alone
 * @throws LegalHoldError `OBJECT_NOT_FOUND` where no record is about it, `EVIDENCE_UNREADABLE` where the bundle is not
 *   what was sealed, or where its records contradict each other (`details.line`)
 */
export async function prove(dir: string, key: string, options: CallOptions = {}): Promise<InclusionProof> {
  const { log, storage } = (await readStatementOf(dir)).predicate
  const text = await readText(dir, bundleFiles.statement)
  const publicKey = await readText(dir, bundleFiles.publicKey)
  const names = new Set([key, `${storage.bucket}/${key}`])
  const found = await find(dir, names, options)
  if (found === undefined) {
    throw new LegalHoldError(`No record of the bundle is about ${JSON.stringify(key)}.`, {
      code: 'OBJECT_NOT_FOUND',
      stage: 'report',
    })
  }
  const { line, index } = found
  if (index >= log.treeSize) throw unusable('it has more records than were signed: verify it')
  const auditPath = await pathOf(dir, index, log.treeSize, options)
  if (rootFromPath(leafHash(line), index, log.treeSize, auditPath)?.toString('hex') !== log.rootHash) {
    throw unusable('its records are not those that were signed: verify it')
  }
  return {
    type: proofType,
    record: line.toString(),
    leafIndex: index,
    treeSize: log.treeSize,
    auditPath: auditPath.map((hash) => hash.toString('hex')),
    statement: JSON.parse(text),
    publicKey,
  }
}

async function find(
  dir: string,
  names: ReadonlySet<string>,
  options: CallOptions,
): Promise<{ line: Buffer; index: number } | undefined> {
  let found: { line: Buffer; index: number } | undefined
  let index = 0
  const account = new AccountCheck()
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const line of lines) {
      const record = readRecord(line)
      const checked = typeof record === 'string' ? record : account.take(record)
      // One record proves nothing where the others contradict it.
      if (typeof checked === 'string') throw unusable(`line ${index + 1} of its records ${checked}`, index + 1)
      if (typeof record !== 'string' && record.type === 'verdict' && names.has(objectNameOf(record) ?? '')) {
        found = { line: Buffer.from(line), index }
      }
      index += 1
    }
  }
  return found
}

async function pathOf(dir: string, index: number, treeSize: number, options: CallOptions): Promise<Buffer[]> {
  const path = new AuditPath(index, treeSize)
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const line of lines) path.append(leafHash(line))
  }
  return path.path()
}

/** What a proof shows. */
export interface ProofVerification {
  readonly verified: boolean
  /** `verifies` exactly where `verified`; it sets apart that only the key is lacking. */
  readonly status: VerificationStatus
  readonly problems: readonly EvidenceProblem[]
  readonly claimedFingerprint?: string | undefined
  readonly record?: JournalRecord | undefined
  readonly predicate?: CustodyPredicate | undefined
}

/**
 * Verifies what {@link prove} made, given as its text.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE` for a key that cannot be read, `INVALID_OPTIONS` for a fingerprint that is
 *   none, or not that of the key
 */
export function verifyProof(
  text: string,
  options: { readonly publicKey?: string | undefined; readonly fingerprint?: string | undefined },
): ProofVerification {
  const proof = parseProof(text)
  if (proof === undefined) return failed({ code: 'statement-malformed', message: 'This is not an inclusion proof.' })
  const read = readStatement(proof.envelope)
  if (typeof read === 'string') {
    return failed({ code: 'statement-malformed', message: `The statement in the proof cannot be used: ${read}.` })
  }
  const { predicate } = read.statement
  const claimedFingerprint = read.envelope.keyid
  const problems: EvidenceProblem[] = []
  const key = keyOf(proof, givenKey(options), claimedFingerprint, problems)
  const finding = key === undefined ? 'valid' : envelopeFinding(key, read.envelope)
  if (finding !== 'valid') {
    const how = finding === 'rewritten' ? rewrittenSignature : 'is not signed by this key'
    problems.push({ code: 'signature-invalid', message: `The statement in the proof ${how}.` })
  }
  const { log } = predicate
  const path = proof.auditPath.map((hash) => Buffer.from(hash, 'hex'))
  const line = Buffer.from(proof.record)
  const root = rootFromPath(leafHash(line), proof.leafIndex, log.treeSize, path)
  if (proof.treeSize !== log.treeSize || root?.toString('hex') !== log.rootHash) {
    problems.push({ code: 'root-mismatch', message: 'The record does not lead to the root that was signed.' })
  }
  const record = readRecord(line)
  if (typeof record === 'string') {
    problems.push({ code: 'record-malformed', message: `What is proven ${record}.` })
    return { verified: false, status: statusOf(problems), problems, claimedFingerprint, predicate }
  }
  const contradiction = contradictionOfRecord(record, predicate)
  if (contradiction !== undefined) problems.push({ code: 'record-contradictory', message: contradiction })
  const status = statusOf(problems)
  return { verified: problems.length === 0, status, problems, claimedFingerprint, record, predicate }
}

function keyOf(
  proof: InclusionProof,
  given: KeyObject | string | undefined,
  claimed: string,
  problems: EvidenceProblem[],
): KeyObject | undefined {
  if (typeof given === 'object') return given
  if (given === undefined) {
    const message = `Nobody is authenticated without a key from elsewhere. The proof claims the key ${claimed}.`
    problems.push({ code: 'no-key', message })
    return undefined
  }
  try {
    const inside = readPublicKey(proof.publicKey)
    if (fingerprintOf(inside) === given) return inside
  } catch {
    // What is inside is not a key; that it is not the one asked for is said below.
  }
  problems.push({ code: 'wrong-key', message: `The proof's key does not have the fingerprint ${given}.` })
  return undefined
}

function failed(problem: EvidenceProblem): ProofVerification {
  return { verified: false, status: 'does-not-verify', problems: [problem] }
}

async function readText(dir: string, name: string): Promise<string> {
  return readFile(join(dir, name), 'utf8').catch((error: unknown) => {
    throw new LegalHoldError(`${join(dir, name)} cannot be read.`, {
      code: 'EVIDENCE_UNREADABLE',
      stage: 'report',
      cause: error,
    })
  })
}

function unusable(why: string, line?: number): LegalHoldError {
  return new LegalHoldError(`The bundle cannot be used: ${why}.`, {
    code: 'EVIDENCE_UNREADABLE',
    stage: 'report',
    ...(line === undefined ? {} : { details: { line } }),
  })
}

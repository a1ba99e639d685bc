import type { KeyObject } from 'node:crypto'
import type { JournalRecord } from '../../model/record.js'
import type { CustodyPredicate } from '../bundle/contents.js'
import { contradictionOfRecord } from '../bundle/predicate-check.js'
import { type EvidenceProblem, rewrittenSignature, statusOf, type VerificationStatus } from '../bundle/problem.js'
import { type InclusionProof, parseProof } from '../bundle/proof.js'
import { flawOfInclusion, runOfShard, type ShardInclusion } from '../bundle/shard-inclusion.js'
import { readStatement } from '../bundle/statement.js'
import { envelopeFinding } from '../crypto/dsse.js'
import { fingerprintOf, givenKey, readPublicKey } from '../crypto/keys.js'
import { leafHash, rootFromPath } from '../crypto/merkle.js'
import { readRecord } from '../journal/record.js'
import { nodeHashes } from './shard-proof.js'

/** What a proof shows. */
export interface ProofVerification {
  readonly verified: boolean
  /** `verifies` exactly where `verified`; it sets apart that only the key is lacking. */
  readonly status: VerificationStatus
  readonly problems: readonly EvidenceProblem[]
  readonly claimedFingerprint?: string | undefined
  /** The record about the object. */
  readonly record?: JournalRecord | undefined
  /** The shard whose record it is, from 0. */
  readonly shard?: number | undefined
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
  const beneath = proof.shard === undefined ? { record } : checkShard(proof.shard, record, predicate, problems)
  const status = statusOf(problems)
  return { verified: problems.length === 0, status, problems, claimedFingerprint, ...beneath, predicate }
}

/** The second path: from the record about the object to the seal that the first path leads to. */
function checkShard(
  inclusion: ShardInclusion,
  outer: JournalRecord,
  predicate: CustodyPredicate,
  problems: EvidenceProblem[],
): { readonly record?: JournalRecord; readonly shard?: number } {
  const flaw = flawOfInclusion(inclusion, outer, predicate.runId, nodeHashes)
  if (flaw !== undefined) problems.push({ code: 'shard-mismatch', message: `What is proven of a shard: ${flaw}.` })
  const record = readRecord(Buffer.from(inclusion.record))
  if (typeof record === 'string') {
    problems.push({ code: 'record-malformed', message: `What is proven ${record}.` })
    return {}
  }
  const { runId, shard } = runOfShard(predicate.runId, outer)
  const contradiction = contradictionOfRecord(record, { ...predicate, runId })
  if (contradiction !== undefined) problems.push({ code: 'record-contradictory', message: contradiction })
  return { record, shard }
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

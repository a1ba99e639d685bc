import type { JournalRecord } from '../../../model/record.js'
import type { CustodyPredicate } from '../../bundle/contents.js'
import { contradictionOfRecord } from '../../bundle/predicate-check.js'
import { Findings } from '../../bundle/problem.js'
import { parseProof } from '../../bundle/proof.js'
import { flawOfInclusion, type InclusionHashes, runOfShard, type ShardInclusion } from '../../bundle/shard-inclusion.js'
import { statementIn } from '../../bundle/statement-form.js'
import { readEnvelope } from '../../crypto/envelope.js'
import { checkSignature, keyFor } from './authentication.js'
import type { BundleCheckOptions } from './bundle-check.js'
import { readRecord } from './records.js'
import { type PageResult, type ProvenRecord, resultOf, resultOfFault } from './result.js'
import { hex, sha256 } from './sha256.js'
import { leafHash, rootFrom } from './tree.js'

const file = 'The statement in the proof'

/** Checks what `prove` wrote, given as its text: one recording, without the others. */
export async function checkProof(text: string, options: ProofCheckOptions): Promise<PageResult> {
  const findings = new Findings()
  try {
    return await check(text, options, findings)
  } catch (error) {
    return resultOfFault(error, findings, [])
  }
}

type ProofCheckOptions = Pick<BundleCheckOptions, 'subtle' | 'given'>

async function check(text: string, { subtle, given }: ProofCheckOptions, findings: Findings): Promise<PageResult> {
  const proof = parseProof(text)
  if (proof === undefined || !isAsWritten(text)) {
    const why =
      proof === undefined ? 'This is not an inclusion proof' : 'The bytes of the proof are not as they were written'
    findings.fail('statement-malformed', `${why}.`)
    return resultOf(findings, [])
  }
  const envelope = readEnvelope(proof.envelope)
  const statement = typeof envelope === 'string' ? envelope : statementIn(envelope)
  if (typeof envelope === 'string' || typeof statement === 'string') {
    findings.fail('statement-malformed', `${file} cannot be used: ${statement}.`)
    return resultOf(findings, [])
  }
  const { predicate } = statement
  const key = keyFor({ given, inside: proof.publicKey, claimed: envelope.keyid }, findings)
  const signature = { subtle, file, code: 'signature-invalid' as const }
  const lacks = key === undefined ? [] : await checkSignature(envelope, { ...signature, key }, findings)
  const { leafIndex, auditPath, treeSize } = proof
  const line = new TextEncoder().encode(proof.record)
  const path = auditPath.map(fromHex)
  const root = rootFrom(leafHash(line), leafIndex, predicate.log.treeSize, path)
  if (treeSize !== predicate.log.treeSize || root !== predicate.log.rootHash) {
    findings.fail('root-mismatch', 'The record does not lead to the root that was signed.')
  }
  const record = readRecord(line)
  const facts = { fingerprint: envelope.keyid, predicate }
  if (typeof record === 'string') {
    findings.fail('record-malformed', `What is proven ${record}.`)
    return resultOf(findings, lacks, facts)
  }
  const contradiction = contradictionOfRecord(record, predicate)
  if (contradiction !== undefined) findings.fail('record-contradictory', contradiction)
  const proven =
    proof.shard === undefined
      ? { line: leafIndex + 1, record, steps: path.length }
      : checkShard(proof.shard, record, predicate, findings)
  if (findings.problems.some(({ code }) => code !== 'no-key')) return resultOf(findings, lacks, facts)
  return resultOf(findings, lacks, { ...facts, proven })
}

/** The hashes of the page. */
const pageHashes: InclusionHashes = {
  sha256: (text) => hex(sha256(new TextEncoder().encode(text))),
  rootOf({ record, leafIndex, treeSize, auditPath }) {
    return rootFrom(leafHash(new TextEncoder().encode(record)), leafIndex, treeSize, auditPath.map(fromHex))
  },
}

/** The second path: from the record about the object to the seal that the first path leads to. */
function checkShard(
  inclusion: ShardInclusion,
  outer: JournalRecord,
  predicate: CustodyPredicate,
  findings: Findings,
): ProvenRecord | undefined {
  const flaw = flawOfInclusion(inclusion, outer, predicate.runId, pageHashes)
  if (flaw !== undefined) findings.fail('shard-mismatch', `What is proven of a shard: ${flaw}.`)
  const record = readRecord(new TextEncoder().encode(inclusion.record))
  if (typeof record === 'string') {
    findings.fail('record-malformed', `What is proven ${record}.`)
    return undefined
  }
  const { runId, shard } = runOfShard(predicate.runId, outer)
  const contradiction = contradictionOfRecord(record, { ...predicate, runId })
  if (contradiction !== undefined) findings.fail('record-contradictory', contradiction)
  return { line: inclusion.leafIndex + 1, record, steps: inclusion.auditPath.length, shard }
}

/** As `prove` writes it, or in one line: a member given twice, of which readers may take either, is in neither form. */
function isAsWritten(text: string): boolean {
  const proof: unknown = JSON.parse(text)
  return [JSON.stringify(proof, null, 2), JSON.stringify(proof)].includes(text.trimEnd())
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

import { contradictionOfRecord } from '../../bundle/predicate-check.js'
import { Findings } from '../../bundle/problem.js'
import { parseProof } from '../../bundle/proof.js'
import { statementIn } from '../../bundle/statement-form.js'
import { readEnvelope } from '../../crypto/envelope.js'
import { checkSignature, keyFor } from './authentication.js'
import type { BundleCheckOptions } from './bundle-check.js'
import { readRecord } from './records.js'
import { type PageResult, resultOf, resultOfFault } from './result.js'
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
  if (findings.problems.some(({ code }) => code !== 'no-key')) return resultOf(findings, lacks, facts)
  return resultOf(findings, lacks, { ...facts, proven: { line: leafIndex + 1, record, steps: path.length } })
}

/** As `prove` writes it, or in one line: a member given twice, of which readers may take either, is in neither form. */
function isAsWritten(text: string): boolean {
  const proof: unknown = JSON.parse(text)
  return [JSON.stringify(proof, null, 2), JSON.stringify(proof)].includes(text.trimEnd())
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

import { type DsseEnvelope, formatEnvelope } from '../crypto/envelope.js'
import { isInclusion, type ShardInclusion } from './shard-inclusion.js'

/** Type of a proof file. */
export const proofType = 'urn:genesys-legal-hold-exporter:inclusion-proof:v1'

/** One record with the proof that it is among the sealed records, without the others. */
export interface InclusionProof {
  readonly type: typeof proofType
  /** The record, as its line in records.jsonl. */
  readonly record: string
  /** From 0. */
  readonly leafIndex: number
  readonly treeSize: number
  /** RFC 6962, 2.1.1: hex, from the leaf's sibling up. */
  readonly auditPath: readonly string[]
  readonly statement: DsseEnvelope
  readonly publicKey: string
  /** If the record is that of a shard: the record about the object, beneath the shard's seal. */
  readonly shard?: ShardInclusion | undefined
}

/** A proof with the text of its envelope, which is made where what it holds may still be anything. */
export function parseProof(text: string): (InclusionProof & { readonly envelope: string }) | undefined {
  try {
    const proof: Partial<InclusionProof> = JSON.parse(text)
    const isProof =
      proof?.type === proofType &&
      typeof proof.record === 'string' &&
      Array.isArray(proof.auditPath) &&
      proof.auditPath.every((hash) => /^[0-9a-f]{64}$/.test(String(hash))) &&
      typeof proof.statement === 'object' &&
      typeof proof.publicKey === 'string' &&
      (proof.shard === undefined || isInclusion(proof.shard))
    if (!isProof) return undefined
    return { ...(proof as InclusionProof), envelope: formatEnvelope(proof.statement as DsseEnvelope) }
  } catch {
    return undefined
  }
}

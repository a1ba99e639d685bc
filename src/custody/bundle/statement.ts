import { type OpenedEnvelope, openEnvelope } from '../crypto/dsse.js'
import type { CustodyStatement } from './contents.js'
import { statementIn } from './statement-form.js'

/** A statement with the envelope it came in. Its signature is not verified yet. */
export interface ReadStatement {
  readonly envelope: OpenedEnvelope
  readonly statement: CustodyStatement
}

/** Reads a statement from its envelope; says why where it is none of ours. */
export function readStatement(text: string): ReadStatement | string {
  const envelope = openEnvelope(text)
  if (typeof envelope === 'string') return envelope
  const statement = statementIn(envelope)
  return typeof statement === 'string' ? statement : { envelope, statement }
}

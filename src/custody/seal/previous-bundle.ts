import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFiles, type CustodyPredicate, type PreviousLink } from '../bundle/contents.js'
import { unreadable } from '../bundle/file.js'
import { readStatement } from '../bundle/statement.js'
import { sha256 } from '../crypto/sha256.js'
import { notSealed } from './not-sealed.js'

/** The bundle that the next one of its matter is chained to. */
export interface PreviousBundle {
  /** Its `statement.dsse.json`. */
  readonly text: string
  readonly predicate: CustodyPredicate
  readonly link: PreviousLink
}

/** @throws LegalHoldError `EVIDENCE_UNREADABLE`, `EVIDENCE_NOT_SEALED` for a file that is not a statement */
export async function readPrevious(dir: string): Promise<PreviousBundle> {
  const path = join(dir, bundleFiles.statement)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(`The previous bundle has no readable ${path}.`, error)
  })
  const read = readStatement(text)
  if (typeof read === 'string') throw notSealed(`${path} is not a statement of a bundle: ${read}.`)
  const { predicate } = read.statement
  const { runId, sealedAt } = predicate
  const payloadSha256 = sha256(read.envelope.payload)
  return { text, predicate, link: { payloadSha256, statementSha256: sha256(text), runId, sealedAt } }
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LegalHoldError } from '../errors.js'
import { bundleFiles, type CustodyStatement } from './bundle.js'
import { readStatement } from './statement.js'

/**
 * The statement of a bundle, whose signature is not verified.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function readStatementOf(dir: string): Promise<CustodyStatement> {
  const path = join(dir, bundleFiles.statement)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(`${path} cannot be read`, error)
  })
  const read = readStatement(text)
  if (typeof read === 'string') throw unreadable(`${path} cannot be used: ${read}`)
  return read.statement
}

function unreadable(what: string, cause?: unknown): LegalHoldError {
  return new LegalHoldError(`${what}.`, { code: 'EVIDENCE_UNREADABLE', stage: 'report', cause })
}

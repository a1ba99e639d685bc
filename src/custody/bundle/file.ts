import { readFile } from 'node:fs/promises'
import { LegalHoldError } from '../../model/errors.js'
import { digestOfFile } from './file-digest.js'

/**
 * The text of a file; `undefined` if there is none.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(`${path} cannot be read.`, error)
  }
}

/**
 * SHA-256 of a file, hex; `undefined` if there is none.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function sha256Of(path: string): Promise<string | undefined> {
  try {
    return await digestOfFile(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(`${path} cannot be read.`, error)
  }
}

/** Something that keeps a check from being run at all. */
export function unreadable(message: string, cause?: unknown): LegalHoldError {
  return new LegalHoldError(message, { code: 'EVIDENCE_UNREADABLE', stage: 'report', cause })
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { LegalHoldError } from '../../model/errors.js'

const chunkBytes = 1_048_576

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
  const sha256 = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) sha256.update(chunk as Buffer)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw unreadable(`${path} cannot be read.`, error)
  }
  return sha256.digest('hex')
}

/** Something that keeps a check from being run at all. */
export function unreadable(message: string, cause?: unknown): LegalHoldError {
  return new LegalHoldError(message, { code: 'EVIDENCE_UNREADABLE', stage: 'report', cause })
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}

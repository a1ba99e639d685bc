import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LegalHoldError } from '../../model/errors.js'
import { bundleFiles, type CustodyStatement } from './contents.js'
import { readStatement } from './statement.js'

/** A link leads to what may be another thing tomorrow, and a pipe or a device never ends: none of them is read. */
export async function irregularFiles(dir: string): Promise<{ readonly name: string; readonly what: string }[]> {
  const irregular: { name: string; what: string }[] = []
  for (const name of Object.values(bundleFiles)) {
    const found = await lstat(join(dir, name)).catch(() => undefined)
    if (found === undefined || found.isFile()) continue
    irregular.push({ name, what: found.isSymbolicLink() ? 'a symbolic link' : 'no file' })
  }
  return irregular
}

/**
 * The statement of a bundle, whose signature is not verified.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function readStatementOf(dir: string): Promise<CustodyStatement> {
  const [irregular] = await irregularFiles(dir)
  if (irregular !== undefined) throw unreadable(`${join(dir, irregular.name)} is ${irregular.what}, and is not read`)
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

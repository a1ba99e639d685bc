import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallOptions } from '../../ports/runtime.js'
import { digestOfFile } from '../bundle/file-digest.js'

/**
 * Reads files back by their names: what was written through an open file is lost where its name was deleted or given to
 * another file meanwhile.
 *
 * @param digests SHA-256 in hex, by name
 * @returns the first file that is not what was written, and what it is instead
 */
export async function changedFile(
  dir: string,
  digests: Readonly<Record<string, string>>,
  options: CallOptions = {},
): Promise<{ readonly name: string; readonly what: string } | undefined> {
  for (const [name, digest] of Object.entries(digests)) {
    const path = join(dir, name)
    const found = await lstat(path).catch((error: NodeJS.ErrnoException) => error)
    if (found instanceof Error) return { name, what: found.code === 'ENOENT' ? 'was deleted or moved' : found.message }
    if (!found.isFile()) return { name, what: 'was replaced by something else' }
    if ((await digestOfFile(path, options)) !== digest) return { name, what: 'was changed' }
  }
  return undefined
}

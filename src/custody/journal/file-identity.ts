import { type BigIntStats, statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Which file an open one is, whatever its path leads to by now. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

/** The identity of an open file. While it is open no other file can get it. */
export async function identityOf(file: FileHandle): Promise<FileIdentity> {
  const { dev, ino } = await file.stat({ bigint: true })
  return { device: dev, inode: ino }
}

/**
 * What became of an open file at its path: the descriptor continues to take every byte after its name was deleted, and
 * then nobody finds them.
 *
 * @param path absolute, so that a change of the working directory does not lead elsewhere
 * @param bytes how long the file must be
 * @returns what is wrong, for a sentence about the file; `undefined` if nothing is
 */
export function lossOf(path: string, { device, inode }: FileIdentity, bytes: number): string | undefined {
  let found: BigIntStats
  try {
    found = statSync(path, { bigint: true })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'was deleted or moved' : `can no longer be looked at: ${message}`
  }
  if (found.dev !== device || found.ino !== inode) return 'was replaced by another file'
  if (found.size === BigInt(bytes)) return undefined
  return `is ${found.size} bytes long, but ${bytes} were written`
}

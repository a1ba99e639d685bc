import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory and those above it that are missing. Each directory that got a new entry is synced: after a crash
 * a file is only there if the whole way to it is.
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode })
  if (topmost === undefined) return
  const last = dirname(resolve(topmost))
  for (let directory = dirname(resolve(path)); ; directory = dirname(directory)) {
    await syncDirectory(directory)
    if (directory === last || directory === dirname(directory)) return
  }
}

/** A new file, or a new name of one, is only there after a crash if its directory was synced too. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Windows opens no directories.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPERM' && code !== 'EISDIR' && code !== 'EINVAL' && code !== 'EACCES') throw error
  }
}

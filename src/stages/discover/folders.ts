import pLimit from 'p-limit'
import { collect } from '../../internal/streams/streams.js'
import { type HourRange, hourStart, touches } from '../../model/layout/keys.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'

/** One folder of the layout that must be listed. */
export interface Folder {
  readonly prefix: string
  /** Start of its hour in milliseconds; `undefined` for a folder whose name does not parse, listed to be reported. */
  readonly hour: number | undefined
}

const levels = [
  { pattern: /^year=(\d{1,4})$/ },
  { pattern: /^month=(\d{1,2})$/ },
  { pattern: /^day=(\d{1,2})$/ },
  { pattern: /^hour=(\d{1,2})$/ },
] as const

/** Which folders are looked for. */
export interface FolderSearch {
  readonly organizationId: string
  readonly range: HourRange
  /** Folders listed side by side. */
  readonly concurrency: number
}

/**
 * Finds the hour folders of an organisation that a range of hours touches. It walks year, month, day and hour with
 * a delimiter. It finds whatever padding the platform used, and reads no hour outside the range. A folder with an
 * unknown name is listed as well, so that its contents are reported and not ignored.
 */
export async function findFolders(
  storage: StorageAdapter,
  { organizationId, range, concurrency }: FolderSearch,
  context: StageContext,
): Promise<Folder[]> {
  const limit = pLimit(concurrency)
  const children = (prefix: string) =>
    limit(() =>
      persist(context, 'discover', prefix, () => collect(storage.listFolders(prefix, { signal: context.signal }))),
    )
  const walk = async (prefix: string, parts: readonly number[]): Promise<Folder[]> => {
    if (parts.length === levels.length) {
      const [year = 0, month = 0, day = 0, hour = 0] = parts
      return [{ prefix, hour: hourStart(year, month, day, hour) }]
    }
    const found = await children(prefix)
    const walked = await Promise.all(
      found.map((folder): Promise<Folder[]> | Folder[] => {
        const name = folder.slice(prefix.length, -1)
        const match = levels[parts.length]?.pattern.exec(name)
        if (match === null || match === undefined) return [{ prefix: folder, hour: undefined }]
        const next = [...parts, Number(match[1])]
        return touches(range, next) ? walk(folder, next) : []
      }),
    )
    return walked.flat()
  }
  return walk(`${organizationId}/`, [])
}

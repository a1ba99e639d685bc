import { merge } from '../../internal/streams/streams.js'
import { hourRange, onlyHours, parseKey, sidecarSuffix } from '../../model/layout/keys.js'
import { type ClassifiedObject, classifyObject, type Scope } from '../../model/layout/places.js'
import type { ListedObject } from '../../model/object.js'
import type { Interval } from '../../model/request.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { FolderWindow, type WindowExit } from './folder-window.js'
import { type Folder, findFolders } from './folders.js'
import { listResuming } from './listing.js'

/** An object that was found, and where it belongs. */
export type DiscoveredObject = ClassifiedObject

/** Where to look. */
export interface DiscoverySettings {
  readonly organizationId: string
  readonly interval: Interval
  /** How long before the interval a conversation with activity in it may have begun. */
  readonly lookbackHours: number
  /** Starts of hours in milliseconds in which conversations of the job began, however long before the interval. */
  readonly alsoHours?: (() => ReadonlySet<number>) | undefined
  /** Folders listed side by side. */
  readonly listConcurrency: number
}

/** Finds the hour folders of the interval and lists them side by side, once. In pieces of many objects. */
export async function* discover(
  storage: StorageAdapter,
  settings: DiscoverySettings,
  scope: Scope,
  context: StageContext,
): AsyncGenerator<readonly DiscoveredObject[], void, void> {
  const folders = await foldersOf(storage, settings, context)
  yield* merge(
    folders.map((folder) => () => listFolder(storage, folder, scope, context)),
    settings.listConcurrency,
    piecesAhead,
  )
}

/** Pieces of up to a page that wait for a consumer: what is read ahead must not grow with the bucket. */
export const piecesAhead = 1

/** The hour folders that are there now; without `hours` all of the interval with its look-back. */
export function foldersOf(
  storage: StorageAdapter,
  settings: DiscoverySettings,
  context: StageContext,
  hours?: ReadonlySet<number>,
): Promise<Folder[]> {
  const { organizationId, interval, lookbackHours, alsoHours, listConcurrency } = settings
  const range = hours === undefined ? hourRange(interval, lookbackHours, alsoHours?.()) : onlyHours(hours)
  return findFolders(storage, { organizationId, range, concurrency: listConcurrency }, context)
}

/** Lists one folder, or what lies after a key of it, and says what each object is, in the order of the listing. */
export async function* listFolder(
  storage: StorageAdapter,
  { prefix, startAfter }: Folder & { readonly startAfter?: string | undefined },
  scope: Scope,
  context: StageContext,
): AsyncGenerator<readonly DiscoveredObject[], void, void> {
  const lies = (key: string) => persist(context, 'discover', key, () => isListed(storage, key, context.signal))
  yield* classified(listResuming(storage, prefix, context, startAfter), scope, lies, startAfter)
}

/** So many objects wait at most for one that may be the sidecar of another: more than that is asked for by its key. */
const mostWaiting = 1_000

/**
 * Says what the objects of a listing are. Each is looked at with its neighbours, and no more of them are kept than
 * {@link FolderWindow} needs: a conversation may have 100,000 files.
 *
 * @param lies whether there is such a key; asked where that is far away in the listing, or before its beginning
 * @param startAfter the key after which the listing began
 */
export async function* classified(
  pages: AsyncIterable<readonly ListedObject[]>,
  scope: Scope,
  lies: (key: string) => Promise<boolean>,
  startAfter?: string,
): AsyncGenerator<readonly DiscoveredObject[], void, void> {
  const window = new FolderWindow()
  let found: DiscoveredObject[] = []
  const exit: WindowExit = {
    file: (located, neighbours) => found.push(classifyObject(located, neighbours, scope)),
    outside: (object) => found.push({ object, place: { kind: 'unexpected' } }),
  }
  for await (const page of pages) {
    for (const object of page) {
      const key = parseKey(object.key)
      if (key === undefined) window.pass(object)
      else {
        const earlier = describedEarlier(object.key, startAfter)
        window.add({ object, key }, earlier !== undefined && (await lies(earlier)))
      }
    }
    window.leave(exit)
    while (window.size > mostWaiting && window.awaited !== undefined) {
      window.settle(await lies(window.awaited))
      window.leave(exit)
    }
    if (found.length === 0) continue
    yield found
    found = []
  }
  window.end()
  window.leave(exit)
  if (found.length > 0) yield found
}

/**
 * The file that a sidecar describes, where the listing began after its key. All keys between the two begin with the name of
 * the file, that after which the listing began among them: only few sidecars are asked about.
 */
function describedEarlier(key: string, startAfter: string | undefined): string | undefined {
  if (startAfter === undefined || !key.endsWith(sidecarSuffix)) return undefined
  const described = key.slice(0, -sidecarSuffix.length)
  return startAfter.startsWith(described) ? described : undefined
}

async function isListed(storage: StorageAdapter, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  // The key itself comes before all that begin with it.
  for await (const found of storage.list(key, { signal })) return found.key === key
  return false
}

import { SeenSet } from '../internal/seen.js'
import { merge } from '../internal/streams.js'
import { hourRange, onlyHours, parseKey } from '../layout.js'
import type { Interval, ListedObject, StorageAdapter } from '../ports.js'
import { type ClassifiedObject, classifyConversation, type LocatedObject, type Scope } from './classify.js'
import type { StageContext } from './context.js'
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
export const piecesAhead = 4

/** The hour folders that are there now; without `hours` all of the interval with its look-back. */
export function foldersOf(
  storage: StorageAdapter,
  settings: DiscoverySettings,
  context: StageContext,
  hours?: ReadonlySet<number>,
): Promise<Folder[]> {
  const { interval, lookbackHours, alsoHours } = settings
  const range = hours === undefined ? hourRange(interval, lookbackHours, alsoHours?.()) : onlyHours(hours)
  return findFolders(storage, settings.organizationId, range, settings.listConcurrency, context)
}

/**
 * Lists one folder and says what each object is. A conversation's objects are contiguous in a listing, and looked at
 * together; the last one of a page may go on in the next.
 *
 * @param startAfter the key after which to begin
 */
export async function* listFolder(
  storage: StorageAdapter,
  folder: Folder,
  scope: Scope,
  context: StageContext,
  startAfter?: string,
): AsyncGenerator<readonly DiscoveredObject[], void, void> {
  let conversation: LocatedObject[] = []
  for await (const page of listResuming(storage, folder.prefix, context, startAfter)) {
    const found: DiscoveredObject[] = []
    for (const object of page) {
      const key = parseKey(object.key)
      if (key === undefined) {
        found.push({ object, place: { kind: 'unexpected' } })
        continue
      }
      if (conversation[0] !== undefined && conversation[0].key.conversationId !== key.conversationId) {
        for (const one of classifyConversation(conversation, scope)) found.push(one)
        conversation = []
      }
      conversation.push({ object, key })
    }
    if (found.length > 0) yield found
  }
  if (conversation.length > 0) yield classifyConversation(conversation, scope)
}

/** Remembers which states of which objects have been read; a rewritten object counts as new. */
export class SeenObjects {
  readonly #seen = new SeenSet()

  /** `true` the first time this state of the object is shown. */
  add(object: Pick<ListedObject, 'key' | 'etag' | 'lastModified'>): boolean {
    return this.#seen.add(fingerprint(object))
  }

  has(object: Pick<ListedObject, 'key' | 'etag' | 'lastModified'>): boolean {
    return this.#seen.has(fingerprint(object))
  }
}

function fingerprint({ key, etag, lastModified }: Pick<ListedObject, 'key' | 'etag' | 'lastModified'>): string {
  // A listing gives milliseconds, HEAD's Last-Modified whole seconds: compare what both know.
  const seconds = lastModified === undefined ? '' : Math.floor(Date.parse(lastModified) / 1000)
  return `${seconds}\n${etag ?? ''}\n${key}`
}

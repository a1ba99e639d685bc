import { hourMs } from '../../internal/durations.js'
import { compareKeys, justBefore } from '../../internal/key-order.js'
import type { ListedObject, ObjectState } from '../../model/object.js'
import type { ListOptions, StorageAdapter } from '../../ports/storage.js'
import { listsInPages } from '../../stages/discover/listing.js'
import { derivedStorage } from '../../stages/reading/derived-storage.js'
import { holds, mayTouch, type Slice } from '../plan/slice.js'

/** What a shard sees of a storage, and what it asks before it changes anything. */
export interface ShardStorageParts {
  readonly organizationId: string
  readonly slice: Slice
  /**
   * Resolves only while the shard is this worker's, and there is time for the change.
   *
   * @param copied what is copied as a whole; absent for a change that copies nothing
   */
  readonly mayChange: (copied?: ObjectState) => Promise<void>
}

const changes: ReadonlySet<PropertyKey> = new Set<keyof StorageAdapter>([
  'replaceMetadata',
  'mergeTags',
  'replaceTags',
  'putLegalHold',
  'putRetention',
])

/** The one change whose duration grows with the object. */
const copying: keyof StorageAdapter = 'replaceMetadata'

/**
 * A storage whose listings show only the hour folders of a slice, so that each object of a bucket is seen by one
 * shard. Each change first asks whether the shard still is this worker's: one that was frozen past its deadline
 * changes nothing.
 */
export function shardStorage(storage: StorageAdapter, parts: ShardStorageParts): StorageAdapter {
  const view = new SliceView(storage, parts)
  const own: { readonly [Name in keyof StorageAdapter]?: StorageAdapter[Name] | undefined } = {
    list: (prefix, options) => view.list(prefix, options),
    listFolders: (prefix, options) => view.listFolders(prefix, options),
    listPages: listsInPages(storage) ? (prefix, options) => view.listPages(prefix, options) : undefined,
  }
  return derivedStorage(storage, (name, method) => {
    if (Object.hasOwn(own, name)) return own[name]
    if (typeof method !== 'function' || !changes.has(name)) return method
    return async (...given: readonly unknown[]) => {
      await parts.mayChange(name === copying ? (given[0] as ObjectState) : undefined)
      return method(...given)
    }
  })
}

/** How the parts of an hour's folder are named, from the year down. */
const levels = ['year', 'month', 'day', 'hour']

class SliceView {
  readonly #storage: StorageAdapter
  readonly #root: string
  readonly #slice: Slice

  constructor(storage: StorageAdapter, { organizationId, slice }: ShardStorageParts) {
    this.#storage = storage
    this.#root = `${organizationId}/`
    this.#slice = slice
  }

  async *listFolders(prefix: string, options?: ListOptions): AsyncGenerator<string, void, void> {
    for await (const folder of this.#storage.listFolders(prefix, options)) {
      if (!folder.startsWith(this.#root) || this.#isSeen(folder)) yield folder
    }
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ListedObject, void, void> {
    const bounds = this.#boundsIn(prefix)
    for await (const object of this.#storage.list(prefix, begun(options, bounds))) {
      if (bounds.to !== undefined && compareKeys(object.key, bounds.to) >= 0) return
      if (bounds.from === undefined || compareKeys(object.key, bounds.from) >= 0) yield object
    }
  }

  async *listPages(prefix: string, options: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void, void> {
    const { from, to } = this.#boundsIn(prefix)
    for await (const page of this.#storage.listPages?.(prefix, begun(options, { from, to })) ?? []) {
      const isBefore = ({ key }: ListedObject) => to === undefined || compareKeys(key, to) < 0
      const isBehind = ({ key }: ListedObject) => from === undefined || compareKeys(key, from) >= 0
      const seen = from === undefined && to === undefined ? page : page.filter((one) => isBehind(one) && isBefore(one))
      if (seen.length > 0) yield seen
      const last = page.at(-1)
      if (last !== undefined && !isBefore(last)) return
    }
  }

  /** A folder of another name than those of hours is seen by the shard that has the beginning of what it lies in. */
  #isSeen(folder: string): boolean {
    const parts = this.#numbersOf(folder)
    if (parts === undefined) {
      const within = this.#numbersOf(`${folder.split('/').slice(0, -2).join('/')}/`)
      return within === undefined ? this.#slice.from === undefined : holds(this.#slice, spanOf(within)[0])
    }
    const [start, end] = spanOf(parts)
    return mayTouch(this.#slice, start, end)
  }

  /** The keys that bound what is seen of an hour's folder. */
  #boundsIn(prefix: string): KeyBounds {
    const parts = this.#numbersOf(prefix)
    if (parts?.length !== levels.length) return {}
    const [start] = spanOf(parts)
    const { from, to } = this.#slice
    return {
      from: from?.hour === start && from.name !== '' ? `${prefix}${from.name}` : undefined,
      to: to?.hour === start ? `${prefix}${to.name}` : undefined,
    }
  }

  /** Year, month, day and hour, as far as a folder names them; `undefined` if one of its parts is of another name. */
  #numbersOf(folder: string): readonly number[] | undefined {
    const parts = folder.startsWith(this.#root) ? folder.slice(this.#root.length).split('/').slice(0, -1) : []
    if (parts.length === 0 || parts.length > levels.length) return undefined
    const numbers = parts.map((part, level) => {
      const [name, digits = ''] = part.split('=')
      return name === levels[level] && /^\d{1,4}$/.test(digits) && part === `${name}=${digits}` ? Number(digits) : -1
    })
    return numbers.every((number) => number >= 0) ? numbers : undefined
  }
}

interface KeyBounds {
  /** Inclusive. */
  readonly from?: string | undefined
  /** Exclusive. */
  readonly to?: string | undefined
}

/** A listing begins behind a key, and the first key of a slice is inclusive. */
function begun(options: ListOptions, { from }: KeyBounds): ListOptions {
  const startAfter = from === undefined ? undefined : justBefore(from)
  if (startAfter === undefined) return options
  const isLater = options.startAfter !== undefined && compareKeys(options.startAfter, startAfter) > 0
  return isLater ? options : { ...options, startAfter }
}

/** The time that a folder stands for, in milliseconds. */
function spanOf([year = 0, month, day, hour]: readonly number[]): readonly [number, number] {
  const start = Date.UTC(year, (month ?? 1) - 1, day ?? 1, hour ?? 0)
  if (hour !== undefined) return [start, start + hourMs]
  if (day !== undefined) return [start, start + 24 * hourMs]
  if (month !== undefined) return [start, Date.UTC(year, month, 1)]
  return [start, Date.UTC(year + 1, 0, 1)]
}

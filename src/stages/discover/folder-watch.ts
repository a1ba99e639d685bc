import type { LandingOptions } from '../../options/landing.js'
import type { StorageAdapter } from '../../ports/storage.js'
import type { RecordingLedger } from '../account/ledger.js'
import type { StageContext } from '../context.js'
import { type DiscoveredObject, type DiscoverySettings, foldersOf, listFolder } from './discover.js'
import { type FolderState, type NextLook, nextLook, type Revisit, unread } from './folder-state.js'
import type { Folder } from './folders.js'
import type { SeenObjects } from './seen-objects.js'
import type { Watermarks } from './watermarks.js'

/** What the landing must know of the jobs while it is in progress. */
export interface JobWatch {
  /** When objects of the first job can have been written at the earliest, in milliseconds. */
  readonly createdAt: number
  /** Milliseconds; `undefined` while a job runs. */
  fulfilledAt(): number | undefined
  /** Resolves when the jobs end in any way, or after `ms`. */
  settledOr(ms: number): Promise<void>
  /** Recordings that have not landed; `undefined` if that cannot be known. */
  pending(): number | undefined
  /**
   * For each list of expected recordings that has been read, the hours in which its conversations began; `undefined`
   * where that is not known. A new list may claim what belonged to nobody before.
   */
  readonly lists: readonly (ReadonlySet<number> | undefined)[]
  /** Whether there are no more lists to come. */
  listsComplete(): boolean
  /** Whether a later job writes into an hour once more. @param hour its start, in milliseconds */
  revisit(hour: number | undefined): Revisit
  /** Asks the platform why the rest is not there, and enters what it says. */
  explainMissing(): Promise<void>
}

/** One folder and what is known of its state. */
export interface FolderWatch {
  readonly folder: Folder
  state: FolderState
  /** When something new was last seen in it, in milliseconds. */
  newestAt: number | undefined
  /** The first listing begins after this key: a former part of the run has on record what is up to there. */
  after: string | undefined
}

/** A piece of a folder's listing. */
export interface ListedPiece {
  readonly prefix: string
  /** How many objects it showed. */
  readonly listed: number
  /** Objects that need not wait. */
  readonly objects: readonly DiscoveredObject[]
  /** The last key up to which no object must wait since the listing began; `undefined` if there is none. */
  readonly through: string | undefined
}

// S3 rounds to seconds, and the platform's clock is not S3's.
const clockToleranceMs = 2_000
/** Between two looks for other names of the hours that are awaited; at least two in the quiet time. */
const walkAgainMs = 60_000

/** What the folders of a job are listed with. */
export interface WatchSubject {
  readonly storage: StorageAdapter
  readonly settings: DiscoverySettings
  readonly ledger: RecordingLedger
  readonly job: JobWatch
  readonly options: LandingOptions
  readonly watermarks: Pick<Watermarks, 'after'>
  readonly context: StageContext
}

/** The folders of a job, and when each must be listed again. */
export class FolderWatches {
  readonly #storage: StorageAdapter
  readonly #settings: DiscoverySettings
  readonly #ledger: RecordingLedger
  readonly #job: JobWatch
  readonly #options: LandingOptions
  readonly #watermarks: Pick<Watermarks, 'after'>
  readonly #context: StageContext
  readonly #watches = new Map<string, FolderWatch>()
  #listsRead = 0
  #found = false
  /** When the hours that are awaited were last looked for under other names. */
  #walkedAt: number | undefined
  #awaitsHalves = true

  constructor({ storage, settings, ledger, job, options, watermarks, context }: WatchSubject) {
    this.#storage = storage
    this.#settings = settings
    this.#ledger = ledger
    this.#job = job
    this.#options = options
    this.#watermarks = watermarks
    this.#context = context
  }

  /** Looks for folders that are not known yet: at first for all, then only for those that something is awaited in. */
  async findNew(): Promise<void> {
    const { lists } = this.#job
    for (const hours of lists.slice(this.#listsRead)) {
      for (const watch of this.#watches.values()) if (isAwaited(watch, hours)) watch.state = unread
    }
    this.#listsRead = lists.length
    if (!this.#found) {
      await this.#find(undefined)
      this.#found = true
      return
    }
    const awaited = this.#awaitedHours()
    const missing = new Set(awaited)
    const time = this.#context.clock.now()
    // An hour has several names, padded or not: what does not come to the one that is known may come to another.
    const restMs = Math.min(walkAgainMs, this.#options.landingQuietMs / 2)
    const isRested = this.#walkedAt === undefined || time - this.#walkedAt >= restMs
    const isLate = this.#job.fulfilledAt() !== undefined && isRested
    if (isLate) this.#walkedAt = time
    else for (const { folder } of this.#watches.values()) if (folder.hour !== undefined) missing.delete(folder.hour)
    if (awaited === undefined || missing.size > 0) await this.#find(awaited === undefined ? undefined : missing)
  }

  /** The folders that must be listed now. */
  due(time: number): FolderWatch[] {
    const awaited = this.#awaitedHours()
    return [...this.#watches.values()].filter((watch) => {
      const next = this.#nextLook(watch, awaited)
      return next.look === 'now' || (next.look === 'at' && next.at <= time)
    })
  }

  /** Time until a folder must be listed, at least `restMs` for those that are listed again and again. */
  nextDueMs(time: number, restMs: number): number {
    const awaited = this.#awaitedHours()
    if (awaited === undefined || awaited.size > 0) return restMs
    // The job may end, or another list be read, at any time.
    let waitMs = restMs
    for (const watch of this.#watches.values()) {
      const next = this.#nextLook(watch, awaited)
      if (next.look === 'now') return 0
      if (next.look === 'at') waitMs = Math.min(waitMs, next.at - time)
    }
    return waitMs
  }

  /** Nothing new has come for a while: halves of recordings are dealt with as they are. */
  letHalvesGo(): void {
    this.#awaitsHalves = false
  }

  /**
   * Folders that must be read once more before the end: those last listed before `time`, or with an object that
   * waits.
   */
  toReadAgain(time: number): FolderWatch[] {
    return [...this.#watches.values()].filter(
      ({ state }) => state.state === 'unread' || state.listedAt < time || state.heldBack.halves,
    )
  }

  /** Whether every folder has been read for good. */
  areDone(): boolean {
    return this.unfinished().length === 0
  }

  /** Folders that something is awaited in, or that have not been listed late enough. */
  unfinished(): FolderWatch[] {
    const awaited = this.#awaitedHours()
    return [...this.#watches.values()].filter((watch) => this.#nextLook(watch, awaited).look !== 'never')
  }

  /**
   * Lists one folder. With `isFinal` nothing in it is kept waiting any more. The first listing of a resumed run
   * begins after the folder's watermark. It shows what is new there but not what is gone, so the folder is due
   * again at once.
   */
  async *read(watch: FolderWatch, seen: SeenObjects, isFinal = false): AsyncGenerator<ListedPiece, void, void> {
    const { clock } = this.#context
    const { folder, after } = watch
    const from = { ...folder, startAfter: after }
    const startedAt = clock.now()
    const listing = after === undefined ? this.#ledger.beginListing(folder.prefix) : undefined
    let stale = 0
    let unclaimed = false
    let halves = false
    let through: string | undefined
    for await (const piece of listFolder(this.#storage, from, this.#ledger, this.#context)) {
      const objects: DiscoveredObject[] = []
      for (const found of piece) {
        const isUnexpected = found.place.kind === 'unexpected'
        if (!isFinal && this.#isHeldBack(found)) {
          if (isUnexpected) unclaimed = true
          else if (found.isHalf) halves = true
          else stale += 1
          continue
        }
        objects.push(found)
        // A key of no conversation is shown before those of the conversation that it lies in.
        if (stale === 0 && !unclaimed && !halves && found.place.conversationId !== undefined) through = found.object.key
        if (isUnexpected) continue
        const isNew = !seen.has(found.object)
        if (isNew) watch.newestAt = clock.now()
        if (listing !== undefined) this.#ledger.show(found.object, found.place, listing, isNew)
      }
      yield { prefix: folder.prefix, listed: piece.length, objects, through }
    }
    watch.after = undefined
    if (listing === undefined) return
    this.#ledger.endListing(listing)
    watch.state = { state: 'read', listedAt: startedAt, heldBack: { stale, unclaimed, halves } }
  }

  /**
   * Whether it is too early to judge an object. The job may overwrite it, a list may claim it, or its other half
   * may make a recording of it.
   */
  #isHeldBack(found: DiscoveredObject): boolean {
    if (found.place.kind === 'unexpected') return !this.#job.listsComplete()
    return (found.isHalf === true && this.#awaitsHalves) || this.#isStale(found)
  }

  #isStale({ object, place, isForeign }: DiscoveredObject): boolean {
    if (isForeign || place.kind === 'unexpected' || object.lastModified === undefined) return false
    if (Date.parse(object.lastModified) >= this.#job.createdAt - clockToleranceMs) return false
    // What lies beside a recording that the job has written is not its own.
    return place.recordingId === undefined || !this.#ledger.isWritten(place.recordingId)
  }

  #nextLook(watch: FolderWatch, awaited: ReadonlySet<number> | undefined): NextLook {
    const { landingQuietMs: quietMs, landingSettleMs: settleMs } = this.#options
    const { folder, state, newestAt } = watch
    return nextLook(state, {
      isAwaited: isAwaited(watch, awaited),
      isKnown: this.#ledger.listed && awaited !== undefined && folder.hour !== undefined,
      hasOpenConversations: this.#ledger.openConversations > 0,
      listsComplete: this.#job.listsComplete(),
      fulfilledAt: this.#job.fulfilledAt(),
      revisit: this.#job.revisit(folder.hour),
      newestAt,
      quietMs,
      settleMs,
    })
  }

  /** Hours in which something is to come; `undefined` if it may be any. */
  #awaitedHours(): ReadonlySet<number> | undefined {
    const pending = this.#job.pending()
    if (pending === 0) return nowhere
    if (pending === undefined && this.#job.fulfilledAt() !== undefined) return nowhere
    return this.#ledger.awaitedHours(true)
  }

  async #find(hours: ReadonlySet<number> | undefined): Promise<void> {
    for (const folder of await foldersOf(this.#storage, this.#settings, this.#context, hours)) {
      if (this.#watches.has(folder.prefix)) continue
      const after = this.#watermarks.after(folder.prefix)
      this.#watches.set(folder.prefix, { folder, state: unread, newestAt: undefined, after })
    }
  }
}

const nowhere: ReadonlySet<number> = new Set()

function isAwaited({ folder }: FolderWatch, awaited: ReadonlySet<number> | undefined): boolean {
  return awaited === undefined || (folder.hour === undefined ? awaited.size > 0 : awaited.has(folder.hour))
}

import { throwIfAborted } from '../internal/abort.js'
import { merge } from '../internal/streams.js'
import type { StorageAdapter } from '../ports.js'
import type { StageContext } from './context.js'
import { type DiscoveredObject, type DiscoverySettings, foldersOf, listFolder, type SeenObjects } from './discover.js'
import type { Folder } from './folders.js'
import type { RecordingLedger } from './ledger.js'

/** How long to wait for what a fulfilled job has not delivered yet. */
export interface LandingOptions {
  /** All the waiting after the job was fulfilled. @defaultValue 1800000 (30 min) */
  readonly landingTimeoutMs: number
  /** Nothing new for this long, and the waiting is over. @defaultValue 120000 (2 min) */
  readonly landingQuietMs: number
  /** A folder is looked at once more, this long after its last new object. @defaultValue 2000 */
  readonly landingSettleMs: number
}

export const landingDefaults: LandingOptions = {
  landingTimeoutMs: 1_800_000,
  landingQuietMs: 120_000,
  landingSettleMs: 2_000,
}

/** What the landing has to know of the job while it goes on. */
export interface JobWatch {
  /** When objects of this job can have been written at the earliest, in milliseconds. */
  readonly createdAt: number
  /** Milliseconds; `undefined` while the job runs. */
  fulfilledAt(): number | undefined
  /** Resolves when the job ends in any way, or after `ms`. */
  settledOr(ms: number): Promise<void>
  /** Recordings that have not landed; `undefined` where that cannot be known. */
  pending(): number | undefined
}

interface FolderWatch {
  readonly folder: Folder
  /** Start of the last listing that went through, in milliseconds. */
  listedAt: number
  lastNewAt: number
  /** Objects older than the job that it may still overwrite. */
  stale: number
}

// S3 rounds to seconds, and the platform's clock is not S3's.
const clockToleranceMs = 2_000
const firstPauseMs = 500
const longestPauseMs = 15_000
const nowhere: ReadonlySet<number> = new Set()

/**
 * Yields the job's objects as they land: while the job runs, and after it was fulfilled until everything expected is
 * there (FULFILLED does not prove landing: genesys-facts, recording jobs). Each state of an object is yielded once.
 *
 * A folder is done when a listing that began after the job's end, and `landingSettleMs` after the last new object in
 * it, shows nothing new. Only folders that are not done, or in which something is still expected, are listed again.
 *
 * Objects older than the job may be about to be overwritten by it: they are held back until the landing is over.
 */
export async function* land(
  storage: StorageAdapter,
  settings: DiscoverySettings,
  ledger: RecordingLedger,
  job: JobWatch,
  options: LandingOptions,
  seen: SeenObjects,
  context: StageContext,
): AsyncGenerator<DiscoveredObject, void, void> {
  const { clock, signal } = context
  const watches = new Map<string, FolderWatch>()
  let lastArrivalAt = 0
  let pauseMs = firstPauseMs
  for (let pass = 1; ; pass += 1) {
    throwIfAborted(signal, 'discover')
    await watchNewFolders(storage, settings, watches, context)
    let listed = 0
    let arrivals = 0
    const active = openFolders()
    const reads = active.map((watch) => () => readFolder(watch))
    for await (const found of merge(reads, settings.listConcurrency)) {
      listed += 1
      if (seen.has(found.object)) continue
      if (isStale(found, job)) continue
      seen.add(found.object)
      arrivals += 1
      ledger.arrived(found.place)
      yield found
    }
    if (arrivals > 0) {
      lastArrivalAt = clock.now()
      pauseMs = firstPauseMs
    }
    const pending = job.pending()
    context.emit({ type: 'landing', pass, listed, pending })
    const fulfilledAt = job.fulfilledAt()
    if (fulfilledAt !== undefined) {
      if (openFolders().length === 0 && (pending ?? 0) === 0) return
      const quietFor = clock.now() - Math.max(fulfilledAt, lastArrivalAt)
      const waitedFor = clock.now() - fulfilledAt
      if (quietFor >= options.landingQuietMs || waitedFor >= options.landingTimeoutMs) break
      pauseMs = Math.min(pauseMs, options.landingQuietMs - quietFor, options.landingTimeoutMs - waitedFor)
    }
    await job.settledOr(Math.max(1, pauseMs))
    pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)
  }
  yield* leftovers()

  function openFolders(): FolderWatch[] {
    const fulfilledAt = job.fulfilledAt()
    if (fulfilledAt === undefined) return [...watches.values()]
    const awaited = (job.pending() ?? 0) > 0 ? ledger.awaitedHours(false) : nowhere
    return [...watches.values()].filter(
      (watch) => !isSettled(watch, fulfilledAt, options) || isAwaited(watch.folder, awaited),
    )
  }

  async function* readFolder(watch: FolderWatch): AsyncGenerator<DiscoveredObject, void, void> {
    const startedAt = clock.now()
    let stale = 0
    for await (const found of listFolder(storage, watch.folder, ledger, context)) {
      if (isStale(found, job)) stale += 1
      else if (!seen.has(found.object)) watch.lastNewAt = clock.now()
      yield found
    }
    watch.listedAt = startedAt
    watch.stale = stale
  }

  /** What the job did not write again stands as it is. */
  async function* leftovers(): AsyncGenerator<DiscoveredObject, void, void> {
    const reads = [...watches.values()].map((watch) => () => listFolder(storage, watch.folder, ledger, context))
    for await (const found of merge(reads, settings.listConcurrency)) {
      if (!seen.add(found.object)) continue
      ledger.arrived(found.place)
      yield found
    }
  }
}

async function watchNewFolders(
  storage: StorageAdapter,
  settings: DiscoverySettings,
  watches: Map<string, FolderWatch>,
  context: StageContext,
): Promise<void> {
  for (const folder of await foldersOf(storage, settings, context)) {
    if (!watches.has(folder.prefix)) {
      watches.set(folder.prefix, { folder, listedAt: Number.NEGATIVE_INFINITY, lastNewAt: 0, stale: 0 })
    }
  }
}

function isStale(found: DiscoveredObject, job: JobWatch): boolean {
  if (found.place.kind === 'unexpected') return false
  const { lastModified } = found.object
  return lastModified !== undefined && Date.parse(lastModified) < job.createdAt - clockToleranceMs
}

/** Whether a listing that began late enough showed nothing new. */
function isSettled(watch: FolderWatch, fulfilledAt: number, options: LandingOptions): boolean {
  if (watch.stale > 0 || watch.listedAt < fulfilledAt) return false
  return watch.lastNewAt === 0 || watch.listedAt >= watch.lastNewAt + options.landingSettleMs
}

function isAwaited(folder: Folder, awaited: ReadonlySet<number> | undefined): boolean {
  return awaited === undefined || (folder.hour === undefined ? awaited.size > 0 : awaited.has(folder.hour))
}

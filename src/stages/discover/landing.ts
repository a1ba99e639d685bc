import { throwIfAborted } from '../../internal/abort.js'
import { merge } from '../../internal/streams/streams.js'
import { type DiscoveredObject, piecesAhead } from './discover.js'
import { type FolderWatch, FolderWatches, type WatchSubject } from './folder-watch.js'
import { nextStep } from './landing-step.js'
import type { SeenObjects } from './seen-objects.js'
import type { Watermarks } from './watermarks.js'

// While one hour is awaited, others may be written again: a listing this old proves nothing at the end of a run.
const staleListingMs = 30_000
const firstPauseMs = 350
/** Time between two looks while the job runs, and after it. The last arrivals should be seen within seconds. */
const longestPauseMs = { running: 15_000, fulfilled: 3_000, restoring: 60_000 }

/** What a landing works with. */
export interface LandingSubject extends WatchSubject {
  readonly seen: SeenObjects
  readonly watermarks: Watermarks
}

/**
 * Yields the job's objects as they land: while the job runs, and after FULFILLED until everything expected is
 * there (FULFILLED does not prove landing: genesys-facts, recording jobs). Each state of an object is yielded
 * once.
 *
 * Folders in which something is expected are listed again and again. A complete folder is listed once more when
 * nothing new has come for a while, in case a transcript or attachment followed. After that it is never listed
 * again.
 *
 * A resumed run first lists what lies after its watermarks, then whole folders like any other.
 *
 * The job may be about to overwrite objects that are older than it. They wait until the landing is over.
 */
export async function* land(subject: LandingSubject): AsyncGenerator<readonly DiscoveredObject[], void, void> {
  const { settings, job, ledger, options, seen, watermarks, context } = subject
  const { clock, signal } = context
  const watches = new FolderWatches(subject)
  let lastArrivalAt: number | undefined
  let pauseMs = firstPauseMs
  let asked = false
  for (let pass = 1; ; ) {
    throwIfAborted(signal, 'discover')
    const startedAt = clock.now()
    await watches.findNew()
    const due = watches.due(clock.now())
    if (due.length > 0) {
      let listed = 0
      let arrivals = 0
      const reads = due.map((watch) => () => watches.read(watch, seen))
      for await (const piece of merge(reads, settings.listConcurrency, piecesAhead)) {
        listed += piece.listed
        const arrived = piece.objects.filter(({ object }) => seen.add(object))
        arrivals += arrived.length
        await watermarks.reach(piece.prefix, piece.through, arrived)
        if (arrived.length > 0) yield arrived
      }
      if (arrivals > 0) lastArrivalAt = clock.now()
      pauseMs = arrivals > 0 ? firstPauseMs : pauseMs
      context.emit({ type: 'landing', pass, listed, pending: job.pending() })
      pass += 1
    }
    const fulfilledAt = job.fulfilledAt()
    const [now, pending, foldersDone] = [clock.now(), job.pending(), watches.areDone()]
    const next = nextStep(
      { now, fulfilledAt, lastArrivalAt, foldersDone, pending, asked, restoring: ledger.restoring },
      options,
    )
    if (next.step === 'delivered') {
      yield* again(watches.toReadAgain(now - staleListingMs))
      return
    }
    if (next.step === 'given-up') break
    if (next.step === 'ask') {
      asked = true
      watches.letHalvesGo()
      await job.explainMissing()
      continue
    }
    const longest = next.isRestoring === true ? 'restoring' : fulfilledAt === undefined ? 'running' : 'fulfilled'
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs[longest])
    // A pass over many pages is followed by as long a pause: looking must not cost more than it finds.
    const restMs = watches.nextDueMs(now, Math.max(pauseMs, now - startedAt))
    await job.settledOr(Math.max(1, next.atMostMs === undefined ? restMs : Math.min(restMs, next.atMostMs)))
  }
  // What the job did not write again stands as it is.
  yield* again(new Set([...watches.unfinished(), ...watches.toReadAgain(clock.now() - staleListingMs)]))

  /** Lists folders once more, and yields what has changed in them. */
  async function* again(folders: Iterable<FolderWatch>): AsyncGenerator<readonly DiscoveredObject[], void, void> {
    const reads = [...folders].map((watch) => () => watches.read(watch, seen, true))
    for await (const { objects } of merge(reads, settings.listConcurrency, piecesAhead)) {
      const changed = objects.filter(({ object }) => seen.add(object))
      if (changed.length > 0) yield changed
    }
  }
}

import { abortedError, sleepOrAbort, throwIfAborted } from '../../internal/abort.js'
import type { Lanes } from '../../internal/lanes.js'
import { mapWindow, type Source } from '../../internal/streams/streams.js'
import type { ObjectState } from '../../model/object.js'
import type { Release } from '../../model/verdict.js'
import type { Clock } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { refuseForeignState } from '../reading/foreign-answers.js'
import { type ReleaseSettings, releaseObject } from './release.js'
import { holdNamesOf, holdsShown } from './release-plan.js'

/** How long another exporter may take from its last reading of an object to its writing, in milliseconds. */
const settleMs = 2_000
/** Releases that wait for that at the same time. */
const mostWaiting = 1_000
/** So often a tag that is there again is taken off again. */
const mostRepeats = 3

/** The work on each object of a release. */
export interface ReleaseWork<T> {
  readonly release: (subject: T) => Promise<Release>
  /** Looks at a released object once more. */
  readonly lookAgain: (release: Release) => Promise<Release>
}

/**
 * Releases, and looks at each released object once more a little later. S3 has no condition on object tags. An
 * exporter of another matter may have read the list before the release and write it afterwards, with the tag that
 * was just removed.
 */
export async function* releasesOf<T>(
  subjects: Source<T>,
  lanes: Lanes,
  work: ReleaseWork<T>,
  { clock, signal }: Pick<StageContext, 'clock' | 'signal'>,
): AsyncGenerator<Release, void, void> {
  // Whoever leaves early, or aborts, waits for nothing any more.
  const left = new AbortController()
  const leave = () => left.abort()
  signal?.addEventListener('abort', leave, { once: true })
  const released = mapWindow(subjects, lanes, work.release)
  const wait = (ms: number) => clock.sleep(ms, left.signal)
  try {
    throwIfAborted(signal, 'remediate')
    yield* mapWindow(onceSettled(released, clock, wait), lanes, work.lookAgain)
  } catch (error) {
    if (signal?.aborted) throw abortedError(signal, 'remediate')
    throw error
  } finally {
    signal?.removeEventListener('abort', leave)
    leave()
    // What is under way is waited for.
    await released.return()
  }
}

async function* onceSettled(
  releases: AsyncIterable<Release>,
  clock: Clock,
  wait: (ms: number) => Promise<void>,
): AsyncGenerator<Release, void, void> {
  const waiting: { readonly release: Release; readonly dueAt: number }[] = []
  const due = async function* (most: number) {
    for (;;) {
      const [next] = waiting
      if (next === undefined) return
      const waitMs = next.dueAt - clock.now()
      if (waitMs > 0 && waiting.length <= most) return
      if (waitMs > 0) await wait(waitMs)
      waiting.shift()
      yield next.release
    }
  }
  for await (const release of releases) {
    if (release.outcome !== 'released') {
      yield release
      continue
    }
    waiting.push({ release, dueAt: clock.now() + settleMs })
    yield* due(mostWaiting)
  }
  yield* due(0)
}

/** Whether a released object stays so; what is there again is released again, and said. */
export async function lookAgain(
  storage: StorageAdapter,
  release: Release,
  settings: ReleaseSettings,
  context: StageContext,
): Promise<Release> {
  if (release.outcome !== 'released') return release
  const names = holdNamesOf(settings.requirements, settings.hold)
  let known = release
  for (let repeat = 0; ; repeat += 1) {
    const { bucket, key } = release.object
    const answer = await persist(context, 'remediate', key, async () => {
      const wanted = { signal: context.signal, tags: names.tags.length > 0, lock: true }
      const shown = await storage.head({ bucket, key }, wanted)
      if (shown.found) refuseForeignState('head', { bucket, key }, shown.state)
      return shown
    })
    if (!answer.found) return known
    const { ours, others } = holdsShown(names, settings.hold.tag, answer.state)
    if (!ours) return known
    const by = `held again by ${others.length > 0 ? `an exporter of ${others.join(', ')}` : 'another exporter'}`
    // Without another matter's tag it was put there for this matter, by somebody who wants it there.
    if (others.length === 0 || repeat === mostRepeats) return heldAgain(known, answer.state, others, by)
    const again = await releaseObject(storage, { object: release.object, place: release.place }, settings, context)
    known = joined(known, again, by)
    if (known.outcome !== 'released') return known
    await sleepOrAbort(settleMs, context, 'remediate')
  }
}

function heldAgain(release: Release, after: ObjectState, remaining: readonly string[], by: string): Release {
  const reason = `${by} at the same moment: it carries the tag once more. Release it again when that is done.`
  return { ...release, outcome: 'failed', reason, remaining, after, legalHold: after.legalHold }
}

function joined(former: Release, again: Release, by: string): Release {
  const isGone = again.outcome === 'released' || again.outcome === 'not-needed'
  return {
    ...again,
    outcome: isGone ? 'released' : again.outcome,
    steps: [...former.steps, ...again.steps],
    attempts: former.attempts + again.attempts,
    before: former.before,
    reason: isGone ? `${by} at the same moment, and released again` : again.reason,
  }
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type FolderState,
  type HeldBack,
  nextLook,
  type Surroundings,
  unread,
} from '#src/stages/discover/folder-state.js'
import { type LandingMoment, nextStep } from '#src/stages/discover/landing-step.js'

const nothing: HeldBack = { stale: 0, unclaimed: false, halves: false }
const readAt = (listedAt: number, heldBack: Partial<HeldBack> = {}): FolderState => ({
  state: 'read',
  listedAt,
  heldBack: { ...nothing, ...heldBack },
})
/** A job that runs, in whose folder nothing is awaited and all is known. */
const running: Surroundings = {
  isAwaited: false,
  isKnown: true,
  hasOpenConversations: false,
  listsComplete: true,
  fulfilledAt: undefined,
  revisit: { revisit: 'none' },
  newestAt: undefined,
  quietMs: 120,
  settleMs: 20,
}
const fulfilled: Surroundings = { ...running, fulfilledAt: 1_000 }
const look = (folder: FolderState, around: Surroundings) => {
  const next = nextLook(folder, around)
  return next.look === 'at' ? next.at : next.look
}

describe('a folder that is unread', () => {
  test('is listed at once, whatever surrounds it', () => {
    expect(look(unread, running)).toBe('now')
    expect(look(unread, { ...fulfilled, revisit: { revisit: 'open' } })).toBe('now')
  })
})

describe('a folder that is read, while the job runs', () => {
  test('is listed again and again while something is awaited in it', () => {
    expect(look(readAt(5), { ...running, isAwaited: true })).toBe('now')
  })

  test('is listed again and again where not all is known that is to come', () => {
    expect(look(readAt(5), { ...running, isKnown: false })).toBe('now')
  })

  test('is listed at once when the lists are complete, and something in it belonged to nobody', () => {
    expect(look(readAt(5, { unclaimed: true }), running)).toBe('now')
    expect(look(readAt(5, { unclaimed: true }), { ...running, listsComplete: false })).toBe('never')
  })

  test('is listed once more when it has been quiet for long enough', () => {
    expect(look(readAt(50), { ...running, newestAt: 40 })).toBe(160)
    expect(look(readAt(160), { ...running, newestAt: 40 })).toBe('never')
  })

  test('waits for the end of a job that writes there once more, and is listed after it', () => {
    expect(look(readAt(50), { ...running, newestAt: 40, revisit: { revisit: 'open' } })).toBe('never')
    expect(look(readAt(50), { ...running, newestAt: 40, revisit: { revisit: 'at', at: 500 } })).toBe(500)
    expect(look(readAt(500), { ...running, newestAt: 40, revisit: { revisit: 'at', at: 500 } })).toBe('never')
  })

  test('is looked at now and then while it has objects that the job may overwrite', () => {
    expect(look(readAt(500, { stale: 1 }), running)).toBe(620)
  })

  test('is not listed again where nothing ever came into it', () => {
    expect(look(readAt(5), running)).toBe('never')
  })
})

describe('a folder that is read, after the job', () => {
  test('needs no look where all of it is known and it was left alone long enough', () => {
    expect(look(readAt(900), fulfilled)).toBe('never')
    expect(look(readAt(900), { ...fulfilled, newestAt: 700 })).toBe('never')
  })

  test.each<[string, FolderState, Partial<Surroundings>, number]>([
    ['something came into it lately', readAt(900), { newestAt: 890 }, 1_000],
    ['something came after the end', readAt(1_005), { newestAt: 1_003 }, 1_023],
    ['not all is known', readAt(900), { isKnown: false }, 1_000],
    ['conversations are open', readAt(900), { hasOpenConversations: true }, 1_000],
    ['a job wrote there once more', readAt(1_005), { revisit: { revisit: 'at', at: 1_200 } }, 1_200],
    ['it has objects that were not written again', readAt(900, { stale: 2 }), {}, 1_000],
  ])('is listed once more where %s', (_, folder, around, expected) => {
    expect(look(folder, { ...fulfilled, ...around })).toBe(expected)
  })

  test('is finished once it was listed late enough', () => {
    expect(look(readAt(1_023), { ...fulfilled, newestAt: 1_003, isKnown: false })).toBe('never')
  })

  test('is looked at every 3 seconds while it has objects that were not written again', () => {
    expect(look(readAt(2_000, { stale: 1 }), fulfilled)).toBe(5_000)
  })

  test('is listed at most until it is quiet: each look brings the end nearer', () => {
    const anyTime = fc.integer({ min: 0, max: 5_000 })
    fc.assert(
      fc.property(
        fc.record({ listedAt: anyTime, newestAt: fc.option(anyTime, { nil: undefined }), at: anyTime }),
        fc.boolean(),
        fc.boolean(),
        ({ listedAt, newestAt, at }, isKnown, hasOpenConversations) => {
          const around = {
            ...fulfilled,
            newestAt,
            isKnown,
            hasOpenConversations,
            revisit: { revisit: 'at', at },
          } as const
          const next = nextLook(readAt(listedAt), around)
          if (next.look === 'never') return
          // Listed when it is due, with nothing new in it, it is finished, or due once more for its quiet time.
          expect(next).toMatchObject({ look: 'at' })
          const later = next.look === 'at' ? next.at : 0
          expect(later).toBeGreaterThan(listedAt)
          expect(nextLook(readAt(Math.max(later, at, (newestAt ?? 0) + 120)), around)).toEqual({ look: 'never' })
        },
      ),
    )
  })
})

describe('a landing', () => {
  const options = { landingTimeoutMs: 100_000, landingQuietMs: 30_000, landingSettleMs: 20, restoreTimeoutMs: 500_000 }
  const moment: LandingMoment = {
    now: 50_000,
    fulfilledAt: 45_000,
    lastArrivalAt: 49_000,
    foldersDone: false,
    pending: 2,
    asked: false,
    restoring: 0,
  }

  test('waits for no particular time while the job runs, whatever has landed', () => {
    const step = { step: 'wait', atMostMs: undefined }
    expect(nextStep({ ...moment, fulfilledAt: undefined }, options)).toEqual(step)
    expect(nextStep({ ...moment, fulfilledAt: undefined, foldersDone: true, pending: 0 }, options)).toEqual(step)
  })

  test('waits after the job until it has been quiet for long enough', () => {
    expect(nextStep(moment, options)).toEqual({ step: 'wait', atMostMs: 29_000 })
    expect(nextStep({ ...moment, lastArrivalAt: undefined }, options)).toEqual({ step: 'wait', atMostMs: 25_000 })
  })

  test('waits after the job no longer than its time limit', () => {
    const late = { ...moment, now: 144_000, lastArrivalAt: 143_500 }
    expect(nextStep(late, options)).toEqual({ step: 'wait', atMostMs: 1_000 })
  })

  test('waits for what is being restored, however quiet it is, until its own time limit', () => {
    const quiet = { ...moment, now: 200_000, asked: true, restoring: 1 }
    expect(nextStep(quiet, options)).toEqual({ step: 'wait', atMostMs: 345_000, isRestoring: true })
    expect(nextStep({ ...quiet, now: 546_000 }, options)).toEqual({ step: 'given-up' })
  })

  test('asks once why the rest is not there', () => {
    const quiet = { ...moment, lastArrivalAt: 39_000, fulfilledAt: 38_000 }
    expect(nextStep(quiet, options)).toEqual({ step: 'ask' })
    expect(nextStep({ ...quiet, asked: true }, options)).toEqual({ step: 'wait', atMostMs: 19_000 })
    expect(nextStep({ ...quiet, pending: undefined }, options)).toEqual({ step: 'wait', atMostMs: 19_000 })
  })

  test('asks before it gives up, however short its patience', () => {
    const impatient = { ...options, landingQuietMs: 500 }
    expect(nextStep(moment, impatient)).toEqual({ step: 'ask' })
    expect(nextStep({ ...moment, asked: true }, impatient)).toEqual({ step: 'given-up' })
  })

  test('is delivered when nothing is pending and every folder has been read for good', () => {
    expect(nextStep({ ...moment, foldersDone: true, pending: 0 }, options)).toEqual({ step: 'delivered' })
    expect(nextStep({ ...moment, foldersDone: true, pending: undefined }, options)).toEqual({ step: 'delivered' })
    expect(nextStep({ ...moment, foldersDone: true }, options)).toMatchObject({ step: 'wait' })
    expect(nextStep({ ...moment, pending: 0 }, options)).toMatchObject({ step: 'wait' })
  })
})

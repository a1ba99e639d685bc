import type { LandingOptions } from '../../options/landing.js'

/** Where a landing stands after a look at its folders. */
export interface LandingMoment {
  readonly now: number
  /** When the last of the jobs was fulfilled, in milliseconds; `undefined` while one runs. */
  readonly fulfilledAt: number | undefined
  /** When something new was last seen, in milliseconds. */
  readonly lastArrivalAt: number | undefined
  /** Every folder has been read for good. */
  readonly foldersDone: boolean
  /** Recordings that have not landed; `undefined` if that cannot be known. */
  readonly pending: number | undefined
  /** The platform was asked why the rest is not there. */
  readonly asked: boolean
  /** Recordings that the platform restores from its archive, which takes hours. */
  readonly restoring: number
}

/**
 * What a landing does next:
 *
 * - `wait`: looks again later, and while the job runs at no particular time; seldom while only restored recordings are awaited
 * - `ask`: asks the platform why the rest is not there
 * - `delivered`: everything expected is there, and nothing else is awaited
 * - `given-up`: nothing new has come for too long; what did not come is missing
 */
export type LandingStep =
  | { readonly step: 'wait'; readonly atMostMs: number | undefined; readonly isRestoring?: true }
  | { readonly step: 'ask' }
  | { readonly step: 'delivered' }
  | { readonly step: 'given-up' }

/** With nothing new for this long, the platform is asked why the rest is not there. */
const askAfterMs = 10_000

/** Decides what a landing does next. Pure. */
export function nextStep(moment: LandingMoment, options: LandingOptions): LandingStep {
  const { now, fulfilledAt, lastArrivalAt = fulfilledAt, foldersDone, pending = 0, asked } = moment
  if (fulfilledAt === undefined || lastArrivalAt === undefined) return { step: 'wait', atMostMs: undefined }
  if (foldersDone && pending === 0) return { step: 'delivered' }
  const quietForMs = now - Math.max(fulfilledAt, lastArrivalAt)
  const quietLeftMs = Math.min(options.landingQuietMs - quietForMs, options.landingTimeoutMs - (now - fulfilledAt))
  // What is being restored is silent for hours.
  const isRestoring = quietLeftMs <= 0 && moment.restoring > 0
  const leftMs = isRestoring ? options.restoreTimeoutMs - (now - fulfilledAt) : quietLeftMs
  const isTimeToAsk = quietForMs >= askAfterMs || leftMs <= 0
  if (!asked && isTimeToAsk && pending > 0) return { step: 'ask' }
  if (leftMs <= 0) return { step: 'given-up' }
  return { step: 'wait', atMostMs: leftMs, ...(isRestoring ? { isRestoring } : {}) }
}

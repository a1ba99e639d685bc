import { noRecordings, type RecordingCounts, type RecordingException, type RecordingState } from '../../model/report.js'

/** Recordings that the job's totals count and nobody can name, by the state they end in. */
export interface UnnamedRecordings {
  readonly missing: number
  readonly failed: number
  readonly skipped: number
}

/** Recordings that a job left out without naming them. */
export interface LeftOut {
  readonly count: number
  readonly reason: string
}

/** No recording was left out. */
export const nothingLeftOut: LeftOut = { count: 0, reason: '' }

/** What the ledger says at the end of a run. */
export interface Settlement {
  readonly counts: RecordingCounts
  /** The first `maxExceptions`. */
  readonly exceptions: readonly RecordingException[]
}

/** One recording, or several that nobody can name, in one state. */
export interface SettledRecording {
  readonly state: RecordingState
  readonly count: number
  /** Spells it out; asked for only if somebody reads it. */
  describe(): RecordingException
}

/** The recordings without a name, as one entry a state. */
export function* unnamedExceptions(unnamed: UnnamedRecordings): Generator<SettledRecording, void, void> {
  for (const [state, count, reason] of [
    ['missing', unnamed.missing, 'the job counts them and they are not on S3; the platform does not name them'],
    ['failedAtSource', unnamed.failed, 'the job counts them as failed and does not name them'],
    ['skippedAtSource', unnamed.skipped, 'the job counts them as skipped and does not name them'],
  ] as const) {
    if (count > 0) yield { state, count, describe: () => ({ state, reason, count }) }
  }
}

/** Counts states and keeps the first exceptions. */
export function settlementOf(settled: Iterable<SettledRecording>, maxExceptions: number): Settlement {
  const exceptions: RecordingException[] = []
  const counts: Record<keyof RecordingCounts, number> = { ...noRecordings }
  for (const { state, count, describe } of settled) {
    counts.expected += count
    counts[state] += count
    if (state === 'held' || state === 'repaired') continue
    if (exceptions.length < maxExceptions) exceptions.push(describe())
  }
  return { counts, exceptions }
}

// ---------------------------------------------------------------- journal, clock, logger

/**
 * What a record of the journal is about.
 *
 * - `run-started`, `run-resumed`, `run-stopped` (by a failure or an abort), `report`: the run itself
 * - `finding`, `acceptance`, `inspection` (complete, once it has ended)
 * - `job-intent` before a job is created, `job` when it exists and when it has ended, `job-cancel` before a
 *   cancellation
 * - `profile-intent` before a profile is forced, with its former setting; `profile-restored` when that is back
 * - `protection` at the source
 * - `intent` before and `outcome` after each change of an object, `verdict` when an object is finished
 * - `listing` when the list of recordings that a job must export has been read
 * - `withdrawal` when the platform said that the request does not cover recordings of a list
 * - `watermark`: the key of a folder up to which everything listed is recorded, where a resumed run begins to list
 * - `release` before and after a release, with its reason
 * - `recording`: the final state of a recording
 * - `shard-plan`, `shard-job`, `shard`: how the work was cut into shards, who ran them, and each sealed shard
 * - `shard-account`, in the journal of a shard: what the whole run needs of it
 */
export type JournalRecordType =
  | 'run-started'
  | 'run-resumed'
  | 'run-stopped'
  | 'finding'
  | 'acceptance'
  | 'inspection'
  | 'job-intent'
  | 'job'
  | 'job-cancel'
  | 'profile-intent'
  | 'profile-restored'
  | 'protection'
  | 'intent'
  | 'outcome'
  | 'verdict'
  | 'listing'
  | 'withdrawal'
  | 'watermark'
  | 'release'
  | 'recording'
  | 'shard-plan'
  | 'shard-job'
  | 'shard-account'
  | 'shard'
  | 'report'

/** One thing observed or done. */
export interface JournalEntry {
  readonly type: JournalRecordType
  /** The journal keeps the result of `JSON.stringify`. */
  readonly data: Readonly<Record<string, unknown>>
}

/** An entry as the journal keeps it. */
export interface JournalRecord extends JournalEntry {
  /** 1 for the first record, without gaps. */
  readonly sequence: number
  /** ISO 8601 in UTC. */
  readonly time: string
  readonly runId: string
}

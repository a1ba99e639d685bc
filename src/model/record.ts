// ---------------------------------------------------------------- journal, clock, logger

/**
 * What a record of the journal is about.
 *
 * - `run-started`, `run-resumed`, `run-stopped` (by a failure or an abort), `report`: the run itself
 * - `finding`, `acceptance`, `inspection` (the whole of it, once it is over)
 * - `job-intent` before a job is asked for, `job` when it exists and when it ended, `job-cancel` before a cancellation
 * - `profile-intent` before a profile is forced, with what it was; `profile-restored` when it is that again
 * - `protection` at the source
 * - `intent` before and `outcome` after each change of an object, `verdict` when an object is done with
 * - `listing` when the list of what a job is to export has been read
 * - `withdrawal` when the platform said that recordings of a list are not meant
 * - `watermark` up to which key of a folder everything that was listed is on record: where a resumed run begins to list
 * - `release` before and after a release, with its reason
 * - `recording` what became of a recording
 * - `shard-plan`, `shard-job`, `shard` how the work was cut into shards, who ran them, and each that was sealed;
 *   `shard-account` in the journal of a shard, what the whole run needs of it
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
  /** What `JSON.stringify` makes of it is what is kept. */
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

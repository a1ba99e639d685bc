import type { JournalRecord } from '../model/record.js'
import type { CallOptions } from './runtime.js'

/** How a record is appended. */
export interface AppendOptions {
  /**
   * Resolve as soon as the record has its place in the order: it becomes durable soon after, or with the next record
   * that is not buffered. For what a resumed run can find out again. A journal may ignore it and be stricter.
   *
   * @defaultValue false
   */
  readonly buffered?: boolean | undefined
}

/**
 * Append-only record of all that was observed and done. One journal is the record of one run; a run on a journal that
 * was not finished resumes from it.
 */
export interface Journal {
  /**
   * Resolves once the record, and all before it, are durable. Takes the data at once: the caller may change it later.
   * After a record that could not be written every further one is refused.
   */
  append(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord>
  /** All records in their order. */
  entries(options?: CallOptions): AsyncIterable<JournalRecord>
  head(): Promise<JournalRecord | undefined>
  /**
   * The records as they are stored, one a line, without the line break: what is sealed, byte for byte. Each must be
   * written as `FileJournal` does it. Without this method the records are brought into that form when they are sealed.
   */
  lines?(options?: CallOptions): AsyncIterable<Uint8Array>
  /** Makes ready to write, refusing a second writer with `JOURNAL_LOCKED`. A run calls it before it reads. */
  open?(): Promise<unknown>
  /** Makes durable what was buffered and lets go of what is held for writing; a later call opens it again. */
  close?(): Promise<void>
}

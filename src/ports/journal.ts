import type { JournalRecord } from '../model/record.js'
import type { CallOptions } from './runtime.js'

/** How a record is appended. */
export interface AppendOptions {
  /**
   * Resolve as soon as the record has its place in the order. It becomes durable soon after, or with the next
   * unbuffered record. Use it for facts that a resumed run can find out again. A journal may ignore it and be
   * stricter.
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
   * Resolves once the record, and all before it, are durable. Takes the data at once, so the caller may change it
   * later. After a record that could not be written, every further record is refused.
   */
  append(record: Omit<JournalRecord, 'sequence'>, options?: AppendOptions): Promise<JournalRecord>
  /** All records in their order. */
  entries(options?: CallOptions): AsyncIterable<JournalRecord>
  head(): Promise<JournalRecord | undefined>
  /**
   * The records as they are stored, one per line, without the line break. They are sealed byte for byte. Each must
   * be written as `FileJournal` does it. Without this method, sealing converts the records into that form.
   */
  lines?(options?: CallOptions): AsyncIterable<Uint8Array>
  /** Prepares for writing, and refuses a second writer with `JOURNAL_LOCKED`. A run calls it before it reads. */
  open?(): Promise<unknown>
  /** Makes buffered records durable and releases the resources for writing. A later call opens the journal again. */
  close?(): Promise<void>
}

import type { Journal, JournalRecord } from '../ports.js'

/** A journal in memory: for tests, and for runs whose record need not outlive the process. */
export class MemoryJournal implements Journal {
  readonly #records: JournalRecord[] = []

  async append(record: Omit<JournalRecord, 'sequence'>): Promise<JournalRecord> {
    // The record is what it was when it was written, whatever its author does with the objects later.
    const kept: JournalRecord = { ...structuredClone(record), sequence: this.#records.length + 1 }
    this.#records.push(kept)
    return kept
  }

  async *entries(): AsyncGenerator<JournalRecord, void, void> {
    yield* this.#records
  }

  async head(): Promise<JournalRecord | undefined> {
    return this.#records.at(-1)
  }
}

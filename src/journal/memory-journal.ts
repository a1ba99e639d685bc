import type { JournalRecord } from '../model/record.js'
import type { Journal } from '../ports/journal.js'

/** A journal in memory: for tests, and for runs whose record need not outlive the process. */
export class MemoryJournal implements Journal {
  /** As text: a record is what it was when it was written, whatever its author does with the objects later. */
  readonly #lines: string[] = []

  async append({ time, runId, type, data }: Omit<JournalRecord, 'sequence'>): Promise<JournalRecord> {
    const line = JSON.stringify({ sequence: this.#lines.length + 1, time, runId, type, data })
    this.#lines.push(line)
    return JSON.parse(line)
  }

  async *entries(): AsyncGenerator<JournalRecord, void, void> {
    for (const line of this.#lines) yield JSON.parse(line)
  }

  async head(): Promise<JournalRecord | undefined> {
    const line = this.#lines.at(-1)
    return line === undefined ? undefined : JSON.parse(line)
  }

  /** Nothing is held: so that it can stand where a journal on disk does. The records stay. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

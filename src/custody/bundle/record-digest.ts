import type { JournalRecord } from '../../model/record.js'
import type { RecordingException } from '../../model/report.js'
import { ArrivalCounter } from './arrivals.js'
import { RecordCounter } from './record-counts.js'

/** What the page needs beside the report, gathered while the records go by. */
export class RecordDigest {
  readonly counter = new RecordCounter()
  readonly #arrivals = new ArrivalCounter()
  #exceptions: RecordingException[] = []
  #exceptionCount = 0

  /** Returns the exception that the record is, if it is one. */
  add(record: JournalRecord): RecordingException | undefined {
    this.counter.add(record)
    const { type, data } = record
    if (type === 'run-started' || type === 'run-resumed') {
      this.#exceptions = []
      this.#exceptionCount = 0
    }
    if (type === 'verdict') {
      const { before } = data as { before?: { lastModified?: string } }
      if (before?.lastModified !== undefined) this.#arrivals.add(Date.parse(before.lastModified))
    }
    if (type !== 'recording' || data.state === 'held' || data.state === 'repaired') return undefined
    const exception = data as unknown as RecordingException
    this.#exceptionCount += exception.count ?? 1
    if (this.#exceptions.length < mostExceptions) this.#exceptions.push(exception)
    return exception
  }

  get arrivals() {
    return this.#arrivals.arrivals()
  }

  get exceptions(): readonly RecordingException[] {
    return this.#exceptions
  }

  get exceptionCount(): number {
    return this.#exceptionCount
  }
}

// Of those the page shows as many as fit into it.
export const mostExceptions = 5_000

import type { CheckedRecord } from '../../journal/records.js'
import type { RecordingException, RunReport } from '../../model/report.js'
import { ArrivalCounter } from './arrivals.js'
import { OtherHolds } from './other-holds.js'
import { RecordCounter } from './record-counts.js'

/** What the page needs beside the report, gathered while the records go by. */
export class RecordDigest {
  readonly counter = new RecordCounter()
  readonly #arrivals = new ArrivalCounter()
  readonly #otherHolds = new OtherHolds()
  #exceptions: RecordingException[] = []
  #exceptionCount = 0
  #report: RunReport | undefined

  /** Returns the exception that the record is, if it is one. */
  add(record: CheckedRecord): RecordingException | undefined {
    this.counter.add(record)
    const { type, data } = record
    if (type === 'run-started' || type === 'run-resumed') {
      this.#exceptions = []
      this.#exceptionCount = 0
      this.#report = undefined
    }
    if (type === 'run-started') this.#otherHolds.begin(data.requirements)
    if (type === 'report') this.#report = data
    if (type === 'verdict') {
      this.#otherHolds.add(data)
      const arrivedAt = data.before?.lastModified
      if (arrivedAt !== undefined) this.#arrivals.add(Date.parse(arrivedAt))
    }
    if (type !== 'recording' || data.state === 'held' || data.state === 'repaired') return undefined
    this.#exceptionCount += data.count ?? 1
    if (this.#exceptions.length < mostExceptions) this.#exceptions.push(data)
    return data
  }

  /** The run's report, where it is finished. */
  get report(): RunReport | undefined {
    return this.#report
  }

  get arrivals() {
    return this.#arrivals.arrivals()
  }

  /** What stands on objects in conflict in place of this hold. */
  get otherHolds(): readonly string[] {
    return this.#otherHolds.names
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

import { isCount } from '../../journal/form/untrusted.js'
import type { UntrustedOf, UntrustedRecord } from '../../journal/records.js'
import { noRecordings, type RecordingCounts } from '../../model/report.js'

/** Counts over record lines. */
export interface RecordCounts {
  readonly total: number
  readonly byType: Readonly<Record<string, number>>
  /** Records about objects, by the final state of the object. */
  readonly objectOutcomes: Readonly<Record<string, number>>
  /** Steps of the repairs, by action. */
  readonly actions: Readonly<Record<string, number>>
}

/** Counts records as they go by, when a bundle is sealed and again when it is verified. */
export class RecordCounter {
  #total = 0
  #byType: Record<string, number> = Object.create(null)
  #outcomes: Record<string, number> = Object.create(null)
  #actions: Record<string, number> = Object.create(null)
  #recordings: Record<string, number> = Object.create(null)
  #report: UntrustedOf<'report'> | undefined
  #policy: UntrustedOf<'run-started'> | undefined

  /** The run's report, where it is finished. */
  get report(): UntrustedOf<'report'> | undefined {
    return this.#report
  }

  /** What the run was told. */
  get policy(): UntrustedOf<'run-started'> | undefined {
    return this.#policy
  }

  add(record: UntrustedRecord): void {
    this.#total += 1
    increase(this.#byType, record.type)
    switch (record.type) {
      case 'run-started':
        this.#policy = record
        this.#begin()
        break
      case 'run-resumed':
        this.#begin()
        break
      case 'recording':
        increase(this.#recordings, String(record.data.state), isCount(record.data.count) ? record.data.count : 1)
        break
      case 'shard':
        for (const state of ['held', 'repaired'] as const) {
          const count = record.data[state]
          if (isCount(count) && count > 0) increase(this.#recordings, state, count)
        }
        break
      case 'verdict':
        increase(this.#outcomes, String(record.data.outcome))
        break
      case 'outcome':
        increase(this.#actions, String(record.data.action))
        break
      case 'report':
        this.#report = record
        break
      default:
        break
    }
  }

  counts(): RecordCounts {
    return {
      total: this.#total,
      byType: { ...this.#byType },
      objectOutcomes: { ...this.#outcomes },
      actions: { ...this.#actions },
    }
  }

  /** Recordings by state. */
  recordings(): RecordingCounts {
    const counts: Record<keyof RecordingCounts, number> = { ...noRecordings }
    for (const state of Object.keys(counts) as (keyof RecordingCounts)[]) {
      counts[state] = this.#recordings[state] ?? 0
    }
    counts.expected = Object.values(this.#recordings).reduce((sum, count) => sum + count, 0)
    return counts
  }

  /** A run that resumes after a crash records again what became of its recordings. */
  #begin(): void {
    this.#recordings = Object.create(null)
    this.#report = undefined
  }
}

function increase(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by
}

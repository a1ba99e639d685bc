import { hash } from 'node:crypto'
import type { VerdictTotals } from '../../model/report.js'

/** What of a state says which content it is of. */
interface SeenState {
  readonly etag?: unknown
  readonly sizeBytes?: unknown
}

/** What of a verdict is added up: as the run has it, and as its record tells it. */
export interface AddedVerdict {
  readonly key: unknown
  readonly verdict: unknown
  readonly outcome: unknown
  /** The object as it was last seen. */
  readonly state?: SeenState | null | undefined
  readonly provenBy?: unknown
  readonly asOf?: unknown
}

/**
 * Adds up verdicts into a number and a hash total over what each says of which object. They may come in any order,
 * and several times for one object. The report has both totals, so that no record of a verdict can be changed by
 * itself.
 */
export class VerdictAdder {
  #count = 0
  #low = 0
  #high = 0

  add({ key, verdict, outcome, state, provenBy, asOf }: AddedVerdict): void {
    // Not the version: a run that is interrupted and resumed leaves the same contents in others.
    const { etag, sizeBytes } = state ?? {}
    const proof = provenBy === undefined ? [] : [provenBy, asOf]
    const text = JSON.stringify([key, verdict, outcome, etag ?? null, sizeBytes ?? null, ...proof])
    const digest = hash('sha256', text, 'buffer')
    this.#count += 1
    this.#low = (this.#low + digest.readUInt32LE(0)) >>> 0
    this.#high = (this.#high + digest.readUInt32LE(4)) >>> 0
  }

  /** Takes in what others have added up. */
  addTotals({ count, digest }: VerdictTotals): void {
    this.#count += count
    this.#high = (this.#high + Number.parseInt(digest.slice(0, 8), 16)) >>> 0
    this.#low = (this.#low + Number.parseInt(digest.slice(8, 16), 16)) >>> 0
  }

  totals(): VerdictTotals {
    const digits = (word: number) => word.toString(16).padStart(8, '0')
    return { count: this.#count, digest: `${digits(this.#high)}${digits(this.#low)}` }
  }
}

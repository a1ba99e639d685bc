import { type Fault, faults } from '../../model/verdict.js'
import { type Fingerprint, fingerprintOf } from './fingerprint.js'

/** A fault, why, and the object that has it where that is still known. */
export interface Shortcoming {
  readonly fault: Fault
  readonly reason: string
  readonly key?: string | undefined
}

/** Owners whose keys and reasons are kept; a report shows the first 1,000 exceptions. */
const detailedOwners = 1_000

/** The last word on one object. */
export interface LastWord {
  readonly key: string
  /** `undefined` if it is well. */
  readonly fault: Fault | undefined
  readonly reason: string
  /** A repair that was compared with the original showed that it is well. */
  readonly proven: boolean
}

/**
 * What is wrong with objects, by the owner they belong to: the row of a recording or of a conversation. The last
 * word on an object replaces the earlier one.
 *
 * In a dry run each of a million objects has a fault. An object therefore takes 13 bytes in a hash table, under a
 * keyed 64-bit fingerprint of its key. Keys and reasons are kept only for the owners with the lowest rows, whose
 * exceptions are reported.
 */
export class FaultBook {
  #low = new Uint32Array(64)
  #high = new Uint32Array(64)
  #owners = new Uint32Array(64)
  /** Place in `faults` + 2; 1 for an object that is well again; 0 for an empty slot. */
  #marks = new Uint8Array(64)
  #size = 0
  readonly #details = new Map<number, Map<string, Shortcoming>>()

  /** Objects that ever had a fault. */
  get size(): number {
    return this.#size
  }

  /** What is wrong with an object, by the last word on it. */
  faultOf(key: string): Fault | undefined {
    if (this.#size === 0) return undefined
    return faults[(this.#marks[this.#find(fingerprintOf(key))] ?? 0) - 2]
  }

  /**
   * Enters the last word on an object; without a fault it is well. After a failed repair an object is well only
   * once it is `proven` so, by a repair that was compared with the original. The hold alone does not show what the
   * failed repair lost.
   */
  note(owner: number, { key, fault, reason, proven }: LastWord): void {
    if (fault === undefined && this.#size === 0) return
    const fingerprint = fingerprintOf(key)
    const slot = this.#find(fingerprint)
    if (this.#marks[slot] === 0) {
      if (fault === undefined) return
      this.#low[slot] = fingerprint.low
      this.#high[slot] = fingerprint.high
      this.#size += 1
    }
    if (fault === undefined && !proven && this.#marks[slot] === faults.indexOf('unrepaired') + 2) return
    this.#owners[slot] = owner
    this.#marks[slot] = fault === undefined ? 1 : faults.indexOf(fault) + 2
    this.#noteDetail(owner, key, fault, reason)
    if (this.#size * 5 > this.#marks.length * 3) this.#grow()
  }

  /** The worst fault of each of this many owners, to be read with {@link faultAt}. */
  worst(owners: number): Uint8Array {
    const worst = new Uint8Array(owners)
    for (let slot = 0; slot < this.#marks.length; slot += 1) {
      const mark = this.#marks[slot] ?? 0
      const owner = this.#owners[slot] ?? 0
      if (mark > 1 && mark > (worst[owner] ?? 0)) worst[owner] = mark
    }
    return worst
  }

  /** The fault behind a mark of {@link worst}, with the key and reason of an object that has it where they were kept. */
  shortcomingAt(owner: number, mark: number): Shortcoming | undefined {
    const fault = faults[mark - 2]
    if (fault === undefined) return undefined
    for (const shortcoming of this.#details.get(owner)?.values() ?? []) {
      if (shortcoming.fault === fault) return shortcoming
    }
    return { fault, reason: 'one of its objects; reasons are kept for the first 1,000 recordings, the journal has all' }
  }

  #noteDetail(owner: number, key: string, fault: Fault | undefined, reason: string): void {
    const ofOwner = this.#details.get(owner)
    if (fault === undefined) {
      ofOwner?.delete(key)
      if (ofOwner?.size === 0) this.#details.delete(owner)
      return
    }
    const shortcoming = { fault, reason, key }
    if (ofOwner !== undefined) ofOwner.set(key, shortcoming)
    else this.#details.set(owner, new Map([[key, shortcoming]]))
    if (this.#details.size > 2 * detailedOwners) this.#forgetHighest()
  }

  #forgetHighest(): void {
    const owners = Uint32Array.from(this.#details.keys()).sort()
    for (const owner of owners.subarray(detailedOwners)) this.#details.delete(owner)
  }

  #find({ low, high }: Fingerprint): number {
    const mask = this.#marks.length - 1
    let at = low & mask
    while (this.#marks[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const [low, high, owners, marks] = [this.#low, this.#high, this.#owners, this.#marks]
    const slots = marks.length * 2
    this.#low = new Uint32Array(slots)
    this.#high = new Uint32Array(slots)
    this.#owners = new Uint32Array(slots)
    this.#marks = new Uint8Array(slots)
    for (let from = 0; from < marks.length; from += 1) {
      if (marks[from] === 0) continue
      const to = this.#find({ low: low[from] ?? 0, high: high[from] ?? 0 })
      this.#low[to] = low[from] ?? 0
      this.#high[to] = high[from] ?? 0
      this.#owners[to] = owners[from] ?? 0
      this.#marks[to] = marks[from] ?? 0
    }
  }
}

/** The worst of what is given: a recording takes the worst state among its companions. */
export function worstOf(...shortcomings: readonly (Shortcoming | undefined)[]): Shortcoming | undefined {
  let worst: Shortcoming | undefined
  for (const one of shortcomings) {
    if (one !== undefined && (worst === undefined || faults.indexOf(one.fault) > faults.indexOf(worst.fault)))
      worst = one
  }
  return worst
}

import { randomInt } from 'node:crypto'
import { mapWindow } from '../../internal/streams/streams.js'
import { type InventoryLine, isBefore, isObjectOf } from '../../model/inventory/line.js'
import type { InventorySample } from '../../model/inventory/report.js'
import { parseKey } from '../../model/layout/keys.js'
import { placeByName } from '../../model/layout/places.js'
import type { Verdict } from '../../model/verdict.js'
import { type Validation, validateObject } from '../../stages/validate.js'

/** A line with its key. */
export interface KeyedLine {
  readonly key: string
  readonly line: InventoryLine
}

/** A uniform random sample of a stream of unknown length (algorithm R), drawn by the system's source of randomness. */
export class Reservoir<T> {
  readonly items: T[] = []
  readonly #size: number
  #seen = 0

  constructor(size: number) {
    this.#size = size
  }

  get seen(): number {
    return this.#seen
  }

  add(item: T): void {
    this.#seen += 1
    if (this.items.length < this.#size) {
      this.items.push(item)
      return
    }
    const at = randomInt(this.#seen)
    if (at < this.#size) this.items[at] = item
  }
}

/** What a sample is read with. */
export interface Sampling extends Validation {
  readonly asOf: string
  /** Objects read at once. */
  readonly concurrency: number
}

/** Reads a sample by HEAD, and compares it with the lines. */
export async function readSample(
  { items, seen }: Pick<Reservoir<KeyedLine>, 'items' | 'seen'>,
  sampling: Sampling,
): Promise<InventorySample> {
  const counts = { confirmed: 0, changed: 0, contradicted: 0 }
  const { bucket } = sampling.storage
  const read = mapWindow(items, sampling.concurrency, async ({ key, line }) => {
    const parsed = parseKey(key)
    const place = parsed === undefined ? undefined : placeByName(parsed)
    const verdict = await validateObject(sampling, { bucket, key }, place)
    return compareWithLine(line, verdict, sampling.asOf)
  })
  for await (const found of read) counts[found] += 1
  return { of: seen, read: items.length, ...counts }
}

/**
 * What a HEAD says of a line. An object that was written or deleted since is no longer the one of the line, and the run
 * reads it. Whatever else does not bear the line out contradicts it, an object that cannot be read included. Pure.
 */
export function compareWithLine(
  line: InventoryLine,
  { verdict, state }: Pick<Verdict, 'verdict' | 'state'>,
  asOf: string,
): 'confirmed' | 'changed' | 'contradicted' {
  if (verdict === 'absent') return 'changed'
  if (state === undefined) return 'contradicted'
  if (!isBefore(state.lastModified, asOf)) return state.lastModified === undefined ? 'contradicted' : 'changed'
  return isObjectOf(line, state, asOf) && verdict === 'held' ? 'confirmed' : 'contradicted'
}

import { IdDigest } from '../../internal/tables/id-digest.js'
import { isCount, type Members, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'
import type { RecordingSums } from './recording-lines.js'
import { VerdictAdder } from './verdict-totals.js'

/** Adds up the shards of a run: what each says takes the place of the records that lie in its own journal. */
export class ShardSums {
  /** Whether the run was cut into shards. */
  isPlanned = false
  readonly #numbers = new Set<number>()
  readonly #digest = new IdDigest()
  readonly #verdicts = new VerdictAdder()
  readonly #objects = new Map<string, number>()
  readonly #repairs = new Map<string, number>()
  readonly #steps = new Map<string, number>()
  #held = 0
  #repaired = 0
  #listed = 0
  #byInventory = 0

  /** Verdicts of the shards that rest on an inventory. */
  get byInventory(): number {
    return this.#byInventory
  }

  /** Recordings of the shards in a state. */
  inState(state: unknown): number {
    return state === 'held' ? this.#held : state === 'repaired' ? this.#repaired : 0
  }

  /** Objects of the shards by the name of their kind in a report. */
  objects(name: string): number {
    return this.#objects.get(name) ?? 0
  }

  /** Repairs of the shards by the name of their outcome in a report. */
  repairs(name: string): number {
    return this.#repairs.get(name) ?? 0
  }

  get steps(): ReadonlyMap<string, number> {
    return this.#steps
  }

  get verdicts(): VerdictAdder {
    return this.#verdicts
  }

  /** Takes the next shard; says why it cannot stand after those before it. */
  add(shard: Untrusted<JournalData['shard']>): string | undefined {
    const { shard: number, held, repaired, listed, digest, verdicts, byInventory = 0 } = shard
    if (!isCount(number) || !isCount(held) || !isCount(repaired) || !isCount(listed) || listed > held + repaired) {
      return `is of the shard ${quoted(number)} with ${quoted(held)} held, ${quoted(repaired)} repaired and ${quoted(listed)} listed recordings`
    }
    if (!this.isPlanned) return `is of the shard ${number} of a run that has no plan`
    if (this.#numbers.has(number)) return `is a second record of the shard ${number}`
    this.#numbers.add(number)
    this.#held += held
    this.#repaired += repaired
    this.#listed += listed
    this.#digest.addAll(String(digest))
    const { count, digest: total } = membersOf(verdicts)
    if (!isCount(count) || typeof total !== 'string') return `is of the shard ${number}, and adds up no verdicts`
    if (!isCount(byInventory) || byInventory > count) {
      return `is of the shard ${number}, and says that ${quoted(byInventory)} of ${count} verdicts rest on an inventory`
    }
    this.#byInventory += byInventory
    this.#verdicts.addTotals({ count, digest: total })
    const { unexpectedReasons: _, ...kinds } = membersOf(shard.objects)
    const sums: readonly (readonly [Map<string, number>, Members])[] = [
      [this.#objects, kinds],
      [this.#repairs, membersOf(shard.repairs)],
      [this.#steps, membersOf(shard.steps)],
    ]
    for (const [sum, members] of sums) {
      for (const [name, value] of Object.entries(members)) {
        if (!isCount(value)) return `is of the shard ${number}, and counts ${quoted(value)} as ${name}`
        sum.set(name, (sum.get(name) ?? 0) + value)
      }
    }
    return undefined
  }

  /** What the lines of recordings amount to with those that the shards stand for. */
  with(sums: RecordingSums): RecordingSums {
    const digest = new IdDigest()
    digest.addAll(sums.digestOfListed)
    digest.addAll(this.#digest.hex)
    const ofShards = this.#held + this.#repaired
    return {
      total: sums.total + ofShards,
      listed: sums.listed + this.#listed,
      offList: sums.offList + ofShards - this.#listed,
      unnamed: sums.unnamed,
      digestOfListed: digest.hex,
    }
  }
}

import { isCount, isSame, itemsOf, type Members, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'
import type { ShardSums } from './shard-sums.js'
import { VerdictAdder } from './verdict-totals.js'

const objectKinds = {
  recording: 'recordings',
  sidecar: 'sidecars',
  transcript: 'transcripts',
  attachment: 'attachments',
} as const
const repairs = {
  planned: 'planned',
  repaired: 'repaired',
  notNeeded: 'not-needed',
  refused: 'refused',
  failed: 'failed',
} as const

/** Adds up the verdicts of one attempt at the export. */
export class VerdictSums {
  readonly #totals = new VerdictAdder()
  readonly #kinds = new Map<unknown, number>()
  /** Verdicts that rest on an inventory, by its time. */
  readonly #byInventory = new Map<unknown, number>()
  readonly #repairs = new Map<unknown, number>()
  readonly #steps = new Map<unknown, number>()

  add({
    object,
    place,
    verdict,
    outcome,
    remediation,
    actions,
    before,
    after,
    provenBy,
    asOf,
  }: Untrusted<JournalData['verdict']>): void {
    const state = membersOf(after ?? before)
    this.#totals.add({ key: membersOf(object).key, verdict, outcome, state, provenBy, asOf })
    if (provenBy !== undefined) increase(this.#byInventory, asOf)
    increase(this.#kinds, membersOf(place).kind)
    if (remediation === undefined) return
    increase(this.#repairs, remediation)
    for (const action of itemsOf(actions)) increase(this.#steps, action)
  }

  /** Says why a run cannot have been resumed here. */
  resumed({ verdicts }: Untrusted<JournalData['run-resumed']>): string | undefined {
    const { count } = this.#totals.totals()
    if (verdicts === undefined || verdicts === count) return undefined
    return `resumes the run with ${quoted(verdicts)} verdicts, and ${count} are before it`
  }

  /** Says why a report is not that of these verdicts. */
  report(report: Untrusted<JournalData['report']>, shards: ShardSums): string | undefined {
    const { objects, verdicts, remediations, inventory } = report
    return (
      this.#contradictionOfInventory(membersOf(inventory), shards) ??
      this.#contradictionOfObjects(membersOf(objects), shards) ??
      this.#contradictionOfRepairs(membersOf(remediations), shards) ??
      this.#contradictionOfTotals(verdicts, shards)
    )
  }

  #contradictionOfInventory({ objects = 0, asOf }: Members, shards: ShardSums): string | undefined {
    const found = sum([...this.#byInventory.values()]) + shards.byInventory
    if (objects !== found) {
      return `is a report of ${quoted(objects)} verdicts by an inventory, and ${found} are before it`
    }
    const other = [...this.#byInventory.keys()].find((time) => time !== asOf)
    return other === undefined ? undefined : `is a report of another inventory than the one of ${quoted(other)}`
  }

  #contradictionOfTotals(verdicts: unknown, shards: ShardSums): string | undefined {
    const all = new VerdictAdder()
    for (const part of [this.#totals, shards.verdicts]) all.addTotals(part.totals())
    const totals = all.totals()
    // Reports of versions that did not add them up say nothing.
    if (verdicts === undefined || isSame(verdicts, totals)) return undefined
    const { count } = membersOf(verdicts)
    return count === totals.count
      ? 'is a report of other verdicts than those before it'
      : `is a report of ${quoted(count)} verdicts, and ${totals.count} are before it`
  }

  #contradictionOfObjects(objects: Members, shards: ShardSums): string | undefined {
    const { listed, unexpected, unexpectedReasons } = objects
    const counts = Object.values(objectKinds).map((name) => objects[name])
    const all = [...counts, unexpected]
    if (!all.every(isCount)) return 'is a report that counts no objects'
    if (listed !== sum(all)) return `is a report that counts ${quoted(listed)} objects, and ${sum(all)} by their kinds`
    const reasons = Object.values(membersOf(unexpectedReasons))
    if (unexpectedReasons !== undefined && !(reasons.every(isCount) && sum(reasons) === unexpected)) {
      return `is a report that counts ${quoted(unexpected)} unexpected objects, and others by their reasons`
    }
    // An object that was first found unexpected is counted as that, whatever came of it.
    const short = Object.entries(objectKinds).find(
      ([kind, name]) => Number(objects[name]) > (this.#kinds.get(kind) ?? 0) + shards.objects(name),
    )
    if (short === undefined) return undefined
    return `is a report that counts ${quoted(objects[short[1]])} ${short[1]}, and ${(this.#kinds.get(short[0]) ?? 0) + shards.objects(short[1])} verdicts are on any`
  }

  #contradictionOfRepairs(remediations: Members, shards: ShardSums): string | undefined {
    for (const [name, outcome] of Object.entries(repairs)) {
      const found = (this.#repairs.get(outcome) ?? 0) + shards.repairs(name)
      if (remediations[name] !== found) {
        return `is a report that counts ${quoted(remediations[name])} repairs as ${outcome}, and ${found} are before it`
      }
    }
    const steps = membersOf(remediations.steps)
    const names = new Set([...Object.keys(steps), ...this.#steps.keys(), ...shards.steps.keys()])
    const differs = [...names].some(
      (name) => (steps[String(name)] ?? 0) !== (this.#steps.get(name) ?? 0) + (shards.steps.get(String(name)) ?? 0),
    )
    return differs ? 'is a report that counts other steps of repairs than those before it' : undefined
  }
}

function increase(counts: Map<unknown, number>, name: unknown): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sum(counts: readonly unknown[]): number {
  return counts.reduce<number>((total, count) => total + Number(count), 0)
}

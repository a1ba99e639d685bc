import { SeenSet } from '../internal/tables/seen.js'
import { type AddedVerdict, VerdictAdder } from '../journal/check/verdict-totals.js'
import type { PriceTable } from '../model/prices.js'
import type { ObjectCounts, RemediationSummary, VerdictTotals } from '../model/report.js'
import type { ObjectPlace, Remediation, RepairEstimate, VerdictKind } from '../model/verdict.js'
import { type CostSums, CostTally } from '../stages/repair/cost.js'

const noObjects = { listed: 0, recordings: 0, sidecars: 0, attachments: 0, transcripts: 0, unexpected: 0 }
const noRemediations = { planned: 0, repaired: 0, notNeeded: 0, refused: 0, failed: 0 }

/** What of a report is counted, and can be added up. */
export interface CountedElsewhere {
  readonly objects: ObjectCounts
  readonly verdicts: VerdictTotals
  readonly byInventory?: number | undefined
  readonly remediations: Pick<RemediationSummary, 'planned' | 'repaired' | 'notNeeded' | 'refused' | 'failed' | 'steps'>
}

/** Counts of a run. */
export class Tally {
  forcedRetries = 0
  #keys = new SeenSet()
  #objects = { ...noObjects }
  #unexpected: Record<string, number> = {}
  #remediations = { ...noRemediations }
  #steps: Record<string, number> = {}
  #due = 0
  #untagged = 0
  #verdicts = new VerdictAdder()
  #byInventory = 0
  readonly #prices: PriceTable
  #cost: CostTally

  constructor(prices: PriceTable) {
    this.#prices = prices
    this.#cost = new CostTally(prices)
  }

  /** Objects that are not held and were not repaired yet. */
  get due(): number {
    return this.#due
  }

  /** Verdicts that rest on an inventory. */
  get byInventory(): number {
    return this.#byInventory
  }

  /** Objects without any of the hold. */
  get untagged(): number {
    return this.#untagged
  }

  /**
   * Begins again, for an export that is repeated: a run that is resumed takes up the verdicts of its last attempt alone,
   * and its report is the same.
   */
  reset(): void {
    this.#keys = new SeenSet()
    this.#objects = { ...noObjects }
    this.#unexpected = {}
    this.#remediations = { ...noRemediations }
    this.#steps = {}
    this.#cost = new CostTally(this.#prices)
    this.#due = 0
    this.#untagged = 0
    this.#verdicts = new VerdictAdder()
    this.#byInventory = 0
  }

  /** Counts an object once, however often it is rewritten. @returns whether it was counted now */
  found(key: string, place: ObjectPlace): boolean {
    if (!this.#keys.add(key)) return false
    this.#objects.listed += 1
    this.#objects[counters[place.kind]] += 1
    if (place.kind === 'unexpected') {
      const reason = unexpectedReason(place)
      this.#unexpected[reason] = (this.#unexpected[reason] ?? 0) + 1
    }
    return true
  }

  /** Counts what became of an object, now or in a former part of the run. */
  count(
    verdict: VerdictKind,
    remediation: Remediation['outcome'] | undefined,
    actions: readonly string[],
    estimate: RepairEstimate | undefined,
  ): void {
    if (verdict === 'untagged') this.#untagged += 1
    if (remediation === undefined) {
      if (verdict !== 'held') this.#due += 1
      return
    }
    this.#remediations[outcomes[remediation]] += 1
    if (estimate !== undefined) this.#cost.add(estimate)
    for (const action of actions) this.#steps[action] = (this.#steps[action] ?? 0) + 1
  }

  /** Adds up a verdict, now or in a former part of the run. */
  judged(verdict: AddedVerdict): void {
    this.#verdicts.add(verdict)
    if (verdict.provenBy !== undefined) this.#byInventory += 1
  }

  /** Takes in what another process has counted: its report, and the sums of its cost. */
  addReport({ objects, verdicts, byInventory = 0, remediations }: CountedElsewhere, cost: CostSums): void {
    const { unexpectedReasons = {}, ...kinds } = objects
    for (const [kind, count] of entriesOf(kinds)) this.#objects[kind] += count
    for (const [reason, count] of Object.entries(unexpectedReasons)) {
      this.#unexpected[reason] = (this.#unexpected[reason] ?? 0) + count
    }
    for (const name of Object.values(outcomes)) this.#remediations[name] += remediations[name]
    for (const [action, count] of Object.entries(remediations.steps)) {
      this.#steps[action] = (this.#steps[action] ?? 0) + count
    }
    this.#verdicts.addTotals(verdicts)
    this.#byInventory += byInventory
    this.#cost.addSums(cost)
  }

  /** The sums that the cost is made of. */
  costSums(): CostSums {
    return this.#cost.sums()
  }

  verdicts(): VerdictTotals {
    return this.#verdicts.totals()
  }

  objects(): ObjectCounts {
    if (this.#objects.unexpected === 0) return { ...this.#objects }
    return { ...this.#objects, unexpectedReasons: { ...this.#unexpected } }
  }

  remediations(): RemediationSummary {
    return {
      ...this.#remediations,
      steps: { ...this.#steps },
      forcedRetries: this.forcedRetries,
      cost: this.#cost.cost(),
    }
  }
}

function entriesOf<K extends string>(counts: Readonly<Record<K, number>>): [K, number][] {
  return Object.entries(counts) as [K, number][]
}

/** Why an object is none of the job's. */
function unexpectedReason({ conversationId, recordingId }: ObjectPlace): string {
  if (conversationId === undefined) return "its key is not of the platform's layout"
  return recordingId === undefined
    ? 'its conversation is in no list of the job'
    : 'its recording is in no list of the job, and it is older than the job'
}

const counters = {
  recording: 'recordings',
  sidecar: 'sidecars',
  transcript: 'transcripts',
  attachment: 'attachments',
  unexpected: 'unexpected',
} as const

const outcomes: Record<Remediation['outcome'], 'planned' | 'repaired' | 'notNeeded' | 'refused' | 'failed'> = {
  planned: 'planned',
  repaired: 'repaired',
  'not-needed': 'notNeeded',
  refused: 'refused',
  failed: 'failed',
}

import { SeenSet } from '../internal/seen.js'
import type { PriceTable } from '../prices.js'
import type { ObjectCounts, RemediationSummary } from '../report.js'
import type { ObjectPlace, Remediation, RepairEstimate, VerdictKind } from '../verdict.js'
import { CostTally } from './cost.js'
import type { Processed } from './process.js'

/** Counts of a run. */
export class Tally {
  forcedRetries = 0
  #keys = new SeenSet()
  #objects = { listed: 0, recordings: 0, sidecars: 0, attachments: 0, transcripts: 0, unexpected: 0 }
  #unexpected: Record<string, number> = {}
  #remediations = { planned: 0, repaired: 0, notNeeded: 0, refused: 0, failed: 0 }
  #steps: Record<string, number> = {}
  #due = 0
  #untagged = 0
  #verdicts = 0
  readonly #cost: CostTally

  constructor(prices: PriceTable) {
    this.#cost = new CostTally(prices)
  }

  /** Objects that are not held and were not repaired yet. */
  get due(): number {
    return this.#due
  }

  /** Objects without any of the hold. */
  get untagged(): number {
    return this.#untagged
  }

  /** Begins anew, for an export that is repeated. */
  reset(): void {
    this.#keys = new SeenSet()
    this.#objects = { listed: 0, recordings: 0, sidecars: 0, attachments: 0, transcripts: 0, unexpected: 0 }
    this.#unexpected = {}
    this.#due = 0
    this.#untagged = 0
    this.#verdicts = 0
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

  processed({ verdict, remediation }: Processed): void {
    const actions = remediation?.steps.map(({ action }) => action) ?? []
    this.count(verdict.verdict, remediation?.outcome, actions, remediation?.estimate)
  }

  /** Counts what became of an object, now or in a former part of the run. */
  count(
    verdict: VerdictKind,
    remediation: Remediation['outcome'] | undefined,
    actions: readonly string[],
    estimate: RepairEstimate | undefined,
  ): void {
    this.#verdicts += 1
    if (verdict === 'untagged') this.#untagged += 1
    if (remediation === undefined) {
      if (verdict !== 'held') this.#due += 1
      return
    }
    this.#remediations[outcomes[remediation]] += 1
    if (estimate !== undefined) this.#cost.add(estimate)
    for (const action of actions) this.#steps[action] = (this.#steps[action] ?? 0) + 1
  }

  objects(): ObjectCounts {
    const counts = { ...this.#objects, verdicts: this.#verdicts }
    return counts.unexpected === 0 ? counts : { ...counts, unexpectedReasons: { ...this.#unexpected } }
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

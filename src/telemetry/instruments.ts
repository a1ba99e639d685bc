import type { Attributes, Counter, Gauge, Histogram, Meter } from '@opentelemetry/api'
import type { RunEvent } from '../model/events.js'
import type { RecordingCounts } from '../model/report.js'

/** What is measured. No attribute carries a key, a recording or a conversation: each would be a time series of its own. */
export class Instruments {
  readonly #attributes: Attributes
  readonly #findings: Counter
  readonly #objects: Counter
  readonly #remediations: Counter
  readonly #retries: Counter
  readonly #recordings: Counter
  readonly #pending: Gauge
  readonly #stages: Histogram
  readonly #runs: Histogram

  constructor(meter: Meter, attributes: Attributes) {
    const count = (name: string, unit: string, description: string) =>
      meter.createCounter(`legal_hold.${name}`, { unit, description })
    const time = (name: string, description: string) =>
      meter.createHistogram(`legal_hold.${name}`, { unit: 's', description })
    this.#attributes = attributes
    this.#findings = count('findings', '{finding}', 'Findings of the inspection, and those that the end of a run shows')
    this.#objects = count('objects', '{object}', 'Objects checked, by verdict')
    this.#remediations = count('remediations', '{object}', 'Objects repaired or not, by outcome')
    this.#retries = count('retries', '{request}', 'Requests that were repeated, by error code')
    this.#recordings = count('recordings', '{recording}', 'Expected recordings of finished runs, by state')
    this.#pending = meter.createGauge('legal_hold.recordings.pending', {
      unit: '{recording}',
      description: 'Expected recordings that have not landed',
    })
    this.#stages = time('stage.duration', 'How long a stage took')
    this.#runs = time('run.duration', 'How long a run took, by outcome or error code')
  }

  measure(event: RunEvent): void {
    switch (event.type) {
      case 'finding': {
        const { code, severity } = event.finding
        this.#findings.add(1, this.#with({ code, severity, accepted: event.accepted }))
        break
      }
      case 'verdict':
        this.#objects.add(1, this.#with({ verdict: event.verdict.verdict }))
        break
      case 'remediation':
        this.#remediations.add(1, this.#with({ outcome: event.remediation.outcome }))
        break
      case 'retry':
        this.#retries.add(1, this.#with({ stage: event.stage, code: event.error.code }))
        break
      case 'landing':
        if (event.pending !== undefined) this.#pending.record(event.pending, this.#attributes)
        break
      case 'stage-finished':
        this.#stages.record(event.durationMs / 1_000, this.#with({ stage: event.stage }))
        break
      default:
        break
    }
  }

  /** A run that is over. `outcome` is the report's, or the code of what stopped it. */
  ended(outcome: string, durationMs: number, counts: Partial<RecordingCounts>): void {
    this.#runs.record(durationMs / 1_000, this.#with({ outcome }))
    for (const [state, count] of Object.entries(counts)) {
      if (state !== 'expected' && count > 0) this.#recordings.add(count, this.#with({ state }))
    }
  }

  #with(attributes: Attributes): Attributes {
    return { ...this.#attributes, ...attributes }
  }
}

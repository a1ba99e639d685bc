import { type Attributes, type Context, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { LegalHoldError } from '../model/errors.js'
import type { RunEvent } from '../model/events.js'
import type { ExportJob } from '../model/platform.js'

const ended: ReadonlySet<string> = new Set(['FULFILLED', 'FAILED', 'CANCELLED'])

interface OpenStage {
  readonly stage: string
  readonly startedAtMs: number
  readonly span: Span
}

/** The spans of one run: its own, one for each stage and one for each job beneath it, in the events' own times. */
export class RunSpans {
  readonly #tracer: Tracer
  readonly #context: Context
  readonly #run: Span
  readonly #stages: OpenStage[] = []
  readonly #jobs = new Map<string, Span>()

  /** @param context the one in which the run's span is the active one */
  constructor(tracer: Tracer, context: Context, run: Span) {
    this.#tracer = tracer
    this.#context = context
    this.#run = run
  }

  apply(event: RunEvent): void {
    const atMs = Date.parse(event.at)
    switch (event.type) {
      case 'run-started': {
        const { start, end } = event.request.interval
        this.#run.setAttributes(
          named({ 'run.id': event.runId, dry_run: event.dryRun, 'interval.start': start, 'interval.end': end }),
        )
        break
      }
      case 'run-resumed':
        this.#run.setAttributes(named({ 'run.id': event.runId, resumed: event.resumed }))
        break
      case 'stage-started': {
        const span = this.#child(`legal_hold.${event.stage}`, atMs, { stage: event.stage })
        this.#stages.push({ stage: event.stage, startedAtMs: atMs, span })
        break
      }
      case 'stage-finished':
        this.#endStage(event.stage, atMs, event.durationMs)
        break
      case 'job-created':
      case 'job-progress':
        this.#job(event.job, atMs)
        break
      case 'finding': {
        const { code, severity } = event.finding
        this.#run.addEvent('finding', named({ code, severity, accepted: event.accepted }), atMs)
        break
      }
      case 'forced-retry':
        this.#run.addEvent('forced-retry', named({ attempt: event.attempt, untagged: event.untagged }), atMs)
        break
      case 'sealed':
        this.#run.addEvent('sealed', named({ 'evidence.root': event.evidence.rootHash }), atMs)
        break
      case 'run-finished': {
        const { outcome, counts } = event.report
        const states = Object.entries(counts).map(([state, count]) => [`recordings.${state}`, count] as const)
        this.#run.setAttributes(named({ outcome, ...Object.fromEntries(states) }))
        break
      }
      default:
        break
    }
  }

  /** Ends whatever is open: what was under way when a run failed. */
  end(error?: unknown): void {
    for (const { span } of this.#stages.splice(0)) span.end()
    for (const span of this.#jobs.values()) span.end()
    this.#jobs.clear()
    if (error !== undefined) fail(this.#run, error)
    this.#run.end()
  }

  #job(job: ExportJob, atMs: number): void {
    const known = this.#jobs.get(job.id)
    // A job that is told of again after it ended, as a resumed run does, took no time in this one.
    const span = known ?? this.#child('legal_hold.job', atMs, { 'job.id': job.id })
    const { recordings } = job.totals
    span.setAttributes(named({ 'job.state': job.platformState, ...(recordings === undefined ? {} : { recordings }) }))
    if (!ended.has(job.state)) {
      this.#jobs.set(job.id, span)
      return
    }
    if (job.state !== 'FULFILLED') span.setStatus({ code: SpanStatusCode.ERROR, message: job.state })
    span.end(atMs)
    this.#jobs.delete(job.id)
  }

  /** The same stage may be under way several times at once, for the parts of a split export. */
  #endStage(stage: string, atMs: number, durationMs: number): void {
    const exact = this.#stages.findIndex((open) => open.stage === stage && open.startedAtMs === atMs - durationMs)
    const at = exact >= 0 ? exact : this.#stages.findIndex((open) => open.stage === stage)
    if (at >= 0) this.#stages.splice(at, 1)[0]?.span.end(atMs)
  }

  #child(name: string, startTime: number, attributes: Attributes): Span {
    return this.#tracer.startSpan(name, { startTime, attributes: named(attributes) }, this.#context)
  }
}

/** Name and code of an error; its cause and stack may hold what a collector should not see. */
function fail(span: Span, error: unknown): void {
  const isOurs = LegalHoldError.isInstance(error)
  const name = error instanceof Error ? error.name : typeof error
  const message = error instanceof Error ? error.message : String(error)
  const code = isOurs ? error.code : name
  span.recordException({ name, message, code })
  span.setAttributes({ 'error.type': code, ...(isOurs ? named({ stage: error.stage }) : {}) })
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
}

function named(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`legal_hold.${name}`, value]))
}

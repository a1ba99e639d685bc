import { type Attributes, context, type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { toolName, toolVersion } from '../internal/package/version.js'
import { LegalHoldError } from '../model/errors.js'
import type { RunEvent } from '../model/events.js'
import type { RunReport } from '../model/report.js'
import { Instruments } from './instruments.js'
import { RunSpans } from './run-spans.js'

/** Options of {@link traceRun}. */
export interface TraceRunOptions {
  /** @defaultValue the global provider's, named `genesys-legal-hold-exporter` */
  readonly tracer?: Tracer | undefined
  /** @defaultValue the global provider's, named `genesys-legal-hold-exporter` */
  readonly meter?: Meter | undefined
  /**
   * For the run's span and every measurement, e.g. a tenant. Use few values, because each makes a separate time
   * series.
   *
   * @defaultValue none
   */
  readonly attributes?: Attributes | undefined
}

/**
 * Runs in an OpenTelemetry span `legal_hold.run`, with one for each stage and job beneath it, and counts findings,
 * verdicts, repairs, repeated requests and recordings. The span is active, so an instrumented AWS SDK or `fetch`
 * reports beneath it. No object key and no hold tag is reported.
 *
 * Resolves and rejects as `work` does. The span's status is the error that `work` rejects with.
 *
 * @param work does the run, and gives `onEvent` to it: `(onEvent) => exporter.run(request, { onEvent })`
 * @see https://opentelemetry.io/docs/specs/otel/trace/api/
 */
export async function traceRun<T>(
  work: (onEvent: (event: RunEvent) => void) => Promise<T>,
  options: TraceRunOptions = {},
): Promise<T> {
  const {
    tracer = trace.getTracer(toolName, toolVersion),
    meter = metrics.getMeter(toolName, toolVersion),
    attributes = {},
  } = options
  const startedAt = performance.now()
  const span = tracer.startSpan('legal_hold.run', { attributes, startTime: Date.now() })
  const active = trace.setSpan(context.active(), span)
  const spans = new RunSpans(tracer, active, span)
  const instruments = new Instruments(meter, attributes)
  let report: RunReport | undefined
  // A finished journal only tells its report again: its recordings were counted when they were exported.
  let again = false
  const onEvent = (event: RunEvent) => {
    if (event.type === 'run-resumed') again = event.finished
    if (event.type === 'run-finished') report = event.report
    spans.apply(event)
    instruments.measure(event)
  }
  const end = (outcome: string, error?: unknown) => {
    instruments.ended(outcome, performance.now() - startedAt, again ? {} : (report?.counts ?? {}))
    spans.end(error)
  }
  try {
    const result = await context.with(active, () => work(onEvent))
    end(report?.outcome ?? 'complete')
    return result
  } catch (error) {
    end(LegalHoldError.isInstance(error) ? error.code : 'error', error)
    throw error
  }
}

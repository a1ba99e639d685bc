import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LegalHoldError, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { traceRun } from '#src/opentelemetry.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'
import { at, job, started } from '../progress/events.js'

const tag = 'matter-1'
const request = { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' } }
const spanExporter = new InMemorySpanExporter()
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] })
const tracer = tracers.getTracer('test')
let metricExporter: InMemoryMetricExporter
let meters: MeterProvider

beforeEach(() => {
  spanExporter.reset()
  metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  meters = new MeterProvider({ readers: [reader] })
})

afterEach(() => meters.shutdown())

const options = () => ({ tracer, meter: meters.getMeter('test'), attributes: { tenant: 'north' } })

/** Value of each measurement, named by its metric and attributes. */
async function measured(): Promise<Record<string, unknown>> {
  await meters.forceFlush()
  const metrics =
    metricExporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
  const points = metrics.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) => {
      expect(attributes.tenant).toBe('north')
      const own = Object.entries(attributes).filter(([name]) => name !== 'tenant')
      const labels = own.map(([, label]) => label).join(',')
      return [`${descriptor.name}{${labels}}`, typeof value === 'object' ? value.count : value] as const
    }),
  )
  return Object.fromEntries(points)
}

/** Two recordings that arrive without the hold. */
function exporter(platform = new FakePlatform()): LegalHoldExporter {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  for (const id of ['r1', 'r2']) {
    platform.expected.push({ recordingId: id, conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    const key = `org/year=2023/month=10/day=20/hour=09/conversation_id=c1/${id}.json`
    storage.put(key, { body: id })
    storage.put(`${key}_metadata.json`, { body: '{}' })
  }
  return new LegalHoldExporter({ platform, storage, clock, hold: { tag } })
}

describe('a run that is traced', () => {
  test('is a span with its stages and its job beneath it', async () => {
    const report = await traceRun((onEvent) => exporter().run(request, { onEvent }), options())
    const spans = spanExporter.getFinishedSpans()
    const run = spans.find(({ name }) => name === 'legal_hold.run')
    expect(run?.attributes).toMatchObject({
      tenant: 'north',
      'legal_hold.run.id': report.runId,
      'legal_hold.outcome': 'complete',
      'legal_hold.recordings.repaired': 2,
      'legal_hold.interval.start': '2023-10-18T12:00:00.000Z',
    })
    expect(run?.status.code).toBe(SpanStatusCode.UNSET)
    const children = spans.filter((span) => span !== run)
    expect(children.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['legal_hold.inspect', 'legal_hold.export', 'legal_hold.validate', 'legal_hold.job']),
    )
    for (const { parentSpanContext, ended } of children) {
      expect(parentSpanContext?.spanId).toBe(run?.spanContext().spanId)
      expect(ended).toBe(true)
    }
    const jobSpan = children.find(({ name }) => name === 'legal_hold.job')
    expect(jobSpan?.attributes).toMatchObject({
      'legal_hold.job.id': report.job.id,
      'legal_hold.job.state': 'FULFILLED',
    })
  })

  test('is counted: objects, repairs, recordings, stages', async () => {
    await traceRun((onEvent) => exporter().run(request, { onEvent }), options())
    expect(await measured()).toMatchObject({
      'legal_hold.objects{untagged}': 4,
      'legal_hold.remediations{repaired}': 4,
      'legal_hold.recordings{repaired}': 2,
      'legal_hold.recordings.pending{}': 0,
      'legal_hold.stage.duration{inspect}': 1,
      'legal_hold.run.duration{complete}': 1,
    })
  })

  test('reports no key and no hold tag', async () => {
    await traceRun((onEvent) => exporter().run(request, { onEvent }), options())
    const seen = spanExporter.getFinishedSpans().map(({ name, attributes, events }) => ({ name, attributes, events }))
    const told = JSON.stringify([seen, Object.keys(await measured())])
    expect(told).toContain('legal_hold.recordings.expected')
    expect(told).not.toContain('conversation_id')
    expect(told).not.toContain(tag)
  })

  test('that fails ends all of its spans, with the code and nothing of the cause', async () => {
    const platform = new FakePlatform()
    const cause = Object.assign(new Error('503'), { config: { headers: { Authorization: 'Bearer x' } } })
    platform.getJob = () => {
      throw new LegalHoldError('No.', { code: 'PLATFORM_FORBIDDEN', stage: 'export', cause })
    }
    const failing = traceRun((onEvent) => exporter(platform).run(request, { onEvent }), options())
    await expect(failing).rejects.toMatchObject({ code: 'PLATFORM_FORBIDDEN' })
    const spans = spanExporter.getFinishedSpans()
    const run = spans.find(({ name }) => name === 'legal_hold.run')
    expect(run?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'PLATFORM_FORBIDDEN' })
    expect(run?.attributes).toMatchObject({ 'error.type': 'PLATFORM_FORBIDDEN', 'legal_hold.stage': 'export' })
    expect(run?.events.map(({ name }) => name)).toContain('exception')
    expect(spans.map(({ name }) => name)).toContain('legal_hold.job')
    expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain('Bearer')
    expect(await measured()).toMatchObject({ 'legal_hold.run.duration{PLATFORM_FORBIDDEN}': 1 })
  })

  test('whose journal is finished is not counted twice', async () => {
    const [subject, journal] = [exporter(), new MemoryJournal()]
    for (const _ of [1, 2]) await traceRun((onEvent) => subject.run(request, { onEvent, journal }), options())
    expect(await measured()).toMatchObject({
      'legal_hold.recordings{repaired}': 2,
      'legal_hold.run.duration{complete}': 2,
    })
  })

  test('makes its span the active one, beneath the caller’s', async () => {
    const seen = await traceRun(async () => trace.getSpan(context.active()), options())
    // Without a context manager nothing is active; the call works all the same.
    expect(seen).toBeUndefined()
    const { AsyncLocalStorageContextManager } = await import('./context-manager.js')
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    try {
      const parent = tracer.startSpan('parent')
      const active = await context.with(trace.setSpan(context.active(), parent), () =>
        traceRun(async () => trace.getSpan(context.active()), options()),
      )
      const run = spanExporter.getFinishedSpans().at(-1)
      expect(active?.spanContext()).toEqual(run?.spanContext())
      expect(run?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId)
    } finally {
      context.disable()
    }
  })

  test('costs nothing where no provider is registered', async () => {
    expect(await traceRun((onEvent) => exporter().run(request, { onEvent }))).toMatchObject({ outcome: 'complete' })
    expect(spanExporter.getFinishedSpans()).toEqual([])
  })
})

describe('events in an order of their own', () => {
  test('the same stage twice at once: each end belongs to the start of its length', async () => {
    await traceRun(async (onEvent) => {
      onEvent(started(0))
      onEvent(at(0, { type: 'stage-started', stage: 'export' }))
      onEvent(at(1_000, { type: 'stage-started', stage: 'export' }))
      onEvent(at(3_000, { type: 'stage-finished', stage: 'export', durationMs: 2_000 }))
      onEvent(at(9_000, { type: 'stage-finished', stage: 'export', durationMs: 9_000 }))
    }, options())
    const spans = spanExporter.getFinishedSpans().filter(({ name }) => name === 'legal_hold.export')
    expect(spans.map(({ duration }) => duration[0])).toEqual([2, 9])
  })

  test('a job that fails is a span that failed', async () => {
    await traceRun(async (onEvent) => {
      onEvent(job(0, 'PROCESSING', 0))
      onEvent(job(5_000, 'FAILED', 0))
    }, options())
    const span = spanExporter.getFinishedSpans().find(({ name }) => name === 'legal_hold.job')
    expect(span?.status.code).toBe(SpanStatusCode.ERROR)
    expect(span?.duration[0]).toBe(5)
  })

  test('what rejects with no error at all is still an error', async () => {
    await expect(traceRun(() => Promise.reject('no'), options())).rejects.toBe('no')
    expect(spanExporter.getFinishedSpans()[0]?.status.code).toBe(SpanStatusCode.ERROR)
    expect(await measured()).toMatchObject({ 'legal_hold.run.duration{error}': 1 })
  })
})

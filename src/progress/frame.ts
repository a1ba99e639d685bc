import { counted } from '../internal/text/counted.js'
import { visible } from '../internal/text/visible.js'
import type { Estimate } from './estimate.js'
import { fitted } from './fit.js'
import type { ProgressModel } from './model.js'
import { statusText } from './status.js'
import { durationText, numberText } from './text.js'

// With the counts beside it, a line fits 80 columns for most runs.
const barWidth = 16

/** A bar of fixed width. */
export function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth)
  return '█'.repeat(full) + '░'.repeat(barWidth - full)
}

/** Where the bars are drawn, and when. */
export interface FrameView {
  /** Milliseconds since the epoch, by the clock of the events. */
  readonly nowMs: number
  readonly columns: number
}

/** The bars as they stand, and beneath them what is waited for. No line is wider than the terminal. */
export function frameOf(model: ProgressModel, { nowMs, columns }: FrameView): string[] {
  const { exportFraction } = model
  const lines: string[] = []
  if (exportFraction !== undefined) {
    const facts = exportFacts(model, nowMs).join(', ')
    lines.push(`  export ${bar(exportFraction)} ${percent(exportFraction)}  ${facts}`)
    if (model.objects > 0 || model.expected !== undefined) {
      const fraction = (model.expected ?? 0) === 0 ? 0 : model.recordings / (model.expected ?? 1)
      lines.push(`  check  ${bar(fraction)} ${percent(fraction)}  ${checkFacts(model, nowMs).join(', ')}`)
    }
    const repairs = repairFacts(model)
    if (repairs.length > 0) lines.push(`  repair ${repairs.join(', ')}`)
  }
  const retries = retryFacts(model)
  if (retries.length > 0) lines.push(`  repeated requests: ${retries.join(', ')}`)
  lines.push(`  ${statusText(model, nowMs)}`)
  return lines.flatMap((line) => fitted(visible(line), columns))
}

/** The same in one line, for a log. */
export function progressLine(model: ProgressModel, nowMs: number): string {
  const { exportFraction } = model
  const retries = retryFacts(model)
  const repeated = retries.length > 0 ? [`repeated requests: ${retries.join(' ')}`] : []
  const counts =
    exportFraction === undefined
      ? []
      : [
          ...(model.exported ? [] : [`export ${percent(exportFraction).trim()}`, ...etaOf(model.exportEnd, nowMs)]),
          ...checkFacts(model, nowMs),
          ...repairFacts(model),
        ]
  const status = exportFraction === undefined || model.waiting !== undefined ? [statusText(model, nowMs)] : []
  return `progress: ${[...counts, ...repeated, ...status].join(', ')}`
}

function exportFacts(model: ProgressModel, nowMs: number): string[] {
  const { jobs, jobsEnded } = model
  const [first] = jobs.values()
  const state = jobs.size === 1 ? [first?.job.state ?? ''] : [`${jobsEnded} of ${jobs.size} jobs ended`]
  return [...state, ...etaOf(model.exportEnd, nowMs)]
}

function checkFacts(model: ProgressModel, nowMs: number): string[] {
  const { expected, pending, objectsPerSecond, recordings, objects } = model
  const done = expected === undefined ? [] : [`${numberText(recordings)} of ${counted(expected, 'recording')}`]
  const rate = objectsPerSecond === undefined ? '' : ` at ${numberText(objectsPerSecond)}/s`
  // What is pending is as of the last pass over the bucket; some of it has been checked since.
  const open = Math.min(pending ?? 0, (expected ?? 0) - recordings)
  const waiting = model.exported && open > 0 ? [`${numberText(open)} not landed yet`] : []
  return [...done, `${counted(objects, 'object')} checked${rate}`, ...waiting, ...etaOf(model.checkEnd, nowMs)]
}

function repairFacts({ remediations }: ProgressModel): string[] {
  return [...remediations].map(([outcome, count]) => `${numberText(count)} ${outcome}`)
}

function retryFacts({ retries }: ProgressModel): string[] {
  return [...retries].map(([code, count]) => `${numberText(count)} ${code}`)
}

function etaOf(end: Estimate, nowMs: number): string[] {
  const leftMs = end.leftMs(nowMs)
  if (leftMs === undefined) return []
  return [`ETA ${durationText(leftMs)}${end.later === undefined ? '' : ` (later than it was: ${end.later})`}`]
}

function percent(fraction: number): string {
  return `${String(Math.floor(fraction * 100)).padStart(3)} %`
}

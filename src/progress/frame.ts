import { counted } from '../internal/text/counted.js'
import type { ProgressModel } from './model.js'

// With the counts beside it, a line fits 80 columns for most runs.
const barWidth = 16

/** A bar of fixed width. */
export function bar(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * barWidth)
  return '█'.repeat(full) + '░'.repeat(barWidth - full)
}

const english = new Intl.NumberFormat('en-GB')

export function numberText(value: number): string {
  return english.format(Math.round(value))
}

/** A span of time as people say it. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** The bars as they stand; nothing before there is a job. */
export function frameOf(model: ProgressModel): string[] {
  const { exportFraction } = model
  if (exportFraction === undefined) return []
  const lines = [`  export ${bar(exportFraction)} ${percent(exportFraction)}  ${exportFacts(model).join(', ')}`]
  if (model.objects > 0 || model.expected !== undefined) {
    const fraction = (model.expected ?? 0) === 0 ? 0 : model.recordings / (model.expected ?? 1)
    lines.push(`  check  ${bar(fraction)} ${percent(fraction)}  ${checkFacts(model).join(', ')}`)
  }
  const repairs = repairFacts(model)
  if (repairs.length > 0) lines.push(`  repair ${repairs.join(', ')}`)
  const retries = retryFacts(model)
  if (retries.length > 0) lines.push(`  repeated requests: ${retries.join(', ')}`)
  return lines
}

/** The same in one line, for a log. */
export function progressLine(model: ProgressModel): string | undefined {
  const { exportFraction } = model
  if (exportFraction === undefined) return undefined
  const parts = model.exported ? [] : [`export ${percent(exportFraction).trim()}`, ...etaOf(model.exportEtaMs)]
  const retries = retryFacts(model)
  return [
    'progress:',
    [
      ...parts,
      ...checkFacts(model),
      ...repairFacts(model),
      ...(retries.length > 0 ? [`repeated requests: ${retries.join(' ')}`] : []),
    ].join(', '),
  ].join(' ')
}

function exportFacts(model: ProgressModel): string[] {
  const { jobs, jobsEnded } = model
  const [first] = jobs.values()
  const state = jobs.size === 1 ? [first?.job.state ?? ''] : [`${jobsEnded} of ${jobs.size} jobs ended`]
  return [...state, ...etaOf(model.exportEtaMs)]
}

function checkFacts(model: ProgressModel): string[] {
  const { expected, pending, objectsPerSecond, recordings, objects } = model
  const done = expected === undefined ? [] : [`${numberText(recordings)} of ${counted(expected, 'recording')}`]
  const rate = objectsPerSecond === undefined ? '' : ` at ${numberText(objectsPerSecond)}/s`
  // What is pending is as of the last pass over the bucket; some of it has been checked since.
  const open = Math.min(pending ?? 0, (expected ?? 0) - recordings)
  const waiting = model.exported && open > 0 ? [`${numberText(open)} not landed yet`] : []
  return [...done, `${counted(objects, 'object')} checked${rate}`, ...waiting, ...etaOf(model.checkEtaMs)]
}

function repairFacts({ remediations }: ProgressModel): string[] {
  return [...remediations].map(([outcome, count]) => `${numberText(count)} ${outcome}`)
}

function retryFacts({ retries }: ProgressModel): string[] {
  return [...retries].map(([code, count]) => `${numberText(count)} ${code}`)
}

function etaOf(ms: number | undefined): string[] {
  return ms === undefined ? [] : [`ETA ${durationText(ms)}`]
}

function percent(fraction: number): string {
  return `${String(Math.floor(fraction * 100)).padStart(3)} %`
}

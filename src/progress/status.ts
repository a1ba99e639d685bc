import type { Stage } from '../model/errors.js'
import type { ProgressModel, Waiting } from './model.js'
import { durationText } from './text.js'

const stages: Readonly<Record<Stage, string>> = {
  options: 'checking the options',
  inspect: 'inspecting',
  protect: 'protecting conversations at the source',
  export: 'waiting for the export job',
  discover: 'waiting for recordings to land',
  validate: 'checking objects',
  remediate: 'repairing objects',
  reconcile: 'listing what is expected',
  report: 'writing report and evidence',
  journal: 'reading the journal',
  scale: 'running shards',
}

/** A sign of life: how long it takes already, and what is waited for. */
export function statusText(model: ProgressModel, nowMs: number): string {
  const elapsed = `${durationText(Math.max(0, nowMs - model.startedMs))} elapsed`
  const { waiting, stage } = model
  if (Number.isNaN(model.startedMs)) return 'starting'
  if (waiting !== undefined) return `${elapsed}, ${waitingText(waiting, nowMs)}`
  return stage === undefined ? elapsed : `${elapsed}, ${stages[stage]}`
}

function waitingText({ subject, reason, atMs, nextMs, givesUpMs, attempt }: Waiting, nowMs: number): string {
  if (attempt === undefined) {
    const until = givesUpMs === undefined ? '' : `, at most ${durationText(Math.max(0, givesUpMs - nowMs))} more`
    return `waiting ${durationText(Math.max(0, nowMs - atMs))} for ${subject}: ${reason}${until}`
  }
  const left = (nextMs ?? nowMs) - nowMs
  const next = left > 0 ? `attempt ${attempt + 1} in ${durationText(left)}` : `attempt ${attempt + 1} is under way`
  const end = givesUpMs === undefined ? '' : `, gives up in ${durationText(Math.max(0, givesUpMs - nowMs))}`
  return `${subject}: ${reason}, ${next}${end}`
}

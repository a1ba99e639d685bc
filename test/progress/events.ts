import type { ExportJob, Finding, RemediationOutcome, RunEvent, VerdictKind } from '#src/index.js'

type NewEvent = RunEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never

const epoch = Date.parse('2023-10-01T00:00:00Z')

/** An event so many milliseconds after the first. */
export function at(ms: number, event: NewEvent): RunEvent {
  return { at: new Date(epoch + ms).toISOString(), ...event } as RunEvent
}

export function started(ms = 0): RunEvent {
  const request = { integrationId: 'i', interval: { start: '2023-10-01T00:00:00Z', end: '2023-10-02T00:00:00Z' } }
  return at(ms, { type: 'run-started', runId: 'run-1', request, dryRun: false })
}

export function job(
  ms: number,
  state: ExportJob['state'],
  percentProgress: number,
  more: Partial<ExportJob> = {},
): RunEvent {
  const value: ExportJob = { id: 'job-1', state, platformState: state, percentProgress, totals: {}, ...more }
  return at(ms, { type: 'job-progress', job: value, elapsedMs: ms })
}

export function verdict(
  ms: number,
  kind: VerdictKind,
  key = 'a/b.opus',
  place: 'recording' | 'sidecar' = 'recording',
): RunEvent {
  const object = { bucket: 'b', key }
  return at(ms, {
    type: 'verdict',
    verdict: { verdict: kind, object, place: { kind: place }, unmet: [], reason: `why ${key}` },
  })
}

export function remediation(ms: number, outcome: RemediationOutcome, key = 'a/b.opus'): RunEvent {
  const object = { bucket: 'b', key }
  return at(ms, {
    type: 'remediation',
    remediation: {
      outcome,
      object,
      verdict: { verdict: 'untagged', object, unmet: [] },
      steps: [],
      attempts: 1,
      reason: `why ${key}`,
    },
  })
}

export function finding(ms: number, more: Partial<Finding> = {}, accepted = false): RunEvent {
  return at(ms, {
    type: 'finding',
    finding: {
      code: 'versioning-off',
      severity: 'blocker',
      message: 'Off.',
      subject: 'bucket',
      remedy: 'Switch it on.',
      ...more,
    },
    accepted,
  })
}

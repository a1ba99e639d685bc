import type { JobDescriptor, JobStatus } from '@aws-sdk/client-s3-control'
import type { EngineJob, ShardJob } from '../../ports/shard-engine.js'

export const engineName = 's3-batch'

/** S3 user guide, "Job statuses". `Completing` and its kin are still under way: their end is not known. */
const states: Readonly<Record<JobStatus, EngineJob['state']>> = {
  New: 'preparing',
  Preparing: 'preparing',
  Ready: 'preparing',
  Suspended: 'waiting',
  Active: 'active',
  Completing: 'active',
  Failing: 'active',
  Cancelling: 'active',
  Pausing: 'paused',
  Paused: 'paused',
  Complete: 'complete',
  Failed: 'failed',
  Cancelled: 'cancelled',
}

/** What the service says of a job, in the words of the port. A state that is new since is still under way. */
export function engineJobOf(id: string, job: JobDescriptor): EngineJob {
  const { Status: status = 'New', ProgressSummary: progress, FailureReasons: failures = [] } = job
  const said = [
    ...failures.map(({ FailureCode, FailureReason }) => [FailureCode, FailureReason].filter(Boolean).join(': ')),
    job.StatusUpdateReason,
    status === 'Suspended' ? job.SuspendedCause : undefined,
    Object.hasOwn(states, status) ? undefined : `The state ${status} is not known to this version.`,
  ].filter((text) => text !== undefined && text !== '')
  return {
    id,
    engine: engineName,
    state: Object.hasOwn(states, status) ? states[status] : 'active',
    ...(progress === undefined
      ? {}
      : {
          counts: {
            total: progress.TotalNumberOfTasks ?? 0,
            succeeded: progress.NumberOfTasksSucceeded ?? 0,
            failed: progress.NumberOfTasksFailed ?? 0,
          },
        }),
    ...(said.length === 0 ? {} : { reason: said.join('; ').slice(0, 1000) }),
  }
}

/** Whether a job has come to an end, whichever. */
export function hasEnded({ state }: EngineJob): boolean {
  return state === 'complete' || state === 'failed' || state === 'cancelled'
}

const mark = ' token '

/** What a person reads in the console, and what the job is found by: a list of jobs shows no ClientRequestToken. */
export function descriptionOf({ runId, round, token }: ShardJob): string {
  const end = `, round ${round}${mark}${token}`
  // 256 characters at most, of which none may be a control character.
  const beginning = `genesys-legal-hold-exporter run ${runId.replace(/[^\x20-\x7e]/g, '?')}`
  return `${beginning.slice(0, 256 - end.length)}${end}`
}

/** Whether a description is that of the job of a token. */
export function isOfToken(description: string | undefined, token: string): boolean {
  return description?.startsWith('genesys-legal-hold-exporter ') === true && description.endsWith(`${mark}${token}`)
}

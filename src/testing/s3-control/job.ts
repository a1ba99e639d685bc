import { leaf, type Markup, node } from '../s3/http/xml.js'
import type { JobRequest } from './create-job.js'

/** States of a job (S3 user guide, "Job statuses"). */
export type SimulatedJobStatus =
  | 'New'
  | 'Preparing'
  | 'Suspended'
  | 'Ready'
  | 'Active'
  | 'Pausing'
  | 'Paused'
  | 'Completing'
  | 'Complete'
  | 'Cancelling'
  | 'Cancelled'
  | 'Failing'
  | 'Failed'

const ends: ReadonlySet<SimulatedJobStatus> = new Set(['Complete', 'Cancelled', 'Failed'])

/** A job as the simulator keeps it. */
export class ControlJob {
  readonly id: string
  readonly request: JobRequest
  readonly createdMs: number
  status: SimulatedJobStatus = 'New'
  priority: number
  total = 0
  succeeded = 0
  failed = 0
  failure: { readonly code: string; readonly reason: string } | undefined
  statusReason: string | undefined
  suspendedMs: number | undefined
  endedMs: number | undefined
  /** Every state that it was in, in order. */
  readonly history: SimulatedJobStatus[] = ['New']
  #waiting: (() => void)[] = []

  constructor(id: string, request: JobRequest, nowMs: number) {
    this.id = id
    this.request = request
    this.createdMs = nowMs
    this.priority = request.priority
  }

  get hasEnded(): boolean {
    return ends.has(this.status)
  }

  /** Whether no further task may begin. */
  get isEnding(): boolean {
    return this.hasEnded || this.status === 'Cancelling' || this.status === 'Failing'
  }

  become(status: SimulatedJobStatus, nowMs: number): void {
    this.status = status
    this.history.push(status)
    if (status === 'Suspended') this.suspendedMs = nowMs
    if (this.hasEnded) this.endedMs = nowMs
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when the state is another. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

function progressOf({ total, succeeded, failed }: ControlJob): Markup {
  return node(
    'ProgressSummary',
    leaf('TotalNumberOfTasks', total),
    leaf('NumberOfTasksSucceeded', succeeded),
    leaf('NumberOfTasksFailed', failed),
  )
}

/** A job as ListJobs shows it: without its token. */
export function listedJob(job: ControlJob): Markup {
  return node(
    'member',
    leaf('JobId', job.id),
    leaf('Description', job.request.description),
    leaf('Operation', 'LambdaInvoke'),
    leaf('Priority', job.priority),
    leaf('Status', job.status),
    leaf('CreationTime', time(job.createdMs)),
    leaf('TerminationDate', time(job.endedMs)),
    progressOf(job),
  )
}

/** A job as DescribeJob shows it. */
export function describedJob(job: ControlJob, accountId: string, region: string): Markup {
  const { request } = job
  const { manifest, report } = request
  const fields = manifest.fields.map((field) => leaf('member', field))
  return node(
    'Job',
    leaf('JobId', job.id),
    leaf('ConfirmationRequired', request.confirmationRequired),
    leaf('Description', request.description),
    leaf('JobArn', `arn:aws:s3:${region}:${accountId}:job/${job.id}`),
    leaf('Status', job.status),
    node(
      'Manifest',
      node('Spec', leaf('Format', 'S3BatchOperations_CSV_20180820'), node('Fields', ...fields)),
      node('Location', leaf('ObjectArn', manifest.objectArn), leaf('ETag', manifest.etag)),
    ),
    node(
      'Operation',
      node(
        'LambdaInvoke',
        leaf('FunctionArn', request.functionArn),
        leaf('InvocationSchemaVersion', request.invocationSchemaVersion),
      ),
    ),
    leaf('Priority', job.priority),
    progressOf(job),
    leaf('StatusUpdateReason', job.statusReason),
    job.failure === undefined
      ? ''
      : node(
          'FailureReasons',
          node('member', leaf('FailureCode', job.failure.code), leaf('FailureReason', job.failure.reason)),
        ),
    report === undefined
      ? node('Report', leaf('Enabled', false))
      : node(
          'Report',
          leaf('Bucket', `arn:aws:s3:::${report.bucket}`),
          leaf('Format', 'Report_CSV_20180820'),
          leaf('Enabled', true),
          leaf('Prefix', report.prefix),
          leaf('ReportScope', report.scope),
        ),
    leaf('CreationTime', time(job.createdMs)),
    leaf('TerminationDate', time(job.endedMs)),
    leaf('RoleArn', request.roleArn),
    leaf('SuspendedDate', time(job.suspendedMs)),
    job.suspendedMs === undefined ? '' : leaf('SuspendedCause', 'AwaitingConfirmation'),
  )
}

import { turnOfEventLoop } from '../../internal/waits/real-timers.js'
import type { Clock } from '../../ports/runtime.js'
import { SeededRandom } from '../scenario/random.js'
import type { Invoked, Invoker, SimulatedFunction } from './functions.js'
import type { ControlJob } from './job.js'
import { type ControlTask, ManifestFault, readTasks } from './manifest.js'
import { type ReportColumns, type TaskEnd, writeReport } from './report.js'
import type { StorageAccess } from './storage.js'

/** How jobs are run. */
export interface RunnerSettings {
  readonly clock: Clock
  readonly access: StorageAccess
  readonly functions: ReadonlyMap<string, SimulatedFunction>
  readonly invoker: Invoker
  readonly seed: string
  /** Tasks at once; the service has no setting for it. */
  readonly concurrency: number
  /** How often a task that failed temporarily is tried again. */
  readonly temporaryRedrives: number
  readonly reportColumns: ReportColumns
  readonly keyEncoding: 'form' | 'percent'
  /** How long each state before `Active` lasts, in milliseconds. */
  readonly stateMs: number
}

/** A failure of more than half of at least so many tasks ends a job (user guide, "Tracking job failures"). */
const thresholdTasks = 1000

/** Takes a job from `New` to its end. */
export async function runJob(job: ControlJob, settings: RunnerSettings): Promise<void> {
  const { clock, access } = settings
  const become = (status: Parameters<ControlJob['become']>[0]) => job.become(status, clock.now())
  const fail = (code: string, reason: string) => {
    job.failure = { code, reason }
    become('Failed')
  }
  await clock.sleep(settings.stateMs)
  if (job.isEnding) return endCancelled(job, clock)
  become('Preparing')
  let tasks: ControlTask[]
  try {
    tasks = await readTasks(access, job.request)
  } catch (error) {
    if (error instanceof ManifestFault) return fail(error.code, error.message)
    return fail('ManifestAccessDenied', 'The manifest could not be read.')
  }
  const call = settings.functions.get(job.request.functionArn)
  if (call === undefined) return fail('FunctionNotFound', 'The function does not exist, or the role may not invoke it.')
  job.total = tasks.length
  await clock.sleep(settings.stateMs)
  if (job.isEnding) return endCancelled(job, clock)
  if (job.request.confirmationRequired) become('Suspended')
  else become('Ready')
  while (job.status === 'Suspended') await job.changed()
  if (job.isEnding) return endCancelled(job, clock)
  await clock.sleep(settings.stateMs)
  if (job.isEnding) return endCancelled(job, clock)
  become('Active')
  const taskEnds = await runTasks(job, { tasks, call }, settings)
  if (job.hasEnded) return
  if (!job.isEnding) become('Completing')
  try {
    await writeReport(access, job, taskEnds, { columns: settings.reportColumns, nowMs: clock.now() })
  } catch {
    job.failure ??= { code: 'ReportAccessDenied', reason: 'The completion report could not be written.' }
  }
  if (job.status === 'Cancelling') become('Cancelled')
  else become(job.failure === undefined ? 'Complete' : 'Failed')
}

function endCancelled(job: ControlJob, clock: Clock): void {
  if (!job.hasEnded) job.become('Cancelled', clock.now())
}

interface Queued {
  readonly task: ControlTask
  readonly redrives: number
}

/** Invokes the function for each task, in an order of its own; what failed temporarily comes once more at the end. */
async function runTasks(
  job: ControlJob,
  { tasks, call }: { readonly tasks: readonly ControlTask[]; readonly call: SimulatedFunction },
  settings: RunnerSettings,
): Promise<TaskEnd[]> {
  const random = new SeededRandom(`${settings.seed} ${job.id}`)
  const queue: Queued[] = random.sample(tasks, tasks.length).map((task) => ({ task, redrives: 0 }))
  const taskEnds: TaskEnd[] = []
  let under = 0
  const next = async () => {
    for (;;) {
      while (job.status === 'Paused') await job.changed()
      if (job.isEnding) return
      const queued = queue.shift()
      if (queued === undefined && under === 0) return
      if (queued === undefined) {
        // One that is under way may come back.
        await turnOfEventLoop()
        continue
      }
      under += 1
      const end = await runTask(job, queued, call, settings).finally(() => {
        under -= 1
      })
      if (end === 'throttled') queue.push(queued)
      else if (end.errorCode === 'TemporaryFailure' && queued.redrives < settings.temporaryRedrives) {
        queue.push({ task: queued.task, redrives: queued.redrives + 1 })
      } else {
        taskEnds.push(end)
        count(job, end, settings.clock)
      }
    }
  }
  await Promise.all(Array.from({ length: settings.concurrency }, next))
  return taskEnds
}

function count(job: ControlJob, { status }: TaskEnd, clock: Clock): void {
  if (status === 'succeeded') job.succeeded += 1
  else job.failed += 1
  const done = job.succeeded + job.failed
  if (done < thresholdTasks || job.failed * 2 <= done || job.isEnding) return
  job.failure = { code: 'FailureThresholdExceeded', reason: 'More than 50% of the tasks have failed.' }
  job.become('Failing', clock.now())
}

async function runTask(
  job: ControlJob,
  { task }: Queued,
  call: SimulatedFunction,
  { invoker, clock, keyEncoding }: RunnerSettings,
): Promise<TaskEnd | 'throttled'> {
  const invoked = await invoker.invoke(call, eventOf(job, task, keyEncoding), { key: task.key, now: () => clock.now() })
  if (invoked.kind === 'throttled') return 'throttled'
  return endOf(task, invoked, job)
}

/** User guide, "Invoke AWS Lambda function": version 1.0 names the bucket by its ARN, 2.0 by its name. */
function eventOf(job: ControlJob, task: ControlTask, keyEncoding: RunnerSettings['keyEncoding']): object {
  const { invocationSchemaVersion: version, userArguments } = job.request
  const place = version === '1.0' ? { s3BucketArn: `arn:aws:s3:::${task.bucket}` } : { s3Bucket: task.bucket }
  const percent = encodeURIComponent(task.key)
  return {
    invocationSchemaVersion: version,
    invocationId: Buffer.from(`invocation of ${task.id}`).toString('base64'),
    job: { id: job.id, ...(version === '1.0' ? {} : { userArguments: userArguments ?? {} }) },
    tasks: [
      {
        taskId: task.id,
        s3Key: keyEncoding === 'form' ? percent.replaceAll('%20', '+') : percent,
        s3VersionId: task.versionId ?? null,
        ...place,
      },
    ],
  }
}

function endOf(task: ControlTask, invoked: Exclude<Invoked, { kind: 'throttled' }>, job: ControlJob): TaskEnd {
  const failed = (errorCode: string, message: string): TaskEnd => ({ task, status: 'failed', errorCode, message })
  if (invoked.kind === 'failed') {
    const { errorType, errorMessage } = invoked
    return failed('PermanentFailure', `Lambda returned function error: ${JSON.stringify({ errorMessage, errorType })}`)
  }
  const answer = invoked.value as {
    readonly invocationSchemaVersion?: unknown
    readonly treatMissingKeysAs?: unknown
    readonly results?: readonly {
      readonly taskId?: unknown
      readonly resultCode?: unknown
      readonly resultString?: unknown
    }[]
  } | null
  const result = Array.isArray(answer?.results) ? answer.results.find(({ taskId }) => taskId === task.id) : undefined
  if (answer?.invocationSchemaVersion !== job.request.invocationSchemaVersion || !Array.isArray(answer.results)) {
    return failed('PermanentFailure', 'The function answered what is not of the invocation schema.')
  }
  const code = String(result === undefined ? (answer.treatMissingKeysAs ?? 'TemporaryFailure') : result.resultCode)
  const said = String(result?.resultString ?? '').slice(0, 1024)
  if (code === 'Succeeded') return { task, status: 'succeeded', errorCode: '', message: said }
  if (code === 'TemporaryFailure' || code === 'PermanentFailure') return failed(code, said)
  return failed('PermanentFailure', `The function answered the unknown code ${code}.`)
}

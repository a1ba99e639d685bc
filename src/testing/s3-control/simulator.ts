import { systemClock } from '../../internal/clock.js'
import { dayMs } from '../../internal/durations.js'
import { turnOfEventLoop } from '../../internal/waits/real-timers.js'
import type { Clock } from '../../ports/runtime.js'
import { FaultScript } from '../faults.js'
import { type Handle, type HandleContext, type Listener, type ListenOptions, listen } from '../listen.js'
import { authenticate } from '../s3/auth/authentication.js'
import type { S3SimulatorCredentials } from '../s3/auth/identity.js'
import { readDocument } from '../s3/auth/payload.js'
import { S3Error } from '../s3/http/errors.js'
import { readRequest, type S3Request, sentAsObject } from '../s3/http/request.js'
import { leaf, node, parseXml, plainDocument } from '../s3/http/xml.js'
import { SeededRandom } from '../scenario/random.js'
import { readCreateJob } from './create-job.js'
import { Invoker, type SimulatedFunction, type TaskFaultScript } from './functions.js'
import { ControlJob, describedJob, listedJob, type SimulatedJobStatus } from './job.js'
import { ControlRefusal, refusalAnswer } from './refusal.js'
import type { ReportColumns } from './report.js'
import { type RunnerSettings, runJob } from './runner.js'
import { type SimulatedStorage, StorageAccess } from './storage.js'

/** Options of an {@link S3ControlSimulator}. */
export interface S3ControlSimulatorOptions {
  /** Where manifests are read from and reports are written to. */
  readonly storage: SimulatedStorage
  /** The Lambda functions, by the ARN under which a job names them. */
  readonly functions: Readonly<Record<string, SimulatedFunction>>
  /** @defaultValue '123456789012' */
  readonly accountId?: string | undefined
  /** @defaultValue 'eu-west-1' */
  readonly region?: string | undefined
  /** Who may sign requests. @defaultValue the credentials of `storage` */
  readonly credentials?: readonly S3SimulatorCredentials[] | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
  /** Decides the order of tasks and which of them a share of faults hits. @defaultValue 'seed' */
  readonly seed?: string | undefined
  /** Tasks at once. The service has no setting for it: a function's reserved concurrency limits it. @defaultValue 8 */
  readonly concurrency?: number | undefined
  /** How often a task that failed temporarily is tried again. @defaultValue 3 */
  readonly temporaryRedrives?: number | undefined
  /** How long Lambda lets an invocation work, in milliseconds. @defaultValue 900000 */
  readonly functionTimeoutMs?: number | undefined
  /** @defaultValue 'as-examples' */
  readonly reportColumns?: ReportColumns | undefined
  /** How the key in an invocation is encoded: with `+` for a space, or with `%20`. @defaultValue 'form' */
  readonly keyEncoding?: 'form' | 'percent' | undefined
  /** Jobs on a page of ListJobs at most, whatever is asked for. @defaultValue 1000 */
  readonly maxPageSize?: number | undefined
  /** How long each state before `Active` lasts, in milliseconds. @defaultValue 0 */
  readonly stateMs?: number | undefined
}

/** A job as tests see it. */
export interface SimulatedBatchJob {
  readonly id: string
  readonly token: string
  readonly status: SimulatedJobStatus
  /** Every state that it was in. */
  readonly history: readonly SimulatedJobStatus[]
  readonly total: number
  readonly succeeded: number
  readonly failed: number
}

type Work = (request: S3Request, body: string) => string

/**
 * The jobs of S3 Batch Operations over Lambda functions in this process. A plain function from `Request` to
 * `Response` that behaves as the user guide and the API reference of S3 Control document. Manifests and reports
 * lie in an S3 server.
 *
 * The header `x-amz-account-id` names the account. A client must be kept from putting it in front of the host
 * name.
 */
export class S3ControlSimulator {
  readonly accountId: string
  readonly region: string
  /** Faults of requests: their operations are `CreateJob`, `ListJobs`, `DescribeJob`, `UpdateJobStatus`, `UpdateJobPriority`. */
  readonly faults = new FaultScript()
  readonly #options: S3ControlSimulatorOptions
  readonly #clock: Clock
  readonly #settings: RunnerSettings
  readonly #jobs = new Map<string, ControlJob>()
  readonly #tokens = new Map<string, { readonly id: string; readonly parameters: string }>()
  readonly #random: SeededRandom
  readonly #running = new Set<Promise<void>>()
  readonly #counts = new Map<string, number>()

  constructor(options: S3ControlSimulatorOptions) {
    const { accountId = '123456789012', region = 'eu-west-1', clock = systemClock, seed = 'seed' } = options
    this.#options = options
    this.accountId = accountId
    this.region = region
    this.#clock = clock
    this.#random = new SeededRandom(`${seed} ids`)
    this.#settings = {
      clock,
      access: new StorageAccess(options.storage),
      functions: new Map(Object.entries(options.functions)),
      invoker: new Invoker({ seed, timeoutMs: options.functionTimeoutMs ?? 900_000 }),
      seed,
      concurrency: options.concurrency ?? 8,
      temporaryRedrives: options.temporaryRedrives ?? 3,
      reportColumns: options.reportColumns ?? 'as-examples',
      keyEncoding: options.keyEncoding ?? 'form',
      stateMs: options.stateMs ?? 0,
    }
  }

  /** Faults of invocations. */
  get taskFaults(): TaskFaultScript {
    return this.#settings.invoker.faults
  }

  /** How often a function was begun. */
  get invocations(): number {
    return this.#settings.invoker.invocations
  }

  /** Every job, oldest first. */
  get jobs(): readonly SimulatedBatchJob[] {
    return [...this.#jobs.values()].map(({ id, request, status, history, total, succeeded, failed }) => {
      return { id, token: request.token, status, history: [...history], total, succeeded, failed }
    })
  }

  /** How many requests there were of each operation. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  /** Pauses an active job, as one of a higher priority does. */
  pause(id: string): void {
    const job = this.#job(id)
    if (job.status !== 'Active') throw new Error(`A job that is ${job.status} cannot be paused.`)
    job.become('Pausing', this.#clock.now())
    job.become('Paused', this.#clock.now())
  }

  /** Lets a paused job continue. */
  resume(id: string): void {
    const job = this.#job(id)
    if (job.status !== 'Paused') throw new Error(`A job that is ${job.status} cannot be resumed.`)
    job.become('Active', this.#clock.now())
  }

  /** Resolves when no job runs, and no invocation works on unheard. A job that waits or is paused is not waited for. */
  async idle(): Promise<void> {
    const isStill = () =>
      [...this.#jobs.values()].every((job) => job.hasEnded || /^(Suspended|Paused)$/.test(job.status))
    while (!isStill()) await turnOfEventLoop()
    await this.#settings.invoker.idle()
  }

  /** Binds the simulator to a port on loopback. */
  listen(options: ListenOptions = {}): Promise<Listener> {
    return listen(this.handle, options)
  }

  /** Ends every job, and what the simulator holds. */
  async close(): Promise<void> {
    for (const job of this.#jobs.values()) if (!job.hasEnded) job.become('Cancelled', this.#clock.now())
    await Promise.allSettled(this.#running)
    await this.#settings.invoker.idle()
    await this.#settings.access.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Answers one request. Bound, so that it can be passed around. */
  readonly handle: Handle = async (request: Request, context?: HandleContext): Promise<Response> => {
    try {
      const read = readRequest(sentAsObject(request, context?.rawTarget))
      const { operation, work } = this.#route(read)
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1)
      const { method, target } = read
      return await this.faults.apply({ method, target, operation }, async () => {
        try {
          const body = await this.#authenticated(read)
          return new Response(work(read, body), { headers: { 'content-type': 'application/xml' } })
        } catch (error) {
          return answerOf(error)
        }
      })
    } catch (error) {
      return answerOf(error)
    }
  }

  async #authenticated(request: S3Request): Promise<string> {
    const { credentials = [this.#options.storage.credentials] } = this.#options
    const { payload, identity } = authenticate(request, {
      credentials: new Map(credentials.map((one) => [one.accessKeyId, one])),
      verifySignatures: true,
      maxClockSkewMs: Number.POSITIVE_INFINITY,
      nowMs: this.#clock.now(),
      regions: [this.region],
    })
    const account = request.headers.get('x-amz-account-id')
    if (identity.anonymous || account !== this.accountId) {
      throw new ControlRefusal('AccessDenied', 'The caller is not of the account that the request names.')
    }
    return readDocument(request, payload, { digestRequired: false })
  }

  #route({ method, rawPath }: S3Request): { readonly operation: string; readonly work: Work } {
    const [, id, part] = /^\/v20180820\/jobs(?:\/([^/]+)(?:\/(status|priority))?)?$/.exec(rawPath) ?? []
    const isJobs = rawPath === '/v20180820/jobs'
    if (method === 'POST' && isJobs) return { operation: 'CreateJob', work: (_, body) => this.#create(body) }
    if (method === 'GET' && isJobs) return { operation: 'ListJobs', work: (request) => this.#list(request) }
    if (id === undefined) throw new ControlRefusal('MethodNotAllowed', 'The simulator has no such operation.')
    if (method === 'GET' && part === undefined) {
      return {
        operation: 'DescribeJob',
        work: () => plainDocument('DescribeJobResult', describedJob(this.#job(id), this.accountId, this.region)),
      }
    }
    if (method === 'POST' && part === 'status') {
      return { operation: 'UpdateJobStatus', work: (request) => this.#setStatus(id, request) }
    }
    if (method === 'POST' && part === 'priority') {
      return { operation: 'UpdateJobPriority', work: (request) => this.#setPriority(id, request) }
    }
    throw new ControlRefusal('MethodNotAllowed', 'The simulator has no such operation.')
  }

  /** The same token with the same parameters is the same job; with others it is refused. */
  #create(body: string): string {
    const request = readCreateJob(parseXml(body, 'CreateJobRequest'))
    const parameters = JSON.stringify(request)
    const known = this.#tokens.get(request.token)
    if (known !== undefined && known.parameters !== parameters) {
      throw new ControlRefusal('IdempotencyException', 'The token was used with other parameters.')
    }
    if (known !== undefined) return plainDocument('CreateJobResult', leaf('JobId', known.id))
    const job = new ControlJob(this.#random.uuid(), request, this.#clock.now())
    this.#jobs.set(job.id, job)
    this.#tokens.set(request.token, { id: job.id, parameters })
    const running: Promise<void> = runJob(job, this.#settings)
      .catch((error: unknown) => {
        job.failure = { code: 'InternalError', reason: String(error) }
        if (!job.hasEnded) job.become('Failed', this.#clock.now())
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
    return plainDocument('CreateJobResult', leaf('JobId', job.id))
  }

  #list({ query }: S3Request): string {
    const wanted = query.pairs.flatMap(([name, value]) => (name === 'jobStatuses' ? [value ?? ''] : []))
    const most = Number(query.get('maxResults') ?? 1000)
    if (!Number.isInteger(most) || most < 0 || most > 1000) {
      throw new ControlRefusal('InvalidRequestException', 'maxResults must be from 0 to 1000.')
    }
    const token = query.get('nextToken')
    const jobs = [...this.#jobs.keys()].reverse().map((id) => this.#job(id))
    const found = jobs.filter(({ status }) => wanted.length === 0 || wanted.includes(status))
    const from = token === undefined ? 0 : found.findIndex(({ id }) => `after ${id}` === fromBase64(token)) + 1
    if (token !== undefined && from === 0) throw new ControlRefusal('InvalidNextTokenException', 'No such token.')
    const page = found.slice(from, from + Math.min(most === 0 ? 1000 : most, this.#options.maxPageSize ?? 1000))
    const last = page.at(-1)
    const more = last !== undefined && from + page.length < found.length ? toBase64(`after ${last.id}`) : undefined
    return plainDocument('ListJobsResult', leaf('NextToken', more), node('Jobs', ...page.map(listedJob)))
  }

  #setStatus(id: string, { query }: S3Request): string {
    const job = this.#job(id)
    const wanted = query.get('requestedJobStatus')
    const isConfirmed = wanted === 'Ready' && job.status === 'Suspended'
    const isCancelled = wanted === 'Cancelled' && !job.isEnding && job.status !== 'Completing'
    if (wanted !== 'Ready' && wanted !== 'Cancelled') {
      throw new ControlRefusal('InvalidRequestException', 'requestedJobStatus must be Ready or Cancelled.')
    }
    if (!isConfirmed && !isCancelled) {
      throw new ControlRefusal('JobStatusException', `A job that is ${job.status} cannot become ${wanted}.`)
    }
    job.statusReason = query.get('statusUpdateReason')
    if (isConfirmed) job.become('Ready', this.#clock.now())
    else if (/^(New|Preparing|Suspended|Ready)$/.test(job.status)) job.become('Cancelled', this.#clock.now())
    else job.become('Cancelling', this.#clock.now())
    const reason = leaf('StatusUpdateReason', job.statusReason)
    return plainDocument('UpdateJobStatusResult', leaf('JobId', id), leaf('Status', job.status), reason)
  }

  #setPriority(id: string, { query }: S3Request): string {
    const job = this.#job(id)
    const priority = Number(query.get('priority') ?? Number.NaN)
    if (!Number.isInteger(priority) || priority < 0 || priority > 2_147_483_647) {
      throw new ControlRefusal('InvalidRequestException', 'The priority must be from 0 to 2147483647.')
    }
    if (job.hasEnded) throw new ControlRefusal('JobStatusException', `A job that is ${job.status} has no priority.`)
    job.priority = priority
    return plainDocument('UpdateJobPriorityResult', leaf('JobId', id), leaf('Priority', priority))
  }

  /** A job that nobody confirms fails after 30 days. */
  #job(id: string): ControlJob {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new ControlRefusal('NoSuchJob', 'The specified job does not exist')
    const { suspendedMs } = job
    if (job.status === 'Suspended' && suspendedMs !== undefined && this.#clock.now() - suspendedMs > 30 * dayMs) {
      job.failure = { code: 'ConfirmationExpired', reason: 'The job was not confirmed within 30 days.' }
      job.become('Failed', this.#clock.now())
    }
    return job
  }
}

function answerOf(error: unknown): Response {
  if (error instanceof ControlRefusal) return refusalAnswer(error.code, error.message, error.status)
  if (error instanceof S3Error) return refusalAnswer(error.code, error.message, error.status)
  return refusalAnswer('InternalServiceException', String(error), 500)
}

const toBase64 = (text: string) => Buffer.from(text).toString('base64url')
const fromBase64 = (text: string) => Buffer.from(text, 'base64url').toString()

import { createHash } from 'node:crypto'
import type { JobDescriptor, ListJobsCommandOutput } from '@aws-sdk/client-s3-control'
import { throwIfAborted } from '../../../internal/abort.js'
import { systemClock } from '../../../internal/clock.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type {
  EngineJob,
  ShardEngine,
  ShardEngineCapabilities,
  ShardJob,
  ShardResult,
} from '../../ports/shard-engine.js'
import { loadS3Control, openS3Control } from '../client/s3-control.js'
import { AwsService } from '../client/service.js'
import { S3Objects } from '../s3/objects.js'
import { descriptionOf, engineJobOf, engineName, hasEnded, isOfToken } from './job.js'
import { buildManifest } from './manifest.js'
import { checkBatchOptions, partitionOf, type S3BatchEngineOptions } from './options.js'
import { readReport } from './report.js'

/**
 * Runs shards as tasks of S3 Batch Operations: one job per round, and one invocation of the worker's Lambda
 * function per shard.
 *
 * It does not limit how many run at once, so give the function a reserved concurrency. A job is found again by its
 * token, which is its ClientRequestToken and part of its description.
 *
 * The package `@aws-sdk/client-s3-control`, an optional peer dependency, is loaded with the first request.
 *
 * @example
 * ```ts
 * const engine = new S3BatchEngine({
 *   accountId: '111122223333',
 *   region: 'eu-west-1',
 *   bucket: 'legal-hold-evidence',
 *   functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:legal-hold-worker:7',
 *   roleArn: 'arn:aws:iam::111122223333:role/legal-hold-batch',
 * })
 * ```
 *
 * Errors in addition to those of each method: `ENGINE_REJECTED`, `ENGINE_UNAVAILABLE`, `MISSING_DEPENDENCY`,
 * `MISSING_CREDENTIALS`, `NETWORK_ERROR`, `TIMEOUT`, `ABORTED`.
 */
export class S3BatchEngine implements ShardEngine {
  readonly name = engineName
  readonly capabilities: ShardEngineCapabilities
  readonly #options: S3BatchEngineOptions
  readonly #service: AwsService
  readonly #objects: S3Objects
  readonly #prefix: string

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing and loads nothing yet. */
  constructor(options: S3BatchEngineOptions) {
    checkBatchOptions(options)
    this.#options = options
    this.capabilities = { confirms: options.confirmationRequired ?? true, limitsConcurrency: false }
    this.#prefix = options.prefix ?? 'engine/s3-batch/'
    const { bucket, region, credentials, retry, clock, s3 } = options
    this.#objects = new S3Objects({ region, credentials, retry, clock, ...s3, bucket }, 'S3BatchEngine')
    this.#service = new AwsService({
      name: 'S3 Batch Operations',
      host: 's3-control',
      id: 'S3_CONTROL',
      open: (config) => openS3Control(config, options),
      settings: options,
    })
  }

  /**
   * Writes the manifest and creates the job, at most once per token.
   *
   * @throws LegalHoldError `INVALID_REQUEST` if the job has no shards, or a token that is too long
   */
  async submit(job: ShardJob, options: CallOptions = {}): Promise<EngineJob> {
    requireToken(job.token)
    const found = await this.find(job.token, options)
    if (found !== undefined) return found
    const location = await this.#writeManifest(job, options)
    const input = this.#inputOf(job, location)
    const { JobId: id } = await this.#service
      .change<{ readonly JobId?: string }>(
        'CreateJob',
        async () => {
          const { CreateJobCommand } = await loadS3Control()
          return new CreateJobCommand(input)
        },
        () => this.#created(job.token, options),
        options,
      )
      .catch((error: unknown) => this.#settleIdempotency(error, job.token, options))
    if (id === undefined) throw invalid('CreateJob')
    return { id, engine: engineName, state: 'preparing' }
  }

  /** That the function and the role are there shows only when a job begins. */
  async check(options: CallOptions = {}): Promise<string> {
    const { Jobs = [] } = await this.#listJobs(undefined, options)
    return `answers, and lists ${Jobs.length === 0 ? 'no job yet' : 'jobs'}`
  }

  async find(token: string, options: CallOptions = {}): Promise<EngineJob | undefined> {
    let next: string | undefined
    const seen = new Set<string>()
    do {
      const page: ListJobsCommandOutput = await this.#listJobs(next, options)
      for (const job of page.Jobs ?? []) {
        const { JobId: id, Description: description } = job
        if (id !== undefined && isOfToken(description, token)) return this.get(id, options)
      }
      next = page.NextToken
      if (next !== undefined && seen.has(next)) throw invalid('ListJobs')
      if (next !== undefined) seen.add(next)
    } while (next !== undefined)
    return undefined
  }

  /** @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` */
  async get(id: string, options: CallOptions = {}): Promise<EngineJob> {
    return engineJobOf(id, await this.#describe(id, options))
  }

  async confirm(id: string, options: CallOptions = {}): Promise<void> {
    await this.#setStatus(id, 'Ready', ({ state }) => state !== 'waiting' && state !== 'preparing', options)
  }

  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    const isDone = (job: EngineJob, { Status: status }: JobDescriptor) => hasEnded(job) || status === 'Cancelling'
    await this.#setStatus(id, 'Cancelled', isDone, options)
  }

  /**
   * How the tasks ended, according to the completion report. A job that has not ended, or never began a task, has
   * no report.
   */
  async *results(id: string, options: CallOptions = {}): AsyncGenerator<ShardResult> {
    const job = await this.get(id, options)
    const { succeeded = 0, failed = 0 } = job.counts ?? {}
    const tasks = succeeded + failed
    if (!hasEnded(job) || tasks === 0) return
    const source = { read: (key: string, call: CallOptions) => this.#objects.read(key, call) }
    yield* readReport(source, { jobId: id, prefix: this.#reportPrefix, tasks, signal: options.signal })
  }

  /** Closes the connections of clients that were built here. */
  close(): void {
    this.#service.close()
    this.#objects.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** The slash is added by the service. */
  get #reportPrefix(): string {
    return `${this.#prefix}reports`
  }

  /** A manifest must not be encrypted with KMS, whatever the default of the bucket is: hence SSE-S3. */
  async #writeManifest(job: ShardJob, options: CallOptions): Promise<{ ObjectArn: string; ETag: string }> {
    const { bucket, functionArn } = this.#options
    const content = await buildManifest(job, bucket)
    const sum = createHash('md5').update(content).digest('hex')
    // Named by its content: what another attempt at the same round has written is the same object.
    const key = `${this.#prefix}manifests/${sum}.csv`
    await this.#objects.create(key, content, { ...options, sse: true })
    const etag = await this.#objects.etagOf(key, options)
    if (etag === undefined) {
      throw new LegalHoldError(`The manifest s3://${bucket}/${key} is gone right after it was written.`, {
        code: 'ENGINE_REJECTED',
        stage: 'scale',
      })
    }
    return { ObjectArn: `arn:${partitionOf(functionArn)}:s3:::${bucket}/${key}`, ETag: etag }
  }

  #inputOf(job: ShardJob, location: { readonly ObjectArn: string; readonly ETag: string }) {
    const { accountId, bucket, functionArn, roleArn, priority = 10 } = this.#options
    return {
      AccountId: accountId,
      ClientRequestToken: job.token,
      ConfirmationRequired: this.capabilities.confirms,
      Description: descriptionOf(job),
      Priority: priority,
      RoleArn: roleArn,
      Operation: {
        LambdaInvoke: {
          FunctionArn: functionArn,
          InvocationSchemaVersion: '2.0',
          UserArguments: { runId: job.runId.slice(0, 1024), planSha256: job.planSha256, round: String(job.round) },
        },
      },
      Manifest: {
        Spec: { Format: 'S3BatchOperations_CSV_20180820' as const, Fields: ['Bucket' as const, 'Key' as const] },
        Location: location,
      },
      Report: {
        Enabled: true,
        Bucket: `arn:${partitionOf(functionArn)}:s3:::${bucket}`,
        Prefix: this.#reportPrefix,
        Format: 'Report_CSV_20180820' as const,
        ReportScope: 'AllTasks' as const,
      },
    }
  }

  async #created(token: string, options: CallOptions): Promise<{ readonly JobId: string } | undefined> {
    const job = await this.find(token, options)
    return job === undefined ? undefined : { JobId: job.id }
  }

  /** The token was used before, with other parameters: by an earlier version of this library, or of the options. */
  async #settleIdempotency(error: unknown, token: string, options: CallOptions): Promise<{ readonly JobId: string }> {
    const isUsed = LegalHoldError.isInstance(error) && error.answer?.serverCode === 'IdempotencyException'
    const created = isUsed ? await this.#created(token, options) : undefined
    if (created === undefined) throw error
    return created
  }

  #listJobs(NextToken: string | undefined, options: CallOptions): Promise<ListJobsCommandOutput> {
    const { accountId: AccountId } = this.#options
    return this.#service.ask(
      'ListJobs',
      async () => {
        const { ListJobsCommand } = await loadS3Control()
        return new ListJobsCommand({ AccountId, MaxResults: 1000, ...(NextToken === undefined ? {} : { NextToken }) })
      },
      options,
    )
  }

  /** A job may not be known in the first moments after its creation (S3 user guide, "Troubleshooting Batch Operations"). */
  async #describe(JobId: string, options: CallOptions): Promise<JobDescriptor> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#describeOnce(JobId, options)
      } catch (error) {
        const isUnknown = LegalHoldError.isInstance(error) && error.code === 'ENGINE_JOB_NOT_FOUND'
        if (!isUnknown || attempt === looks) throw error
        await (this.#options.clock ?? systemClock).sleep(500 * 2 ** (attempt - 1), options.signal).catch(() => {})
        throwIfAborted(options.signal, 'scale')
      }
    }
  }

  async #describeOnce(JobId: string, options: CallOptions): Promise<JobDescriptor> {
    const { accountId: AccountId } = this.#options
    const { Job: job } = await this.#service.ask<{ readonly Job?: JobDescriptor }>(
      'DescribeJob',
      async () => {
        const { DescribeJobCommand } = await loadS3Control()
        return new DescribeJobCommand({ AccountId, JobId })
      },
      options,
    )
    if (job?.Status === undefined || (job.JobId !== undefined && job.JobId !== JobId)) throw invalid('DescribeJob')
    return job
  }

  async #setStatus(
    JobId: string,
    RequestedJobStatus: 'Ready' | 'Cancelled',
    isDone: (job: EngineJob, described: JobDescriptor) => boolean,
    options: CallOptions,
  ): Promise<void> {
    const { accountId: AccountId } = this.#options
    const settle = async () => {
      const described = await this.#describe(JobId, options)
      return isDone(engineJobOf(JobId, described), described) ? {} : undefined
    }
    await this.#service
      .change(
        'UpdateJobStatus',
        async () => {
          const { UpdateJobStatusCommand } = await loadS3Control()
          return new UpdateJobStatusCommand({ AccountId, JobId, RequestedJobStatus })
        },
        settle,
        options,
      )
      .catch(async (error: unknown) => {
        // A job that is past this already cannot be set so: somebody else, or an earlier attempt, was faster.
        const isRefused = LegalHoldError.isInstance(error) && error.code === 'ENGINE_REJECTED'
        if (!isRefused || (await settle()) === undefined) throw error
      })
  }
}

/** For a job that the service says it does not know. */
const looks = 3

function requireToken(token: string): void {
  if (token.length >= 1 && token.length <= 64) return
  throw new LegalHoldError('The token of a job must have 1 to 64 characters.', {
    code: 'INVALID_REQUEST',
    stage: 'scale',
  })
}

function invalid(operation: string): LegalHoldError {
  return new LegalHoldError(
    `${operation} of S3 Batch Operations answered what is not an answer to it. Look for a proxy between here and the endpoint.`,
    { code: 'ENGINE_UNAVAILABLE', stage: 'scale', outcome: operation === 'CreateJob' ? 'unknown' : 'not-applied' },
  )
}

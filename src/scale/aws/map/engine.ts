import { createHash } from 'node:crypto'
import type {
  DescribeExecutionOutput,
  DescribeMapRunOutput,
  DescribeStateMachineCommandOutput,
  ExecutionStatus,
  ListMapRunsOutput,
} from '@aws-sdk/client-sfn'
import { counted, verb } from '../../../internal/text/counted.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type {
  EngineJob,
  ShardEngine,
  ShardEngineCapabilities,
  ShardJob,
  ShardResult,
} from '../../ports/shard-engine.js'
import { encodeManifestKey } from '../batch/manifest.js'
import { AwsService } from '../client/service.js'
import { loadSfn, openSfn } from '../client/sfn.js'
import { S3Objects } from '../s3/objects.js'
import { checkMapOptions, type MapEngineOptions } from './options.js'
import { readMapResults } from './results.js'

const engineName = 'map'

const states: Readonly<Record<ExecutionStatus, EngineJob['state']>> = {
  RUNNING: 'active',
  PENDING_REDRIVE: 'active',
  SUCCEEDED: 'complete',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  ABORTED: 'cancelled',
}

const hasEnded = ({ state }: EngineJob) => state === 'complete' || state === 'failed' || state === 'cancelled'

/**
 * Runs shards as child executions of a Distributed Map of Step Functions: one execution per round, with a limit on
 * how many run at once. The job's token names the execution, so that it can be started only once.
 *
 * The package `@aws-sdk/client-sfn`, an optional peer dependency, is loaded with the first request.
 *
 * @example
 * ```ts
 * const engine = new MapEngine({
 *   stateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:legal-hold-shards:1',
 *   region: 'eu-west-1',
 *   bucket: 'legal-hold-evidence',
 * })
 * ```
 *
 * Errors in addition to those of each method: `ENGINE_REJECTED`, `ENGINE_UNAVAILABLE`, `MISSING_DEPENDENCY`,
 * `MISSING_CREDENTIALS`, `NETWORK_ERROR`, `TIMEOUT`, `ABORTED`.
 */
export class MapEngine implements ShardEngine {
  readonly name = engineName
  readonly capabilities: ShardEngineCapabilities
  readonly #concurrency: number
  readonly #options: MapEngineOptions
  readonly #service: AwsService
  readonly #objects: S3Objects
  readonly #prefix: string

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`; sends nothing and loads nothing yet. */
  constructor(options: MapEngineOptions) {
    checkMapOptions(options)
    this.#options = options
    this.#concurrency = options.concurrency ?? 100
    this.capabilities = { confirms: false, limitsConcurrency: true, concurrency: this.#concurrency }
    this.#prefix = options.prefix ?? 'engine/map/'
    const { bucket, region, credentials, retry, clock, s3 } = options
    this.#objects = new S3Objects({ region, credentials, retry, clock, ...s3, bucket }, 'MapEngine')
    this.#service = new AwsService({
      name: 'Step Functions',
      host: 'states',
      id: 'SFN',
      open: openSfn,
      settings: options,
    })
  }

  /**
   * Writes the list of items and starts the execution, at most once per token.
   *
   * @throws LegalHoldError `INVALID_REQUEST` if the job has no shards
   */
  async submit(job: ShardJob, options: CallOptions = {}): Promise<EngineJob> {
    const found = await this.find(job.token, options)
    if (found !== undefined) return found
    const items = await this.#writeItems(job, options)
    const name = nameOf(job.token)
    const executionArn = this.#executionArn(job.token)
    const input = JSON.stringify({
      bucket: this.#options.bucket,
      items,
      results: `${this.#prefix}results/${name}`,
      maxConcurrency: job.concurrency ?? this.#concurrency,
      runId: job.runId,
      planSha256: job.planSha256,
      round: job.round,
    })
    const settle = async () => ((await this.find(job.token, options)) === undefined ? undefined : { executionArn })
    const started = await this.#service
      .change<{ readonly executionArn?: string | undefined }>(
        'StartExecution',
        async () => {
          const { StartExecutionCommand } = await loadSfn()
          return new StartExecutionCommand({ stateMachineArn: this.#options.stateMachineArn, name, input })
        },
        settle,
        options,
      )
      .catch(async (error: unknown) => {
        // Another process was faster, perhaps with another concurrency; or it has ended already.
        const isThere = LegalHoldError.isInstance(error) && error.answer?.serverCode === 'ExecutionAlreadyExists'
        const other = isThere ? await settle() : undefined
        if (other === undefined) throw error
        return other
      })
    return { id: started.executionArn ?? executionArn, engine: engineName, state: 'active' }
  }

  /** @throws LegalHoldError `ENGINE_REJECTED` if there is no such state machine, it must not be seen, or it cannot run shards */
  async check(options: CallOptions = {}): Promise<string> {
    const { stateMachineArn } = this.#options
    const machine = await this.#service.ask<DescribeStateMachineCommandOutput>(
      'DescribeStateMachine',
      async () => {
        const { DescribeStateMachineCommand } = await loadSfn()
        return new DescribeStateMachineCommand({ stateMachineArn })
      },
      options,
    )
    const { status = 'unknown', type = 'unknown', definition = '' } = machine
    const said = `the state machine is ${status}, of the type ${type}`
    const isMap = definition === '' || /"Mode"\s*:\s*"DISTRIBUTED"/.test(definition)
    if (status === 'ACTIVE' && type === 'STANDARD' && isMap) return said
    throw new LegalHoldError(
      `${stateMachineArn} cannot run shards: ${said}${isMap ? '' : ', without a Distributed Map'}. Deploy the one of stateMachineDefinition, of the type STANDARD.`,
      { code: 'ENGINE_REJECTED', stage: 'scale' },
    )
  }

  async find(token: string, options: CallOptions = {}): Promise<EngineJob | undefined> {
    try {
      return await this.get(this.#executionArn(token), options)
    } catch (error) {
      if (LegalHoldError.isInstance(error) && error.code === 'ENGINE_JOB_NOT_FOUND') return undefined
      throw error
    }
  }

  /** @throws LegalHoldError `ENGINE_JOB_NOT_FOUND` */
  async get(id: string, options: CallOptions = {}): Promise<EngineJob> {
    const execution = await this.#describe(id, options)
    const counts = await this.#counts(id, options)
    const { status = 'RUNNING', error, cause } = execution
    const reason = [error, cause].filter((text) => text !== undefined && text !== '').join(': ')
    return {
      id,
      engine: engineName,
      state: Object.hasOwn(states, status) ? states[status] : 'active',
      ...(counts === undefined ? {} : { counts }),
      ...(reason === '' ? {} : { reason: reason.slice(0, 1000) }),
    }
  }

  async cancel(id: string, options: CallOptions = {}): Promise<void> {
    const settle = async () => (hasEnded(await this.get(id, options)) ? {} : undefined)
    if ((await settle()) !== undefined) return
    await this.#service
      .change(
        'StopExecution',
        async () => {
          const { StopExecutionCommand } = await loadSfn()
          return new StopExecutionCommand({ executionArn: id, error: 'Cancelled', cause: 'The run was cancelled.' })
        },
        settle,
        options,
      )
      .catch(async (error: unknown) => {
        const isRefused = LegalHoldError.isInstance(error) && error.code === 'ENGINE_REJECTED'
        if (!isRefused || (await settle()) === undefined) throw error
      })
  }

  /**
   * Runs the failed parts of an execution again, within 14 days of its end. Use it for an execution that failed as
   * a whole or was cancelled. Another round does the same with a new job.
   *
   * @throws LegalHoldError `ENGINE_REJECTED` if the execution succeeded, or is too old
   */
  async redrive(id: string, options: CallOptions = {}): Promise<void> {
    const settle = async () => (hasEnded(await this.get(id, options)) ? undefined : {})
    await this.#service.change(
      'RedriveExecution',
      async () => {
        const { RedriveExecutionCommand } = await loadSfn()
        return new RedriveExecutionCommand({ executionArn: id })
      },
      settle,
      options,
    )
  }

  /** How the child executions ended, according to ResultWriter. An execution that has not ended has written nothing. */
  async *results(id: string, options: CallOptions = {}): AsyncGenerator<ShardResult> {
    const job = await this.get(id, options)
    if (!hasEnded(job)) return
    const run = await this.#mapRunOf(id, options)
    const folder = run?.split(':').at(-1)
    const { succeeded = 0, failed = 0 } = job.counts ?? {}
    // It failed before it began any.
    if (folder === undefined || succeeded + failed === 0) return
    const source = { read: (key: string, call: CallOptions) => this.#objects.read(key, call) }
    const manifest = `${this.#prefix}results/${nameOfExecution(id)}/${folder}/manifest.json`
    yield* readMapResults(source, { executionArn: id, manifest, signal: options.signal })
  }

  /** Closes the connections of clients that were built here. */
  close(): void {
    this.#service.close()
    this.#objects.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** One row for each shard. Keys are URL-encoded, so that no row needs quotes. */
  async #writeItems(job: ShardJob, options: CallOptions): Promise<string> {
    const pieces: Buffer[] = [Buffer.from('key\n')]
    let count = 0
    for await (const { key } of job.refs()) {
      count += 1
      pieces.push(Buffer.from(`${encodeManifestKey(key)}\n`))
    }
    if (count !== job.shards || count === 0) {
      throw new LegalHoldError(
        `A job of ${counted(job.shards, 'shard')} was to be submitted, and ${count} ${verb(count, 'was', 'were')} named. Submit a round with at least one shard, and name each of them.`,
        { code: 'INVALID_REQUEST', stage: 'scale' },
      )
    }
    const content = Buffer.concat(pieces)
    // Named by its content: what another attempt at the same round has written is the same object.
    const key = `${this.#prefix}items/${createHash('sha256').update(content).digest('hex')}.csv`
    await this.#objects.create(key, content, options)
    return key
  }

  async #describe(executionArn: string, options: CallOptions): Promise<DescribeExecutionOutput> {
    const execution = await this.#service.ask<DescribeExecutionOutput>(
      'DescribeExecution',
      async () => {
        const { DescribeExecutionCommand } = await loadSfn()
        return new DescribeExecutionCommand({ executionArn })
      },
      options,
    )
    if (execution.status !== undefined && execution.executionArn === executionArn) return execution
    throw new LegalHoldError(
      'DescribeExecution of Step Functions answered what is not an answer to it. Look for a proxy between here and the endpoint.',
      { code: 'ENGINE_UNAVAILABLE', stage: 'scale' },
    )
  }

  async #counts(id: string, options: CallOptions): Promise<EngineJob['counts']> {
    const mapRunArn = await this.#mapRunOf(id, options)
    if (mapRunArn === undefined) return undefined
    const { itemCounts } = await this.#service.ask<DescribeMapRunOutput>(
      'DescribeMapRun',
      async () => {
        const { DescribeMapRunCommand } = await loadSfn()
        return new DescribeMapRunCommand({ mapRunArn })
      },
      options,
    )
    if (itemCounts === undefined) return undefined
    const { total = 0, succeeded = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts
    return { total, succeeded, failed: failed + timedOut + aborted }
  }

  async #mapRunOf(executionArn: string, options: CallOptions): Promise<string | undefined> {
    const { mapRuns } = await this.#service.ask<ListMapRunsOutput>(
      'ListMapRuns',
      async () => {
        const { ListMapRunsCommand } = await loadSfn()
        return new ListMapRunsCommand({ executionArn })
      },
      options,
    )
    return mapRuns?.[0]?.mapRunArn
  }

  /** An execution is named by machine and name, whatever version of the machine it runs. */
  #executionArn(token: string): string {
    const [arn, partition, service, region, account, , machine] = this.#options.stateMachineArn.split(':')
    return [arn, partition, service, region, account, 'execution', machine, nameOf(token)].join(':')
  }
}

/** The name of an execution has at most 80 characters, and not every character is allowed. */
function nameOf(token: string): string {
  return /^[\w-]{1,80}$/.test(token) ? token : createHash('sha256').update(token).digest('hex')
}

const nameOfExecution = (arn: string) => arn.split(':').at(-1) ?? ''

import { systemClock } from '../../internal/clock.js'
import { dayMs } from '../../internal/durations.js'
import type { Clock } from '../../ports/runtime.js'
import { FaultScript } from '../faults.js'
import { type Handle, type Listener, type ListenOptions, listen } from '../listen.js'
import { Invoker, type SimulatedFunction, type TaskFaultScript } from '../s3-control/functions.js'
import { type SimulatedStorage, StorageAccess } from '../s3-control/storage.js'
import { SeededRandom } from '../scenario/random.js'
import { type MapDefinition, readDefinition } from './definition.js'
import { countItems, type MapExecution, type SimulatedExecutionStatus } from './execution.js'
import { type MapRunnerSettings, mapRunArnOf, runExecution } from './runner.js'

/** Options of a {@link DistributedMapSimulator}. */
export interface DistributedMapSimulatorOptions {
  /** Where items are read from and results are written to. */
  readonly storage: SimulatedStorage
  /** Definitions in the States language, by the ARN of their state machine without a version. */
  readonly stateMachines: Readonly<Record<string, unknown>>
  /** The Lambda functions, by the ARN under which a definition names them. */
  readonly functions: Readonly<Record<string, SimulatedFunction>>
  /** Who may send requests. @defaultValue the access key of `storage` */
  readonly accessKeyIds?: readonly string[] | undefined
  /** Retries wait on it. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
  /** Decides the order of child executions and which of them a share of faults hits. @defaultValue 'seed' */
  readonly seed?: string | undefined
  /** How long Lambda lets an invocation work, in milliseconds. @defaultValue 900000 */
  readonly functionTimeoutMs?: number | undefined
}

/** An execution as tests see it. */
export interface SimulatedMapExecution {
  readonly arn: string
  readonly status: SimulatedExecutionStatus
  readonly input: string
  readonly redriveCount: number
  /** Child executions at once at most; 0 for no limit. */
  readonly maxConcurrency: number
}

type Input = Readonly<Record<string, unknown>>

/** White space, brackets, wildcards and others that a name must not hold, and control characters. */
const forbidden = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u

class SfnRefusal extends Error {
  override readonly name: string

  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/**
 * Step Functions as far as one Distributed Map needs it: standard executions whose first state is a Map over a CSV
 * file. It supports ItemBatcher, MaxConcurrency, ToleratedFailurePercentage, Retry, redrive and ResultWriter. A
 * plain function from `Request` to `Response` that behaves as the developer guide and the API reference document.
 * Signatures are not verified.
 */
export class DistributedMapSimulator {
  /** Faults of requests; their operations are named as in the API: `StartExecution`. */
  readonly faults = new FaultScript()
  readonly #machines: ReadonlyMap<string, MapDefinition>
  readonly #definitions: Readonly<Record<string, unknown>>
  readonly #executions = new Map<string, MapExecution>()
  readonly #accessKeyIds: readonly string[]
  readonly #settings: MapRunnerSettings
  readonly #random: SeededRandom
  readonly #running = new Set<Promise<void>>()
  readonly #counts = new Map<string, number>()
  readonly #createdMs: number
  readonly #redrives = new Map<string, number>()

  /** Throws for a definition that cannot be run. */
  constructor(options: DistributedMapSimulatorOptions) {
    const { storage, stateMachines, functions, clock = systemClock, seed = 'seed' } = options
    this.#machines = new Map(Object.entries(stateMachines).map(([arn, one]) => [arn, readDefinition(one)]))
    this.#definitions = stateMachines
    this.#accessKeyIds = options.accessKeyIds ?? [storage.credentials.accessKeyId]
    this.#random = new SeededRandom(`${seed} ids`)
    this.#createdMs = clock.now()
    this.#settings = {
      clock,
      access: new StorageAccess(storage),
      functions: new Map(Object.entries(functions)),
      invoker: new Invoker({ seed, timeoutMs: options.functionTimeoutMs ?? 900_000 }),
      seed,
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

  /** Every execution, oldest first. */
  get executions(): readonly SimulatedMapExecution[] {
    return [...this.#executions.values()].map(({ arn, status, input, redriveCount, maxConcurrency }) => {
      return { arn, status, input, redriveCount, maxConcurrency }
    })
  }

  /** How many requests there were of each operation. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  /** Resolves when no execution runs, and no invocation works on unheard. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
    await this.#settings.invoker.idle()
  }

  /** Binds the simulator to a port on loopback. */
  listen(options: ListenOptions = {}): Promise<Listener> {
    return listen(this.handle, options)
  }

  /** Stops every execution, and ends what the simulator holds. */
  async close(): Promise<void> {
    for (const execution of this.#executions.values()) if (execution.status === 'RUNNING') execution.status = 'ABORTED'
    await this.idle()
    await this.#settings.access.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Answers one request. Bound, so that it can be passed around. */
  readonly handle: Handle = async (request: Request): Promise<Response> => {
    const operation = request.headers.get('x-amz-target')?.replace(/^AWSStepFunctions\./, '') ?? 'Unknown'
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1)
    const target = new URL(request.url).pathname
    return this.faults.apply({ method: request.method, target, operation }, async () => {
      try {
        this.#checkCaller(request)
        const input = (await request.json()) as Input
        return json(200, this.#work(operation, input))
      } catch (error) {
        const { name, message } =
          error instanceof SfnRefusal ? error : new SfnRefusal('ValidationException', String(error))
        return json(400, { __type: `com.amazonaws.swf.service.v2.model#${name}`, message })
      }
    })
  }

  #checkCaller(request: Request): void {
    const authorization = request.headers.get('authorization') ?? ''
    const fields = authorization.split(/[ ,]/).find((field) => field.startsWith('Credential='))
    const [credential, date, , service] = fields?.slice('Credential='.length).split('/') ?? []
    if (credential === undefined || date === undefined || service !== 'states')
      throw new SfnRefusal('MissingAuthenticationTokenException', 'The request is not signed.')
    if (!this.#accessKeyIds.includes(credential)) {
      throw new SfnRefusal('UnrecognizedClientException', 'The security token included in the request is invalid.')
    }
  }

  #work(operation: string, input: Input): object {
    switch (operation) {
      case 'DescribeStateMachine':
        return this.#describeStateMachine(input)
      case 'StartExecution':
        return this.#start(input)
      case 'DescribeExecution':
        return described(this.#execution(input))
      case 'StopExecution':
        return this.#stop(this.#execution(input))
      case 'RedriveExecution':
        return this.#redrive(this.#execution(input), input)
      case 'ListMapRuns':
        return this.#listMapRuns(this.#execution(input))
      case 'DescribeMapRun':
        return this.#describeMapRun(input)
      default:
        throw new SfnRefusal('UnknownOperationException', `The simulator has no operation ${operation}.`)
    }
  }

  #describeStateMachine({ stateMachineArn }: Input): object {
    const machine = this.#machineOf(stateMachineArn)
    return {
      stateMachineArn: String(stateMachineArn),
      name: machine.split(':')[6],
      status: 'ACTIVE',
      type: 'STANDARD',
      definition: JSON.stringify(this.#definitions[machine]),
      roleArn: `arn:aws:iam::${machine.split(':')[4]}:role/simulated`,
      creationDate: this.#createdMs / 1000,
    }
  }

  /** The state machine of an ARN, which may name a version. */
  #machineOf(stateMachineArn: unknown): string {
    const machine = String(stateMachineArn).split(':').slice(0, 7).join(':')
    if (!/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]{1,80}$/.test(machine)) {
      throw new SfnRefusal('InvalidArn', 'Invalid Arn.')
    }
    if (!this.#machines.has(machine)) throw new SfnRefusal('StateMachineDoesNotExist', 'State Machine Does Not Exist')
    return machine
  }

  /** The same name with the same input is the same execution while it runs; otherwise it is refused. */
  #start({ stateMachineArn, name = this.#random.uuid(), input = '{}' }: Input): object {
    const machine = this.#machineOf(stateMachineArn)
    const isName = typeof name === 'string' && name.length >= 1 && name.length <= 80 && !forbidden.test(name)
    if (!isName) throw new SfnRefusal('InvalidName', `Invalid Name: '${name}'`)
    if (typeof input !== 'string' || !isJson(input))
      throw new SfnRefusal('InvalidExecutionInput', 'Invalid JSON input.')
    const arn = `${machine.replace(':stateMachine:', ':execution:')}:${name}`
    const known = this.#executions.get(arn)
    if (known !== undefined && (known.status !== 'RUNNING' || known.input !== input)) {
      throw new SfnRefusal('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`)
    }
    if (known !== undefined) return { executionArn: arn, startDate: known.startedMs / 1000 }
    const execution: MapExecution = {
      arn,
      name,
      stateMachineArn: String(stateMachineArn),
      input,
      mapRunId: this.#random.uuid(),
      startedMs: this.#settings.clock.now(),
      status: 'RUNNING',
      stoppedMs: undefined,
      error: undefined,
      cause: undefined,
      output: undefined,
      children: [],
      hasMapRun: false,
      maxConcurrency: 0,
      redriveCount: 0,
      redrivenMs: undefined,
    }
    this.#executions.set(arn, execution)
    this.#run(execution, this.#definitionOf(execution))
    return { executionArn: arn, startDate: execution.startedMs / 1000 }
  }

  #run(execution: MapExecution, definition: MapDefinition): void {
    const running: Promise<void> = runExecution(execution, definition, this.#settings)
      .catch((error: unknown) => {
        if (execution.status !== 'RUNNING') return
        Object.assign(execution, { status: 'FAILED', error: 'States.Runtime', cause: String(error) })
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #stop(execution: MapExecution): object {
    if (execution.status === 'RUNNING') {
      execution.status = 'ABORTED'
      execution.stoppedMs = this.#settings.clock.now()
    }
    return { stopDate: (execution.stoppedMs ?? this.#settings.clock.now()) / 1000 }
  }

  /** Runs what did not succeed once more, within 14 days; the same client token is the same redrive. */
  #redrive(execution: MapExecution, { clientToken }: Input): object {
    const nowMs = this.#settings.clock.now()
    const token = `${execution.arn} ${String(clientToken)}`
    const known = this.#redrives.get(token)
    if (clientToken !== undefined && known !== undefined && nowMs - known < 900_000)
      return { redriveDate: known / 1000 }
    const { status, stoppedMs = nowMs } = execution
    const isOpen = status === 'FAILED' || status === 'ABORTED' || status === 'TIMED_OUT'
    if (!isOpen || nowMs - stoppedMs > 14 * dayMs) {
      throw new SfnRefusal('ExecutionNotRedrivable', `Execution is ${status} and can't be redriven`)
    }
    execution.redriveCount += 1
    execution.redrivenMs = nowMs
    Object.assign(execution, { status: 'RUNNING', error: undefined, cause: undefined, stoppedMs: undefined })
    for (const child of execution.children) {
      if (child.status === 'SUCCEEDED') continue
      if (child.status !== 'PENDING') child.redriveCount += 1
      child.status = 'PENDING'
    }
    this.#redrives.set(token, nowMs)
    this.#run(execution, this.#definitionOf(execution))
    return { redriveDate: nowMs / 1000 }
  }

  #listMapRuns(execution: MapExecution): object {
    const { arn, stateMachineArn, startedMs, stoppedMs } = execution
    const mapRunArn = mapRunArnOf(execution, this.#definitionOf(execution))
    const run = { executionArn: arn, mapRunArn, stateMachineArn, startDate: startedMs / 1000 }
    return { mapRuns: execution.hasMapRun ? [{ ...run, ...stopDate(stoppedMs) }] : [] }
  }

  #describeMapRun({ mapRunArn }: Input): object {
    const execution = [...this.#executions.values()].find(
      (one) => one.hasMapRun && mapRunArnOf(one, this.#definitionOf(one)) === mapRunArn,
    )
    if (execution === undefined) throw new SfnRefusal('ResourceNotFound', `Resource not found: '${String(mapRunArn)}'`)
    const { arn, status, startedMs, stoppedMs, maxConcurrency, redriveCount } = execution
    const itemCounts = countItems(execution)
    return {
      mapRunArn,
      executionArn: arn,
      status,
      startDate: startedMs / 1000,
      ...stopDate(stoppedMs),
      maxConcurrency,
      toleratedFailurePercentage: this.#definitionOf(execution).toleratedFailurePercentage,
      toleratedFailureCount: 0,
      itemCounts,
      executionCounts: { ...itemCounts, total: execution.children.length },
      redriveCount,
    }
  }

  #execution({ executionArn }: Input): MapExecution {
    const execution = this.#executions.get(String(executionArn))
    if (execution !== undefined) return execution
    throw new SfnRefusal('ExecutionDoesNotExist', `Execution Does Not Exist: '${String(executionArn)}'`)
  }

  #definitionOf({ stateMachineArn }: MapExecution): MapDefinition {
    const definition = this.#machines.get(stateMachineArn.split(':').slice(0, 7).join(':'))
    if (definition === undefined) throw new SfnRefusal('StateMachineDoesNotExist', 'State Machine Does Not Exist')
    return definition
  }
}

function described(execution: MapExecution): object {
  const { arn, name, stateMachineArn, status, input, output, error, cause, startedMs, stoppedMs } = execution
  const { redriveCount, redrivenMs } = execution
  return {
    executionArn: arn,
    name,
    stateMachineArn,
    status,
    input,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output, outputDetails: { included: true } }),
    ...(error === undefined ? {} : { error, cause }),
    startDate: startedMs / 1000,
    ...stopDate(stoppedMs),
    redriveCount,
    ...(redrivenMs === undefined ? {} : { redriveDate: redrivenMs / 1000 }),
    redriveStatus: /^(FAILED|ABORTED|TIMED_OUT)$/.test(status) ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
  }
}

const stopDate = (ms: number | undefined) => (ms === undefined ? {} : { stopDate: ms / 1000 })

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/x-amz-json-1.0' } })
}

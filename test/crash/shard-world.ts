import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RunReport } from '../../src/index.js'
import { childFunction, S3ControlSimulator, S3Simulator, type SimulatedFunction } from '../../src/testing/index.js'
import { functionArn, roleArn } from '../scale/aws/world.js'
import { bundled } from './bundled.js'
import type { CoordinatorOrders } from './coordinator-process.js'
import { CrashWorld, type Shape, tag } from './crash-world.js'
import type { Mortality } from './mortal.js'
import type { WorkerOrders } from './worker-process.js'
import { setForward } from './world-clock.js'

/** Who is killed at which of its writes. */
export interface Kill {
  /** The coordinator, or the worker of a shard. */
  readonly who: 'coordinator' | number
  readonly at: number
  readonly moment: Mortality['moment']
}

/** The programs of coordinator and worker. */
export interface Programs {
  readonly coordinator: Awaited<ReturnType<typeof bundled>>
  readonly worker: Awaited<ReturnType<typeof bundled>>
}

export async function buildPrograms(): Promise<Programs> {
  const [coordinator, worker] = await Promise.all([bundled('coordinator-process'), bundled('worker-process')])
  return { coordinator, worker }
}

const storeBucket = 'legal-hold-evidence'
const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const minuteMs = 60_000

/** A run over shards whose coordinator and workers are processes of their own, over S3 Batch Operations. */
export class ShardWorld {
  readonly crash: CrashWorld
  readonly control: S3ControlSimulator
  readonly #programs: Programs
  readonly #directory: string
  readonly #shape: Shape
  readonly #kill: Kill | undefined
  readonly #killed = new Set<string>()
  readonly #closers: (() => unknown)[] = []
  #controlEndpoint = ''

  private constructor(crash: CrashWorld, directory: string, parts: ShardWorldParts) {
    this.crash = crash
    this.#directory = directory
    this.#programs = parts.programs
    this.#shape = parts.shape
    this.#kill = parts.kill
    crash.s3.createBucket(storeBucket, { versioning: 'Enabled', objectLock: true })
    this.control = new S3ControlSimulator({
      storage: this.#s3,
      functions: { [functionArn]: (event, context) => this.#invoke(event, context) },
      concurrency: 3,
    })
  }

  static async open(directory: string, parts: ShardWorldParts): Promise<ShardWorld> {
    const crash = await CrashWorld.open(directory, parts.shape)
    mkdirSync(directory, { recursive: true })
    const world = new ShardWorld(crash, directory, parts)
    const listener = await world.control.listen()
    world.#controlEndpoint = listener.endpoint
    world.#closers.push(
      () => world.control.close(),
      () => listener.close(),
    )
    setForward(world.#clockOf('coordinator'), 0)
    return world
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
    await this.crash.close()
  }

  /** Runs to the end, with another coordinator where the first is killed. Returns the report, and whether somebody was killed. */
  async run(): Promise<{ readonly report: RunReport; readonly wasKilled: boolean }> {
    let report = await this.#coordinate()
    if (report === 'killed') {
      // The claim on its journal stands a minute.
      setForward(this.#clockOf('coordinator'), 2 * minuteMs)
      report = await this.#coordinate()
    }
    if (report === 'killed') throw new Error('the second coordinator was killed as well')
    await this.control.idle()
    return { report, wasKilled: this.#killed.size > 0 }
  }

  /** Writes of the coordinator, or of the workers of a shard. */
  writes(who: Kill['who']): number {
    const file = this.#countOf(who)
    return existsSync(file) ? statSync(file).size : 0
  }

  get #s3() {
    const { s3 } = this.crash
    return { endpoint: this.crash.endpoints.s3, region: s3.region, credentials: S3Simulator.defaultCredentials }
  }

  #clockOf(who: Kill['who']): string {
    return join(this.#directory, `clock-${who}`)
  }

  #countOf(who: Kill['who']): string {
    return join(this.#directory, `writes-${who}`)
  }

  #mortality(who: Kill['who']): Mortality {
    const { who: whom, at = 0, moment = 'before' } = this.#kill ?? {}
    const isIt = whom === who && !this.#killed.has(String(who))
    return { killAt: isIt ? at : 0, moment, counted: this.#countOf(who) }
  }

  async #coordinate(): Promise<RunReport | 'killed'> {
    const { requirements } = this.#shape
    const settings = this.#s3
    const orders: CoordinatorOrders = {
      genesysEndpoint: this.crash.endpoints.genesys,
      storage: { ...settings, bucket: 'evidence' },
      store: { ...settings, bucket: storeBucket },
      engine: {
        accountId: '123456789012',
        bucket: storeBucket,
        functionArn,
        roleArn,
        endpoint: this.#controlEndpoint,
        region: settings.region,
        credentials: settings.credentials,
        s3: settings,
      },
      request: this.crash.request,
      requirements,
      tag,
      objectsPerShard: 50,
      clockFile: this.#clockOf('coordinator'),
      mortality: this.#mortality('coordinator'),
    }
    const args = [this.#programs.coordinator.path, JSON.stringify(orders)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    let [out, err] = ['', '']
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    const [code, signal] = await once(child, 'close')
    if (signal === 'SIGKILL') {
      this.#killed.add('coordinator')
      return 'killed'
    }
    if (code !== 0 || out === '') throw new Error(`The coordinator ended with ${code ?? signal}: ${err}`)
    return JSON.parse(out) as RunReport
  }

  #invoke(event: unknown, context: Parameters<SimulatedFunction>[1]): Promise<unknown> {
    const key = decodeURIComponent(String((event as Invocation).tasks[0]?.s3Key))
    const shard = Number(/shards\/(\d+)-/.exec(key)?.[1])
    const clockFile = this.#clockOf(shard)
    const isAgain = this.#killed.has(String(shard))
    // Nobody takes over before the deadline of who was killed.
    setForward(clockFile, isAgain ? 16 * minuteMs : 0)
    const settings = this.#s3
    const orders: WorkerOrders = {
      storage: { ...settings, bucket: 'evidence' },
      store: { ...settings, bucket: storeBucket },
      clockFile,
      mortality: this.#mortality(shard),
    }
    const call = childFunction({
      module: pathToFileURL(this.#programs.worker.path),
      env: { ...env, WORKER_ORDERS: JSON.stringify(orders) },
      onProcess: (child) =>
        child.once('exit', (_, signal) => {
          if (signal !== 'SIGKILL') return
          this.#killed.add(String(shard))
          // The coordinator waits for that deadline as well.
          setForward(this.#clockOf('coordinator'), 16 * minuteMs)
        }),
    })
    return call(event as never, context)
  }
}

/** What a world is made of. */
export interface ShardWorldParts {
  readonly programs: Programs
  readonly shape: Shape
  readonly kill?: Kill | undefined
}

interface Invocation {
  readonly tasks: readonly { readonly s3Key: string }[]
}

import { join } from 'node:path'
import pLimit from 'p-limit'
import { systemClock } from '../internal/clock.js'
import type { Clock } from '../ports/runtime.js'
import { ObjectWriter, type SimulatedDelivery } from './genesys/delivery/delivery.js'
import { json } from './genesys/http.js'
import { GenesysSimulator } from './genesys-simulator.js'
import { type HandleContext, listen } from './listen.js'
import { S3Simulator } from './s3-simulator.js'
import { simulatorCredentials } from './scenario/credentials.js'
import {
  canonicalScenario,
  InvalidScenario,
  parseScenarioRequest,
  type ScenarioRequest,
} from './scenario/scenario-request.js'
import { type Seed, SeedFile } from './scenario/seed-file.js'
import { createScenario, type Scenario } from './scenario.js'

/** Options of {@link startSimulators}. */
export interface SimulatorsOptions {
  /** @defaultValue 0, any free port */
  readonly genesysPort?: number | undefined
  /** @defaultValue 0, any free port */
  readonly s3Port?: number | undefined
  /** Folder that keeps both simulators' state. Existing state is used again. @defaultValue memory only */
  readonly dataDir?: string | undefined
  /** Slows each answer of S3, in milliseconds. @defaultValue 0 */
  readonly latencyMs?: number | undefined
  /**
   * What to seed. It is ignored if `dataDir` holds a seed, except for `s3`. That server and its credentials are
   * not kept, and must be given at each start.
   *
   * @defaultValue the default scenario
   */
  readonly scenario?: ScenarioRequest | undefined
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
}

/** What another program needs to use the simulators. */
export interface SimulatorsDescription {
  readonly genesys: {
    readonly endpoint: string
    readonly clientId: string
    readonly clientSecret: string
    readonly organizationId: string
    readonly integrationId: string
    readonly exportProfileId: string
  }
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly bucket: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
}

/** Both simulators on loopback. */
export interface Simulators {
  readonly description: SimulatorsDescription
  readonly genesys: GenesysSimulator
  readonly s3: S3Simulator
  readonly scenario: Scenario
  /** Replaces the scenario, unless the request is that of the present one. */
  reseed(request: ScenarioRequest): Promise<Scenario>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts both simulators on loopback, seeded with a scenario and with the documented {@link simulatorCredentials}.
 * The bucket has versioning and Object Lock.
 *
 * Other processes control them through the Genesys endpoint. It is bound to loopback and needs no login:
 *
 * - `GET /_simulator` answers the {@link SimulatorsDescription} with a summary of the scenario.
 * - `PUT /_simulator/scenario` with a {@link ScenarioRequest} seeds another scenario: a new organisation without
 *   jobs. Objects in the bucket stay. The same body again changes nothing, so that a client that resumes keeps its
 *   job. Answers as `GET /_simulator` does.
 */
export async function startSimulators(options: SimulatorsOptions = {}): Promise<Simulators> {
  const simulators = new SimulatorPair(options)
  await simulators.start()
  return simulators
}

type Binding = Awaited<ReturnType<typeof listen>>

class SimulatorPair implements Simulators {
  readonly s3: S3Simulator
  readonly #options: SimulatorsOptions
  readonly #clock: Clock
  readonly #seedFile: SeedFile | undefined
  readonly #bindings: Binding[] = []
  readonly #oneAtATime = pLimit(1)
  #description: SimulatorsDescription | undefined
  #seeded: { readonly seed: Seed; readonly scenario: Scenario; readonly genesys: GenesysSimulator } | undefined

  constructor(options: SimulatorsOptions) {
    const { dataDir, clock = systemClock, latencyMs } = options
    const { region, accessKeyId, secretAccessKey } = simulatorCredentials.s3
    this.#options = options
    this.#clock = clock
    this.#seedFile = dataDir === undefined ? undefined : new SeedFile(join(dataDir, 'genesys'))
    this.s3 = new S3Simulator({
      region,
      credentials: [{ accessKeyId, secretAccessKey }],
      clock,
      ...(dataDir === undefined ? {} : { dataDir: join(dataDir, 's3') }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    })
  }

  get description(): SimulatorsDescription {
    return started(this.#description)
  }

  get genesys(): GenesysSimulator {
    return started(this.#seeded).genesys
  }

  get scenario(): Scenario {
    return started(this.#seeded).scenario
  }

  async start(): Promise<void> {
    try {
      const s3 = await this.s3.listen({ port: this.#options.s3Port ?? 0 })
      this.#bindings.push(s3)
      const { s3: keys, genesys } = simulatorCredentials
      const kept = this.#seedFile?.read(this.#options.scenario?.s3)
      this.s3.createBucket(keys.bucket, { versioning: 'Enabled', objectLock: true })
      const control = await listen((request, context) => this.#handle(request, context), {
        port: this.#options.genesysPort ?? 0,
      })
      this.#bindings.push(control)
      const { region: _, legalExportProfileId: __, ...identifiers } = genesys
      this.#description = {
        genesys: { endpoint: control.endpoint, ...identifiers },
        s3: { endpoint: s3.endpoint, ...keys },
      }
      if (kept !== undefined) {
        this.#open(kept, scenarioOf(kept))
      } else {
        this.#seedFile?.clear()
        await this.reseed(this.#options.scenario ?? {})
      }
    } catch (error) {
      await this.close()
      throw error
    }
  }

  reseed(request: ScenarioRequest): Promise<Scenario> {
    return this.#oneAtATime(async () => {
      const current = this.#seeded
      if (current && canonicalScenario(current.seed.request) === canonicalScenario(request)) return current.scenario
      const seed = { request, seededAtMs: this.#clock.now() }
      // Made before anything is thrown away: a request that makes no scenario changes nothing.
      const scenario = scenarioOf(seed)
      await this.#putPreExisting(scenario)
      if (current === undefined) this.#open(seed, scenario)
      else await this.#replace(current.genesys, seed, scenario)
      const atStart = request === this.#options.scenario && request.s3 !== undefined
      this.#seedFile?.write(seed, atStart)
      return scenario
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#bindings.splice(0).map((binding) => binding.close()))
    await this.#seeded?.genesys.close()
    this.s3.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(seed: Seed, scenario: Scenario): void {
    const { organization, clients, region, settings } = scenario
    const { dataDir } = this.#options
    const genesys = new GenesysSimulator({
      ...settings,
      clock: this.#clock,
      region,
      organization,
      clients,
      delivery: this.#deliveryOf(seed),
      ...(dataDir === undefined ? {} : { dataDir: join(dataDir, 'genesys') }),
    })
    this.#seeded = { seed, scenario, genesys }
  }

  async #replace(genesys: GenesysSimulator, seed: Seed, scenario: Scenario): Promise<void> {
    const { organization, settings } = scenario
    // Without a seed in between: killed here, the simulators start again.
    this.#seedFile?.remove()
    await genesys.replace({ ...settings, organization, delivery: this.#deliveryOf(seed) })
    this.#seeded = { seed, scenario, genesys }
  }

  #deliveryOf({ request }: Seed): SimulatedDelivery {
    const { endpoint, region, ...credentials } = request.s3 ?? this.description.s3
    return { endpoint, region, credentials }
  }

  async #putPreExisting({ bucket, preExistingObjects }: Scenario): Promise<void> {
    const { endpoint, region, ...credentials } = this.description.s3
    const writer = new ObjectWriter({ endpoint, region, credentials })
    const limit = pLimit(48)
    try {
      await Promise.all(
        preExistingObjects.map(({ key, contentType, body }) =>
          limit(async () => writer.put({ bucket, key, contentType, body: await body(), metadata: {} })),
        ),
      )
    } finally {
      await writer.close()
    }
  }

  async #handle(request: Request, context: HandleContext | undefined): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/_simulator' && request.method === 'GET') return json(200, this.#state())
    if (pathname === '/_simulator/scenario' && request.method === 'PUT') return this.#reseedBy(request)
    if (pathname.startsWith('/_simulator'))
      return json(404, { message: 'There is GET /_simulator and PUT /_simulator/scenario.' })
    return this.genesys.handle(request, context)
  }

  #state() {
    return { ...this.description, scenario: summaryOf(this.scenario) }
  }

  async #reseedBy(request: Request): Promise<Response> {
    try {
      await this.reseed(parseScenarioRequest(await request.json()))
      return json(200, this.#state())
    } catch (error) {
      const isTheirs = error instanceof InvalidScenario || error instanceof RangeError || error instanceof SyntaxError
      const message = error instanceof Error ? error.message : String(error)
      return json(isTheirs ? 400 : 500, { message })
    }
  }
}

function scenarioOf({ request, seededAtMs }: Seed): Scenario {
  const { s3, ...options } = request
  return createScenario({
    ...options,
    now: seededAtMs,
    ...(s3 === undefined ? {} : { onlyInScope: true, bucket: s3.bucket }),
  })
}

function summaryOf({ interval, request, inScope }: Scenario) {
  const { recordingIds, failAtSourceIds, ...counts } = inScope
  return { interval, request, ...counts, recordings: recordingIds.length, failAtSource: failAtSourceIds.length }
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The simulators have not started.')
  return value
}

import { AssertionError } from 'node:assert'
import type { ExportRequest } from '../../model/request.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import type { Clock } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { type Fault, type FaultedRequest, unfiredText } from '../faults.js'
import { ObjectWriter } from '../genesys/delivery/delivery.js'
import { badRequest, errorResponse as genesysError } from '../genesys/http.js'
import type { SimulatedOrganization } from '../genesys/organization.js'
import type { SimulatedClient } from '../genesys/routes/oauth.js'
import type { SimulatorSettingsInit } from '../genesys/settings.js'
import { GenesysSimulator } from '../genesys-simulator.js'
import { toResponse } from '../http/answer.js'
import type { Listener } from '../listen.js'
import { xmlAnswer } from '../s3/http/respond.js'
import { leaf, plainDocument } from '../s3/http/xml.js'
import { S3Simulator } from '../s3-simulator.js'
import { simulatorCredentials } from '../scenario/credentials.js'
import type { BucketBuilder, FaultBuilder } from './parts.js'
import { SimulatedBucket } from './simulated-bucket.js'

/** The plan of an organisation. */
export interface WorldPlan {
  readonly region: string
  readonly organization: SimulatedOrganization
  readonly buckets: readonly BucketBuilder[]
  readonly faults: readonly FaultBuilder[]
  readonly settings: SimulatorSettingsInit
  readonly client: Omit<SimulatedClient, 'clientId' | 'clientSecret'>
  readonly clock: Clock
  readonly strict: boolean | readonly string[]
  readonly request: ExportRequest
}

// Asked for by every client, whatever a test plans.
const always: ReadonlySet<string> = new Set(['requestToken'])
const unknown: ReadonlySet<string> = new Set(['unknown', 'Unknown'])

/** A fault of the plan, which may hit a request of either simulator. */
interface PlannedFault {
  readonly fault: Fault
  hits(): number
  /** Takes it out of both simulators: one of them never saw a request for it. */
  remove(): void
}

/**
 * A simulated organisation with its buckets, on loopback. Close it, or declare it with `await using`. A strict
 * world then fails if there was an unplanned request.
 */
export class SimulatedWorld {
  readonly genesys: GenesysSimulator
  readonly s3: S3Simulator
  /** Clock of the jobs, the waits between polls and the dates of objects. */
  readonly clock: Clock
  /** The request that exports all of the organisation's recordings. */
  readonly request: ExportRequest
  /** For `new LegalHoldExporter({ ...world.ports, hold })`. */
  readonly ports: { readonly platform: RecordingPlatform; readonly storage: StorageAdapter; readonly clock: Clock }
  /** For a platform that you build yourself. */
  readonly genesysConnection: {
    readonly region: string
    readonly endpoint: string
    readonly clientId: string
    readonly clientSecret: string
    readonly clock: Clock
  }
  /** For a storage that you build yourself. */
  readonly s3Connection: {
    readonly region: string
    readonly endpoint: string
    readonly bucket: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
    readonly clock: Clock
  }
  readonly #plan: WorldPlan
  readonly #faults: readonly PlannedFault[]
  readonly #close: () => Promise<void>
  #isClosed = false

  private constructor(
    plan: WorldPlan,
    parts: Pick<SimulatedWorld, 'genesys' | 's3' | 'ports' | 'genesysConnection' | 's3Connection'> & {
      readonly faults: readonly PlannedFault[]
    },
    close: () => Promise<void>,
  ) {
    this.#plan = plan
    this.#close = close
    this.genesys = parts.genesys
    this.#faults = parts.faults
    this.s3 = parts.s3
    this.ports = parts.ports
    this.genesysConnection = parts.genesysConnection
    this.s3Connection = parts.s3Connection
    this.clock = plan.clock
    this.request = plan.request
  }

  /** @internal Use `anOrganization().start()`. */
  static async start(plan: WorldPlan): Promise<SimulatedWorld> {
    const { region, clock } = plan
    const { clientId, clientSecret } = simulatorCredentials.genesys
    const credentials = S3Simulator.defaultCredentials
    const open: (() => Promise<void> | void)[] = []
    const close = async () => {
      for (const end of open.splice(0).reverse()) await end()
    }
    const listening = async (listener: Promise<Listener>) => {
      const bound = await listener
      open.push(() => bound.close())
      return bound.endpoint
    }
    try {
      // Requests are signed by the machine's clock, and dated by this one.
      const s3 = new S3Simulator({ region, clock, maxClockSkewMs: Number.MAX_SAFE_INTEGER })
      open.push(() => s3.close())
      for (const { name, options } of plan.buckets) s3.createBucket(name, options)
      const own = await listening(s3.serve({}, { ownDelivery: true }))
      const delivery = { endpoint: own, region, credentials }
      await putAll(new ObjectWriter(delivery), plan.buckets)
      const genesys = new GenesysSimulator({
        indexLagMs: 0,
        ...plan.settings,
        clock,
        region,
        organization: plan.organization,
        clients: [{ ...plan.client, clientId, clientSecret }],
        delivery,
      })
      open.push(() => genesys.close())
      // What is due by the clock has landed before anybody looks: else a simulated clock runs away from the deliveries.
      const s3Endpoint = await listening(s3.serve({}, { before: () => genesys.settle() }))
      const genesysEndpoint = await listening(genesys.listen())
      const genesysConnection = { region, endpoint: genesysEndpoint, clientId, clientSecret, clock }
      const bucket = plan.buckets[0]?.name ?? ''
      const s3Connection = { region, endpoint: s3Endpoint, bucket, credentials, clock }
      const ports = await portsOf(genesysConnection, s3Connection)
      open.push(() => ports.storage.close())
      const faults = plan.faults.map(({ fault }) => {
        const handles = [genesys.faults.add(fault), s3.faults.add(fault)]
        return {
          fault,
          hits: () => handles.reduce((sum, { hits }) => sum + hits, 0),
          remove: () => {
            for (const handle of handles) handle.remove()
          },
        }
      })
      restrict(plan.strict, genesys, s3)
      const parts = { genesys, s3, ports: { ...ports, clock }, genesysConnection, s3Connection, faults }
      return new SimulatedWorld(plan, parts, close)
    } catch (error) {
      await close()
      throw error
    }
  }

  /** The first bucket, which the first integration delivers to. */
  get bucket(): SimulatedBucket {
    return this.bucketNamed(this.s3Connection.bucket)
  }

  bucketNamed(name: string): SimulatedBucket {
    if (!this.#plan.buckets.some((bucket) => bucket.name === name)) {
      throw new RangeError(
        `No bucket ${name} was built; there are ${this.#plan.buckets.map((one) => one.name).join(', ')}.`,
      )
    }
    return new SimulatedBucket(this.s3, name)
  }

  /** Requests that strict mode refused, in order. */
  get unplanned(): readonly FaultedRequest[] {
    return [...this.genesys.faults.unplanned, ...this.s3.faults.unplanned]
  }

  /** Fails if there was an unplanned request. Closing a strict world checks this as well. */
  expectPlanned(): void {
    const { unplanned } = this
    if (unplanned.length === 0) return
    const list = unplanned.map(({ operation, method, target }) => `${operation}: ${method} ${target}`).join('\n  ')
    throw new AssertionError({ message: `${unplanned.length} request(s) that were not planned:\n  ${list}` })
  }

  /** Fails if a fault that the world was built with never hit a request. Closing the world checks this as well. */
  expectFired(): void {
    const unfired = this.#faults.filter(({ hits }) => hits() === 0).map(({ fault }) => fault)
    if (unfired.length > 0) throw new AssertionError({ message: unfiredText(unfired) })
  }

  /**
   * Stops the simulators. In strict mode it fails if there was an unplanned request. It also fails if a fault
   * never fired. A second call does nothing.
   */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed
    this.#isClosed = true
    for (const fault of this.#faults) fault.remove()
    await this.#close()
    if (!isFirst) return
    this.expectPlanned()
    this.expectFired()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function portsOf(
  genesysConnection: SimulatedWorld['genesysConnection'],
  s3Connection: SimulatedWorld['s3Connection'],
) {
  // Only here: who brings a platform and a storage of their own does not load these.
  const [{ RecordingJobsPlatform }, { S3StorageAdapter }] = await Promise.all([
    import('../../platforms/recording-jobs/platform.js'),
    import('../../storage/s3/adapter.js'),
  ])
  return { platform: new RecordingJobsPlatform(genesysConnection), storage: new S3StorageAdapter(s3Connection) }
}

function restrict(strict: WorldPlan['strict'], genesys: GenesysSimulator, s3: S3Simulator): void {
  if (strict === false) return
  const planned = strict === true ? undefined : new Set(strict)
  const told = new Set<string>()
  const isPlanned = ({ operation, method, target }: FaultedRequest) => {
    const is = planned === undefined ? !unknown.has(operation) : planned.has(operation) || always.has(operation)
    // At once: a block that ends by an error, and then again by the world's own, ends by a SuppressedError, of which some
    // runners print neither.
    const text = `${operation}: ${method} ${target} was not planned`
    if (!is && !told.has(text)) process.emitWarning(text, 'UnplannedRequest')
    if (!is) told.add(text)
    return is
  }
  genesys.faults.restrictTo(isPlanned, (message) => genesysError(badRequest(message), ''))
  s3.faults.restrictTo(isPlanned, (message) =>
    toResponse(xmlAnswer(plainDocument('Error', leaf('Code', 'UnplannedRequest'), leaf('Message', message)), [], 422)),
  )
}

async function putAll(writer: ObjectWriter, buckets: readonly BucketBuilder[]): Promise<void> {
  try {
    for (const { name, objects } of buckets) {
      for (const [key, { body, metadata = {} }] of objects) {
        const contentType = 'application/octet-stream'
        await writer.put({ bucket: name, key, contentType, metadata, body: new TextEncoder().encode(body) })
      }
    }
  } finally {
    await writer.close()
  }
}

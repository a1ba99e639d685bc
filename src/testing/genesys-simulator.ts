import { randomUUID } from 'node:crypto'
import { systemClock } from '../internal/clock.js'
import type { Clock } from '../ports/runtime.js'
import { type CloseOptions, FaultScript } from './faults.js'
import { ObjectWriter, type SimulatedDelivery } from './genesys/delivery/delivery.js'
import { copyForExchange, publishExchange } from './genesys/exchange.js'
import { errorResponse, json, Refusal } from './genesys/http.js'
import { JobEngine } from './genesys/jobs/engine.js'
import type { SimulatedJob } from './genesys/jobs/jobs.js'
import type { SimulatedOrganization } from './genesys/organization.js'
import { PlatformState, removeState } from './genesys/platform-state.js'
import { auditRoutes } from './genesys/routes/audits.js'
import { authorizationRoutes } from './genesys/routes/authorization.js'
import { bulkExportRoutes } from './genesys/routes/bulk-exports.js'
import { conversationRoutes } from './genesys/routes/conversations.js'
import { deletionProtectionRoutes } from './genesys/routes/deletion-protection.js'
import { governanceRoutes } from './genesys/routes/governance.js'
import { type SimulatedClient, TokenOffice } from './genesys/routes/oauth.js'
import { organizationRoutes } from './genesys/routes/organization.js'
import { queueRoutes } from './genesys/routes/queues.js'
import { recordingJobRoutes } from './genesys/routes/recording-jobs.js'
import { recordingRoutes } from './genesys/routes/recordings.js'
import { checkPermission, type Route, RouteTable } from './genesys/routes/routes.js'
import { type SimulatorSettings, type SimulatorSettingsInit, settingsFrom } from './genesys/settings.js'
import { type HandleContext, type Listener, type ListenOptions, listen } from './listen.js'

/** Options of a {@link GenesysSimulator}. The settings can be changed later in {@link GenesysSimulator.settings}. */
export type GenesysSimulatorOptions = SimulatorSettingsInit & {
  /** Moves jobs, tokens, rate limits and the index. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined
  /** AWS name of the region the organisation lives in. @defaultValue 'eu-west-1' */
  readonly region?: string | undefined
  readonly organization: SimulatedOrganization
  /** @defaultValue one client, `simulator-client` with the secret `simulator-secret` */
  readonly clients?: readonly SimulatedClient[] | undefined
  /** The S3 server of the exports. They go into the bucket that the job's integration names. */
  readonly delivery: SimulatedDelivery
  /** Keeps jobs, protections and export profiles across restarts. The organisation must be given again. */
  readonly dataDir?: string | undefined
}

/** A request as the simulator saw it, without its credentials. */
export interface SimulatedRequest {
  readonly method: string
  /** Path with query. */
  readonly target: string
  readonly operation: string
  /** 0: the connection was dropped. */
  readonly status: number
  /** Milliseconds since the epoch, by the simulator's clock. */
  readonly atMs: number
  readonly correlationId: string
}

// A simulator that runs for days must not remember every request.
const rememberedRequests = 10_000

const allRoutes: readonly Route[] = [
  ...recordingJobRoutes,
  ...bulkExportRoutes,
  ...organizationRoutes,
  ...authorizationRoutes,
  ...deletionProtectionRoutes,
  ...governanceRoutes,
  ...queueRoutes,
  ...recordingRoutes,
]

/** What belongs to one organisation. */
interface World {
  readonly state: PlatformState
  readonly writer: ObjectWriter
  readonly engine: JobEngine
  readonly routes: RouteTable
}

/**
 * Genesys Cloud as far as an export of recordings needs it, as a plain function from `Request` to `Response`:
 * OAuth client credentials, both export surfaces, integrations and export profiles, analytics, retention and
 * deletion protection. What a job exports is written to S3 through the S3 API.
 *
 * The simulator serves both `api.` and `login.`; with the JavaScript SDK:
 * `setGateway({ host, port, protocol: 'http' })`.
 */
export class GenesysSimulator {
  /** Scripted faults, by method, path or operation name. */
  readonly faults = new FaultScript()
  readonly settings: SimulatorSettings
  readonly #clock: Clock
  readonly #region: string
  readonly #dataDir: string | undefined
  readonly #tokens: TokenOffice
  readonly #requests: SimulatedRequest[] = []
  #world: World

  constructor(options: GenesysSimulatorOptions) {
    const clients = options.clients ?? [{ clientId: 'simulator-client', clientSecret: 'simulator-secret' }]
    this.settings = settingsFrom(options)
    this.#clock = options.clock ?? systemClock
    this.#region = options.region ?? 'eu-west-1'
    this.#dataDir = options.dataDir
    this.#tokens = new TokenOffice(clients, this.settings, this.#clock)
    this.#world = this.#open(options)
  }

  /**
   * Replaces the organisation with another one, without jobs. Tokens, faults and the request log stay. The state
   * of the old organisation in `dataDir` is replaced.
   */
  async replace(
    options: SimulatorSettingsInit & Pick<GenesysSimulatorOptions, 'organization' | 'delivery'>,
  ): Promise<void> {
    await this.#stop()
    Object.assign(this.settings, settingsFrom(options))
    if (this.#dataDir !== undefined) removeState(this.#dataDir)
    this.#world = this.#open(options)
    await this.#world.state.save()
  }

  #open({ organization, delivery }: Pick<GenesysSimulatorOptions, 'organization' | 'delivery'>): World {
    const { settings } = this
    const state = new PlatformState({ organization, settings, region: this.#region, dataDir: this.#dataDir })
    const writer = new ObjectWriter(delivery)
    const engine = new JobEngine(state, writer, this.#clock)
    engine.arm()
    return { state, writer, engine, routes: new RouteTable([...allRoutes, ...conversationRoutes(), ...auditRoutes()]) }
  }

  /** The organisation. It may be changed at any time. A changed conversation must be a new object in the list. */
  get organization(): SimulatedOrganization {
    return this.#world.state.organization
  }

  /** Jobs of both surfaces, the oldest first. */
  get jobs(): readonly SimulatedJob[] {
    return this.#world.state.jobs
  }

  /** The last 10,000 requests. */
  get requests(): readonly SimulatedRequest[] {
    return this.#requests
  }

  /** When a recording's objects landed, milliseconds since the epoch. */
  get exported(): ReadonlyMap<string, number> {
    return this.#world.state.exported
  }

  /** Conversations under deletion protection. */
  get protectedConversations(): ReadonlySet<string> {
    return this.#world.state.protectedConversations
  }

  /** Makes every token invalid. */
  revokeTokens(): void {
    this.#tokens.revokeAll()
  }

  /** Answers one request. It is bound, so it can be passed around. */
  readonly handle = async (request: Request, context: HandleContext = {}): Promise<Response> => {
    const url = new URL(request.url)
    const target = context.rawTarget ?? `${url.pathname}${url.search}`
    const correlationId = randomUUID()
    const path = apiPath(url.pathname)
    const found = this.#world.routes.find(request.method, path)
    const isToken = path === '/oauth/token' && request.method === 'POST'
    const operation = isToken ? 'requestToken' : (found.route?.operation ?? 'unknown')
    const atMs = this.#clock.now()
    const response = await this.faults.apply({ method: request.method, target, operation }, async () => {
      if (isToken) return this.#issueToken(request)
      const copy = copyForExchange(request)
      const answer = await this.#answer(request, url, found, correlationId)
      // A state that is made up is outside of the contract on purpose.
      if (this.settings.reportedState === undefined) await publishExchange(copy, path, url, answer)
      return answer
    })
    if (response.type !== 'error' && !response.headers.has('inin-correlation-id')) {
      response.headers.set('inin-correlation-id', correlationId)
    }
    // By its own clock, as every server does: a client may tell by it how far the clocks are apart.
    if (response.type !== 'error' && !response.headers.has('date')) {
      response.headers.set('date', new Date(atMs).toUTCString())
    }
    const { method } = request
    this.#requests.push({ method, target, operation, status: response.status, atMs, correlationId })
    if (this.#requests.length > rememberedRequests) this.#requests.shift()
    return response
  }

  /** Serves the simulator on loopback. */
  listen(options: ListenOptions = {}): Promise<Listener> {
    return listen(this.handle, options)
  }

  /** Brings the jobs to the present and waits for the objects that are due. */
  async settle(): Promise<void> {
    await this.#world.engine.catchUp()
    await this.#world.state.save()
  }

  /**
   * Stops the jobs where they are and releases the connection to S3.
   *
   * @throws AssertionError with `expectFired`, for a fault that never fired
   */
  async close(options: CloseOptions = {}): Promise<void> {
    await this.#stop()
    this.faults.end(options)
  }

  async #stop(): Promise<void> {
    await this.#world.engine.close()
    await this.#world.state.save()
    await this.#world.writer.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #issueToken(request: Request): Promise<Response> {
    const { status, body } = this.#tokens.issue(request.headers.get('authorization'), await request.text())
    return json(status, body)
  }

  async #answer(
    request: Request,
    url: URL,
    found: ReturnType<RouteTable['find']>,
    correlationId: string,
  ): Promise<Response> {
    let rateLimit: Record<string, string> = {}
    try {
      const { client, headers } = this.#tokens.admit(request.headers.get('authorization'))
      rateLimit = headers
      if (found.route === undefined) {
        if (found.pathIsKnown) throw new Refusal(405, 'method.not.allowed', 'HTTP 405 Method Not Allowed')
        throw new Refusal(404, 'not.found', 'HTTP 404 Not Found')
      }
      const { route, params } = found
      const may = (permission: string) => client.permissions?.includes(permission) ?? true
      checkPermission(route, may)
      await this.#world.engine.catchUp()
      const response = await route.answer({
        state: this.#world.state,
        engine: this.#world.engine,
        clock: this.#clock,
        client,
        correlationId,
        request,
        url,
        query: url.searchParams,
        param: (name) => decodeURIComponent(params[name] ?? ''),
        may,
        sees: (conversation, permission) => may(permission) && this.#world.state.sees(client, conversation, permission),
      })
      for (const [name, value] of Object.entries(rateLimit)) response.headers.set(name, value)
      return response
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'internal.server.error', message)
      const response = errorResponse(refusal, correlationId)
      for (const [name, value] of Object.entries(rateLimit)) response.headers.set(name, value)
      return response
    }
  }
}

/** A gateway may put its own path in front (`path_params_api`, `path_params_login` of the SDK's `setGateway`). */
function apiPath(path: string): string {
  return path.replace(/^\/(?:api|login)(?=\/(?:api\/v2|oauth)\/)/, '')
}

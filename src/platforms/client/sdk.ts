import { loadPackage } from '../../internal/package/optional-package.js'
import { isSlash, withoutEnd } from '../../internal/text/edges.js'
import type { GenesysConnection, ReadyApiClient } from './options.js'

/**
 * The parts of `purecloud-platform-client-v2` that are used, described here so that no type of it appears in this
 * library's declarations and any version from 230 on fits.
 */
interface SdkModule {
  readonly ApiClientClass: new () => SdkClient
  readonly DefaultHttpClient: new (timeoutMs: number) => SdkHttpClient
  readonly RecordingApi: new (client: unknown) => RecordingApi
  readonly AnalyticsApi: new (client: unknown) => AnalyticsApi
  readonly IntegrationsApi: new (client: unknown) => IntegrationsApi
  readonly OrganizationApi: new (client: unknown) => OrganizationApi
}

interface SdkHttpClient {
  toAxiosConfig(request: unknown): Record<string, unknown>
}

interface SdkClient {
  returnExtended?: boolean
  readonly httpClient?: SdkHttpClient
  timeout: number
  readonly authentications?: Record<string, { readonly accessToken?: string }>
  config: {
    live_reload_config: boolean
    logger?: { log_level: string; log_to_console: boolean; setLogger(): void }
    setGateway(gateway?: SdkGateway): void
  }
  setEnvironment(host: string): void
  setReturnExtendedResponses(extended: boolean): void
  setHttpClient(client: unknown): void
  getHttpClient(): SdkHttpClient
  setAccessToken(token: string): void
  loginClientCredentialsGrant(clientId: string, clientSecret: string): Promise<{ accessToken?: string }>
  callApi(
    path: string,
    method: string,
    pathParams: Record<string, string>,
    query: Record<string, unknown>,
    headers: Record<string, string>,
    form: Record<string, string>,
    body: unknown,
    auth: string[],
    contentTypes: string[],
    accepts: string[],
  ): Promise<unknown>
}

interface SdkGateway {
  host: string
  protocol: string
  port: number
  path_params_api: string
  path_params_login: string
}

interface RecordingApi {
  postRecordingJobs(body: unknown): Promise<unknown>
  putRecordingJob(jobId: string, body: { state: 'PROCESSING' }): Promise<unknown>
  getRecordingJob(jobId: string): Promise<unknown>
  getRecordingJobs(options: Record<string, unknown>): Promise<unknown>
  deleteRecordingJob(jobId: string): Promise<unknown>
  getRecordingJobFailedrecordings(jobId: string, options: Record<string, unknown>): Promise<unknown>
  getConversationRecordingmetadata(conversationId: string): Promise<unknown>
  getRecordingsRetentionQuery(retentionThresholdDays: number, options: Record<string, unknown>): Promise<unknown>
  putRecordingsDeletionprotection(options: {
    protect: boolean
    body: { conversationIds: readonly string[] }
  }): Promise<unknown>
  postRecordingsDeletionprotection(body: { conversationIds: readonly string[] }): Promise<unknown>
  getRecordingMediaretentionpolicies(options: Record<string, unknown>): Promise<unknown>
  getRecordingCrossplatformMediaretentionpolicies(options: Record<string, unknown>): Promise<unknown>
}

interface AnalyticsApi {
  getAnalyticsConversationsDetailsJobsAvailability(): Promise<unknown>
  postAnalyticsConversationsDetailsJobs(body: unknown): Promise<unknown>
  getAnalyticsConversationsDetailsJob(jobId: string): Promise<unknown>
  getAnalyticsConversationsDetailsJobResults(jobId: string, options: Record<string, unknown>): Promise<unknown>
}

interface IntegrationsApi {
  getIntegration(integrationId: string, options?: Record<string, unknown>): Promise<unknown>
  getIntegrations(options?: Record<string, unknown>): Promise<unknown>
  getIntegrationConfigCurrent(integrationId: string): Promise<unknown>
}

interface OrganizationApi {
  getOrganizationsMe(): Promise<unknown>
}

/** One request outside the SDK's typed methods. */
export interface RawCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with `{name}` in place of a path parameter. */
  readonly path: string
  readonly pathParams?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly body?: unknown
}

/** The SDK's typed methods, and its generic `callApi` for the paths it does not know. */
export interface GenesysApis {
  readonly recording: RecordingApi
  readonly analytics: AnalyticsApi
  readonly integrations: IntegrationsApi
  readonly organization: OrganizationApi
  callApi(call: RawCall): Promise<unknown>
}

/** One tenant's access to the SDK. */
export interface SdkAccess {
  readonly apis: GenesysApis
  /** Runs `send` so that the signal, where the SDK lets it, drops the connection. */
  perform(send: (apis: GenesysApis) => Promise<unknown>, signal: AbortSignal): Promise<unknown>
  setAccessToken(token: string): void
  /** The token that a request would be sent with now: it may be the caller's own. */
  currentToken(): string | undefined
  login(clientId: string, clientSecret: string, signal: AbortSignal): Promise<string | undefined>
}

/** Imports the SDK on first use: importing it costs 0.2 s and 57 MB (genesys-facts), and the core must not pay for it. */
export async function loadSdk(
  importSdk: () => Promise<unknown> = () => import('purecloud-platform-client-v2'),
): Promise<unknown> {
  return loadPackage({
    name: 'purecloud-platform-client-v2',
    stage: 'options',
    load: async () => {
      const imported = await importSdk()
      // Node's ESM exposes nothing of it but the default export (genesys-facts).
      return (imported as { default?: unknown }).default ?? imported
    },
    isWhole: (sdk) => typeof (sdk as Partial<SdkModule> | undefined)?.ApiClientClass === 'function',
  })
}

/** Makes a client of its own for a tenant, or builds on the caller's ready one without changing it. */
export function openSdk(loaded: unknown, connection: GenesysConnection): SdkAccess {
  const sdk = loaded as SdkModule
  const attempt: Attempt = { signal: undefined }
  if (connection.credentials.kind === 'client') {
    return access(sdk, viewOf(connection.credentials.client, attempt), attempt)
  }
  const client = new sdk.ApiClientClass()
  // At once: the watched file may silently change the host (genesys-facts).
  client.config.live_reload_config = false
  // The same file may have switched on the SDK's own log, which writes the Authorization header.
  if (client.config.logger) {
    client.config.logger.log_level = 'none'
    client.config.logger.log_to_console = false
    client.config.logger.setLogger()
  }
  client.config.setGateway(gatewayOf(connection.endpoint))
  if (connection.region) client.setEnvironment(connection.region.host)
  client.setReturnExtendedResponses(true)
  client.timeout = connection.timeoutMs
  // A proxy from the environment has no business between us and our own machine.
  const own = connection.endpoint?.protocol === 'http:' ? { proxy: false } : {}
  client.setHttpClient(guarded(new sdk.DefaultHttpClient(connection.timeoutMs), attempt, own))
  return access(sdk, client, attempt)
}

/**
 * A view of the caller's client that asks for extended responses. Only they carry status, Retry-After and correlation
 * id; setting that on the client itself would change the answers of the caller's own requests.
 */
function viewOf(ready: ReadyApiClient, attempt: Attempt): SdkClient {
  const view = Object.create(ready) as SdkClient
  view.returnExtended = true
  if (typeof view.getHttpClient !== 'function') return view
  let [base, transport]: (SdkHttpClient | undefined)[] = []
  const owned = ready as unknown as SdkClient
  view.getHttpClient = () => {
    // Its owner may set another one; where there is none yet, the one that the SDK makes stays with the view.
    const current = owned.getHttpClient.call(owned.httpClient === undefined ? view : owned)
    if (transport !== undefined && base === current) return transport
    base = current
    // An HTTP client that is not the SDK's own follows what its author lets it follow.
    transport = typeof base.toAxiosConfig === 'function' ? guarded(base, attempt, {}) : base
    return transport
  }
  return view
}

function gatewayOf(endpoint: URL | undefined): SdkGateway | undefined {
  if (endpoint === undefined) return undefined
  const protocol = endpoint.protocol.replace(':', '')
  const path = withoutEnd(endpoint.pathname, isSlash)
  const port = endpoint.port === '' ? (protocol === 'http' ? 80 : 443) : Number(endpoint.port)
  return { host: endpoint.hostname, protocol, port, path_params_api: path, path_params_login: path }
}

/** The attempt that is being sent. */
interface Attempt {
  signal: AbortSignal | undefined
}

/**
 * The SDK's HTTP client with two settings that it does not offer: a signal that aborts a request, and no
 * redirects. When axios follows a redirect, it carries the token to wherever the answer points, and at a login the
 * client's secret.
 */
function guarded(base: SdkHttpClient, attempt: Attempt, more: Readonly<Record<string, unknown>>): SdkHttpClient {
  const transport = Object.create(base) as SdkHttpClient
  transport.toAxiosConfig = (request) => ({
    ...base.toAxiosConfig(request),
    ...(attempt.signal === undefined ? {} : { signal: attempt.signal }),
    ...more,
    maxRedirects: 0,
  })
  return transport
}

function access(sdk: SdkModule, client: SdkClient, attempt: Attempt): SdkAccess {
  const apis: GenesysApis = {
    recording: new sdk.RecordingApi(client),
    analytics: new sdk.AnalyticsApi(client),
    integrations: new sdk.IntegrationsApi(client),
    organization: new sdk.OrganizationApi(client),
    callApi: ({ method, path, pathParams = {}, query = {}, body }) =>
      client.callApi(
        path,
        method,
        { ...pathParams },
        { ...query },
        {},
        {},
        body,
        ['PureCloud OAuth'],
        ['application/json'],
        ['application/json'],
      ),
  }
  const perform = <T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    // The SDK reads the signal synchronously while it is called, so no other request can see it.
    attempt.signal = signal
    try {
      return send()
    } finally {
      attempt.signal = undefined
    }
  }
  return {
    apis,
    // Async, because the SDK throws a string synchronously when an argument is missing.
    perform: async (send, signal) => perform(() => send(apis), signal),
    setAccessToken: (token) => client.setAccessToken(token),
    currentToken: () => client.authentications?.['PureCloud OAuth']?.accessToken,
    login: async (clientId, clientSecret, signal) => {
      const auth = await perform(() => client.loginClientCredentialsGrant(clientId, clientSecret), signal)
      return typeof auth?.accessToken === 'string' && auth.accessToken !== '' ? auth.accessToken : undefined
    },
  }
}

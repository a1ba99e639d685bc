import type * as S3 from '@aws-sdk/client-s3'
import { requireSecureConfiguration } from '../../../internal/aws/configured-endpoints.js'
import { requireSecure } from '../../../internal/aws/secure-endpoint.js'
import { TunnelAgent } from '../../../internal/proxy/tunnel-agent.js'
import { LegalHoldError } from '../../../model/errors.js'
import { requireRegion } from './checks.js'
import { toIdentity } from './credentials.js'
import { RawHeaderSha256 } from './raw-headers.js'
import { mayBeProxied, type S3ClientLike, type S3ClientSettings } from './settings.js'

/** The parts of a resolved client that are looked at; none of them is promised by its types. */
interface ResolvedConfig {
  readonly region?: unknown
  readonly endpoint?: unknown
  readonly isCustomEndpoint?: unknown
}

/**
 * The client to send with: the caller's, or one that is built from settings. Nothing is sent, and no credentials are asked for,
 * before it is known where the requests would go.
 *
 * Throws `INSECURE_ENDPOINT` and `INVALID_OPTIONS`.
 */
export async function openClient(
  sdk: typeof S3,
  settings: S3ClientSettings,
  region: string | undefined,
): Promise<S3ClientLike> {
  const { client: given, endpoint, credentials } = settings
  await requireSecureConfiguration({
    service: given === undefined && endpoint === undefined ? 'S3' : undefined,
    name: 'S3',
    asksForCredentials: given === undefined && credentials === undefined,
  })
  const client = given ?? build(sdk, settings, region)
  const { config } = client as { readonly config?: ResolvedConfig }
  if (config === undefined) return client
  await checkOwnEndpoint(config)
  const isAmazon = endpoint === undefined && config.isCustomEndpoint !== true
  if (settings.region === undefined && (given === undefined || isAmazon)) await checkRegion(config)
  return client
}

function build(sdk: typeof S3, settings: S3ClientSettings, region: string | undefined): S3ClientLike {
  const { endpoint, credentials, forcePathStyle, requestHandler, maxSockets = 128 } = settings
  const agent = { keepAlive: true, maxSockets }
  const httpsAgent = mayBeProxied(settings) ? new TunnelAgent(agent) : agent
  return new sdk.S3Client({
    maxAttempts: 1,
    // Ceph RGW and other servers know no checksum trailers (s3-facts, servers).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    sha256: RawHeaderSha256,
    requestHandler: (requestHandler ?? { connectionTimeout: 10_000, httpAgent: agent, httpsAgent }) as never,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: toIdentity(credentials) }),
    ...((forcePathStyle ?? endpoint !== undefined) ? { forcePathStyle: true } : {}),
  })
}

/** What a client was given as its endpoint, before it is asked for anything. */
async function checkOwnEndpoint({ endpoint }: ResolvedConfig): Promise<void> {
  if (typeof endpoint !== 'function') return
  const own: unknown = await (endpoint as () => Promise<unknown>)()
  const { protocol, hostname, port } = (own ?? {}) as Record<string, unknown>
  if (typeof protocol !== 'string' || typeof hostname !== 'string') return
  requireSecure({ protocol, hostname, port: port as number | undefined }, { what: 'S3', source: 'the client' })
}

async function checkRegion({ region }: ResolvedConfig): Promise<void> {
  if (typeof region !== 'function') return
  const named: unknown = await (region as () => Promise<unknown>)().catch((error: unknown) => {
    // That there is none is for the SDK to say, with the request.
    if (error instanceof Error && /^Region not accepted/.test(error.message)) throw unusableRegion(error)
    return undefined
  })
  if (typeof named === 'string') requireRegion(named, 'AWS_REGION, or the profile')
}

function unusableRegion(cause: Error): LegalHoldError {
  return new LegalHoldError(
    'The AWS region that the environment or the profile names is not the name of a region. Set it to one such as eu-west-1.',
    { code: 'INVALID_OPTIONS', stage: 'options', details: { option: 'region' }, cause },
  )
}

import { BulkExportsPlatform, RecordingJobsPlatform } from '../../src/genesys.js'
import { LegalHoldExporter, MemoryJournal } from '../../src/index.js'
import type { RunReport } from '../../src/model/report.js'
import { S3StorageAdapter } from '../../src/s3.js'
import {
  aBucket,
  aConversation,
  anOrganization,
  aProfile,
  aRecording,
  GenesysSimulator,
  type Handle,
  listen,
  S3Simulator,
  SimulatedClock,
} from '../../src/testing/index.js'

const regions = ['eu-west-1', 'eu-central-1', 'us-east-1', 'ap-southeast-2', 'ca-central-1'] as const

/** What was seen of one request to one tenant's platform or bucket. */
export interface Seen {
  readonly target: string
  readonly credential: string
}

export interface Tenant {
  readonly name: string
  readonly region: string
  readonly tag: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly sessionToken: string
  readonly organizationId: string
  readonly recordings: number
  readonly journal: MemoryJournal
  readonly s3: S3Simulator
  /** Tokens that the tenant's own platform issued to the tenant's own client. */
  readonly tokens: Set<string>
  readonly platformRequests: Seen[]
  readonly bucketRequests: Seen[]
  run(): Promise<RunReport>
}

/** Tenants that share nothing but the process and, as with AWS, the address of the storage. */
export async function startTenants(count: number) {
  const open: (() => unknown)[] = []
  const close = async () => {
    for (const end of open.splice(0).reverse()) await end()
  }
  const byBucket = new Map<string, Handle>()
  // The first part of the path is the bucket: a request that went to another tenant's bucket is seen there.
  const storage = await listen(async (request, context) => {
    const bucket = new URL(request.url).pathname.split('/')[1] ?? ''
    return (await byBucket.get(bucket)?.(request, context)) ?? new Response('', { status: 404 })
  })
  open.push(() => storage.close())
  const tenants: Tenant[] = []
  for (let at = 0; at < count; at += 1) {
    const { tenant, handle, end } = await tenantOf(at, storage.endpoint)
    byBucket.set(tenant.bucket, handle)
    open.push(end)
    tenants.push(tenant)
  }
  return { tenants, close }
}

async function tenantOf(at: number, endpoint: string) {
  const name = `tenant-${at}`
  const region = regions[at % regions.length] ?? 'eu-west-1'
  const bucket = `holds-of-${name}`
  const credentials = {
    accessKeyId: `AKIATENANT${String(at).padStart(10, '0')}`,
    secretAccessKey: `secret-of-${name}`,
    sessionToken: `session-of-${name}`,
  }
  const [clientId, clientSecret] = [`client-of-${name}`, `client-secret-of-${name}`]
  const recordings = 1 + (at % 3)
  const organizationId = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
  const organization = anOrganization()
    .inRegion(region)
    .having({ id: organizationId, name })
    .with(aBucket(bucket), aProfile(), ...Array.from({ length: recordings }, () => aConversation().with(aRecording())))
    .build()
  const interval = { start: '2023-10-19T00:00:00Z', end: '2023-10-20T00:00:00Z' }
  const clock = new SimulatedClock({ now: Date.parse('2023-10-21T00:00:00Z') })

  const s3 = new S3Simulator({ region, clock, credentials: [credentials], maxClockSkewMs: Number.MAX_SAFE_INTEGER })
  s3.createBucket(bucket, { versioning: 'Enabled', objectLock: true })
  const own = await listen((request, context) => s3.handle(request, { ...context, ownDelivery: true }))
  const genesys = new GenesysSimulator({
    indexLagMs: 0,
    // Far shorter than a run: each tenant logs in again and again while the others work.
    tokenTtlMs: 45_000,
    clock,
    region,
    organization,
    clients: [{ clientId, clientSecret }],
    delivery: { endpoint: own.endpoint, region, credentials },
  })
  const tokens = new Set<string>()
  const platformRequests: Seen[] = []
  const bucketRequests: Seen[] = []
  const platformSide = await listen(async (request, context) => {
    const credential = request.headers.get('authorization') ?? ''
    platformRequests.push({ target: new URL(request.url).pathname, credential })
    const response = await genesys.handle(request, context)
    if (credential.startsWith('Basic ') && response.ok) {
      tokens.add(((await response.clone().json()) as { access_token: string }).access_token)
    }
    return response
  })
  const handle: Handle = async (request, context) => {
    const signed = `${request.headers.get('authorization')} ${request.headers.get('x-amz-security-token')}`
    const { pathname, search } = new URL(request.url)
    bucketRequests.push({ target: decodeURIComponent(`${pathname}${search}`), credential: signed })
    await genesys.settle()
    return s3.handle(request, context)
  }
  const adapter = new S3StorageAdapter({ bucket, region, endpoint, credentials, clock })
  const connection = { region, endpoint: platformSide.endpoint, clientId, clientSecret, clock }
  // Both surfaces side by side: what they share is the client that holds the token.
  const bulk = at % 2 === 1
  const platform = bulk ? new BulkExportsPlatform(connection) : new RecordingJobsPlatform(connection)
  const tag = `matter-of-${name}`
  const journal = new MemoryJournal()
  const exporter = new LegalHoldExporter({
    platform,
    storage: adapter,
    clock,
    journal,
    hold: { tag },
    residency: { regions: [region] },
  })
  const profileId = organization.exportProfiles[0]?.id ?? ''
  const integrationId = organization.integrations[0]?.id ?? ''
  const tenant: Tenant = {
    name,
    region,
    tag,
    bucket,
    accessKeyId: credentials.accessKeyId,
    sessionToken: credentials.sessionToken,
    organizationId,
    recordings,
    journal,
    s3,
    tokens,
    platformRequests,
    bucketRequests,
    run: () => exporter.run({ interval, ...(bulk ? { profileId } : { integrationId }) }),
  }
  const end = async () => {
    adapter.close()
    await platformSide.close()
    await genesys.close()
    await own.close()
    s3.close()
  }
  return { tenant, handle, end }
}

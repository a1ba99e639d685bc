import type { Interval } from 'genesys-legal-hold-exporter'
import { type SimulatorsDescription, simulatorCredentials, startSimulators } from 'genesys-legal-hold-exporter/testing'
import { FlagError, type Flags } from './flags.ts'
import type { FormerRun, OpenedJournal } from './journal.ts'

/** The servers a run talks to. */
export interface Servers {
  readonly genesys: SimulatorsDescription['genesys']
  readonly s3: SimulatorsDescription['s3'] & { readonly sessionToken?: string | undefined }
  readonly interval: Interval
  readonly where: string
  /** Whether the S3 server is somebody else's: its region then says nothing about the simulated organisation. */
  readonly foreignS3: boolean
  close(): Promise<void>
}

/**
 * Starts the embedded servers, or connects to those that the flags name. With a journal the embedded ones keep their
 * state beside it, so that the run which goes on finds its job and its bucket as they were.
 */
export async function openServers(flags: Flags, opened: OpenedJournal | undefined, now: number): Promise<Servers> {
  const former = opened?.former
  if (former?.report !== undefined) return notNeeded(former, flags.s3Endpoint)
  const interval = flags.interval ?? lastTwoDays(now)
  const s3 = flags.s3Endpoint === undefined ? undefined : foreignS3(flags.s3Endpoint, flags.bucket ?? '')
  const scenario = {
    count: flags.count,
    media: flags.media,
    interval,
    failAtSource: flags.failAtSource,
    indexLagHours: flags.indexLagHours,
    ...(s3 === undefined ? {} : { s3 }),
  }
  if (flags.genesysEndpoint !== undefined) {
    return connect(flags, flags.genesysEndpoint, former === undefined ? scenario : undefined, s3)
  }
  const recordings = flags.recordings === undefined ? {} : { recordingsDir: flags.recordings }
  const simulators = await startSimulators({
    scenario: { ...scenario, ...recordings },
    ...(opened === undefined ? {} : { dataDir: opened.serversDir }),
  })
  const { genesys } = simulators.description
  return {
    genesys,
    s3: s3 ?? simulators.description.s3,
    interval: simulators.scenario.interval,
    where: s3 === undefined ? 'embedded servers on loopback' : `embedded platform, S3 at ${s3.endpoint}`,
    foreignS3: s3 !== undefined,
    close: () => simulators.close(),
  }
}

/** A finished run is only read: nobody is asked. */
function notNeeded({ request, bucket, endpoint }: FormerRun, s3Endpoint: string | undefined): Servers {
  const { genesys, s3 } = simulatorCredentials
  const nowhere = 'http://127.0.0.1:9'
  return {
    genesys: { endpoint: nowhere, ...genesys },
    s3: { endpoint: s3Endpoint ?? endpoint ?? nowhere, ...s3, bucket },
    interval: request.interval,
    where: 'none: the run is finished, and its report is in the journal',
    foreignS3: true,
    close: async () => {},
  }
}

function lastTwoDays(now: number): Interval {
  const end = now - (now % 1000)
  return { start: new Date(end - 48 * 3_600_000).toISOString(), end: new Date(end).toISOString() }
}

type ForeignS3 = SimulatorsDescription['s3'] & { readonly sessionToken?: string | undefined }

function foreignS3(endpoint: string, bucket: string): ForeignS3 {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const missing = Object.entries({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY })
    .filter(([, value]) => !value)
    .map(([name]) => name)
  if (missing.length > 0) throw new FlagError(`--s3-endpoint needs ${missing.join(' and ')} in the environment.`)
  return {
    endpoint,
    bucket,
    region: AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1',
    accessKeyId: AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  }
}

interface RemoteDescription extends SimulatorsDescription {
  readonly scenario: { readonly interval: Interval }
}

/**
 * A running simulator. Only flags that shape its organisation, or another S3 server, change what it holds; without a
 * scenario, for a run that goes on, nothing does.
 */
async function connect(
  flags: Flags,
  endpoint: string,
  scenario: object | undefined,
  s3: ForeignS3 | undefined,
): Promise<Servers> {
  if (flags.recordings !== undefined) {
    throw new FlagError('--recordings works with the embedded platform only: leave --genesys-endpoint out.')
  }
  const seen = await ask(endpoint, '/_simulator')
  const isTheirs = s3 === undefined || (s3.endpoint === seen.s3.endpoint && s3.bucket === seen.s3.bucket)
  const reshapes = scenario !== undefined && (flags.shapesOrganization || !isTheirs)
  const description = reshapes
    ? await ask(endpoint, '/_simulator/scenario', isTheirs ? withoutS3(scenario) : scenario)
    : seen
  const { GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET } = process.env
  const { clientId, clientSecret } = simulatorCredentials.genesys
  return {
    genesys: {
      ...description.genesys,
      endpoint,
      clientId: GENESYS_CLIENT_ID ?? clientId,
      clientSecret: GENESYS_CLIENT_SECRET ?? clientSecret,
    },
    s3: s3 ?? description.s3,
    interval: description.scenario.interval,
    where: `platform at ${endpoint}, S3 at ${(s3 ?? description.s3).endpoint}`,
    foreignS3: !isTheirs,
    close: async () => {},
  }
}

function withoutS3(scenario: object): object {
  return Object.fromEntries(Object.entries(scenario).filter(([name]) => name !== 's3'))
}

async function ask(endpoint: string, path: string, body?: object): Promise<RemoteDescription> {
  const url = new URL(path, endpoint)
  const init = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) }
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new FlagError(`--genesys-endpoint ${endpoint} does not answer: ${reasonOf(error)}`)
  })
  const answer = (await response.json().catch(() => ({}))) as RemoteDescription & { message?: string }
  if (!response.ok || answer.s3 === undefined) {
    throw new FlagError(`${url} is not a simulator of this package: ${response.status} ${answer.message ?? ''}`)
  }
  return answer
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const reason = (error as Error).cause ?? error
  return reason instanceof Error ? reason.message : String(reason)
}

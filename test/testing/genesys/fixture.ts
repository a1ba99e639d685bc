import type { DeliveredObject } from '../../../src/testing/genesys/delivery/delivery.js'
import type { SimulatedConversation } from '../../../src/testing/genesys/organization.js'
import {
  buildConversation,
  buildExportProfile,
  buildIntegration,
  buildOrganization,
  buildRecording,
  GenesysSimulator,
  type GenesysSimulatorOptions,
  SimulatedClock,
  type SimulatedRecording,
} from '../../../src/testing/index.js'

export const now = '2023-10-20T12:00:00Z'
export const interval = '2023-10-18T12:00:00.000Z/2023-10-20T12:00:00.000Z'
export const integrationId = '11111111-1111-4111-8111-111111111111'
export const profileId = '22222222-2222-4222-8222-222222222222'
export const organizationId = '33333333-3333-4333-8333-333333333333'

/** A UUID that tells what it stands for. */
export function id(kind: number, number: number): string {
  return `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`
}

/** One conversation with one recording; `number` makes the ids. */
export function conversation(
  number: number,
  given: Partial<SimulatedConversation> = {},
  recording: Partial<SimulatedRecording> = {},
): SimulatedConversation {
  const { media = 'message', startTime = '2023-10-19T09:05:00.000Z', endTime = '2023-10-19T09:25:00.000Z' } = given
  return buildConversation({
    id: id(1, number),
    media,
    startTime,
    endTime,
    ...(media === 'message' ? { messageType: 'whatsapp' } : {}),
    recordings: [
      buildRecording({ id: id(2, number), communicationId: id(3, number), media, startTime, endTime, ...recording }),
    ],
    ...given,
  })
}

/** A simulator over a fake bucket that remembers what was put, and a clock that only moves when told to. */
export function simulate(
  conversations: SimulatedConversation[],
  options: Partial<GenesysSimulatorOptions> & { includeHoldMetadata?: boolean; retentionPolicy?: string } = {},
) {
  const clock = new SimulatedClock({ now, autoAdvance: false })
  const puts: DeliveredObject[] = []
  const { includeHoldMetadata = true, retentionPolicy = 'long-term', ...given } = options
  const simulator = new GenesysSimulator({
    clock,
    indexLagMs: 0,
    timings: { pendingMs: 1_000, processingMs: 10_000 },
    organization: buildOrganization({
      id: organizationId,
      conversations,
      integrations: [buildIntegration({ id: integrationId, bucket: 'evidence' })],
      exportProfiles: [
        buildExportProfile({
          id: profileId,
          integrationId,
          include_legal_hold_metadata: includeHoldMetadata,
          retention_policy: retentionPolicy,
        }),
      ],
    }),
    delivery: {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' },
      put: async (object) => {
        puts.push(object)
      },
    },
    ...given,
  })
  let token: string | undefined
  const call = async (method: string, path: string, body?: unknown, bearer?: string) => {
    token ??= await login(simulator)
    return simulator.handle(
      new Request(`https://api.mypurecloud.ie${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer ?? token}` },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )
  }
  /** The answer's JSON; an unexpected status fails the test. */
  const json = async (method: string, path: string, body?: unknown, status = 200) => {
    const response = await call(method, path, body)
    const text = await response.text()
    if (response.status !== status) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const keys = () => puts.map(({ key }) => key)
  return { simulator, clock, puts, keys, call, json }
}

export async function login(simulator: GenesysSimulator, clientId = 'simulator-client', secret = 'simulator-secret') {
  const response = await requestToken(simulator, clientId, secret)
  return ((await response.json()) as { access_token: string }).access_token
}

export function requestToken(simulator: GenesysSimulator, clientId: string, secret: string): Promise<Response> {
  return simulator.handle(
    new Request('https://login.mypurecloud.ie/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
      body: 'grant_type=client_credentials',
    }),
  )
}

/** Body of a recording job over the fixture's interval. */
export function jobBody(given: Record<string, unknown> = {}, query: Record<string, unknown> = {}) {
  return { action: 'EXPORT', actionDate: now, integrationId, conversationQuery: { interval, ...query }, ...given }
}

/** Creates a job, lets it become READY and executes it. */
export async function runJob(world: ReturnType<typeof simulate>, body: unknown = jobBody()): Promise<string> {
  const { id: jobId } = await world.json('POST', '/api/v2/recording/jobs', body, 202)
  world.clock.advance(1_000)
  await world.json('PUT', `/api/v2/recording/jobs/${jobId}`, { state: 'PROCESSING' })
  return jobId
}

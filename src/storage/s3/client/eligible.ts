import http from 'node:http'
import https from 'node:https'
import type * as S3 from '@aws-sdk/client-s3'

/*
 * The fast paths sign and send by themselves, so they may stand in only for a client that does nothing of its own.
 * Everything here errs on the side of the SDK: what is not recognised is left to it.
 */

/** The parts of a resolved client that are looked at; none of them is promised by its types. */
export interface ResolvedClient {
  readonly send?: unknown
  readonly config: {
    readonly credentials?: unknown
    readonly region?: unknown
    readonly logger?: object
    readonly requestHandler?: object
    readonly followRegionRedirects?: boolean
    systemClockOffset?: number
    readonly disableClockSkewCorrection?: unknown
  }
  readonly middlewareStack: object
}

/**
 * Whether a client sends requests exactly as one that was built with plain settings.
 *
 * @param anyHandler its request handler need not be the default one: the caller has named a dispatcher to use instead
 */
export async function isStockClient(sdk: typeof S3, client: object, anyHandler: boolean): Promise<boolean> {
  if (!isS3Client(sdk, client)) return false
  const plain = new sdk.S3Client({ region: 'us-east-1' }) as unknown as ResolvedClient
  if (Object.hasOwn(client, 'send') || client.send !== plain.send) return false
  if (client.config.followRegionRedirects === true) return false
  if (client.config.logger?.constructor !== plain.config.logger?.constructor) return false
  if (!sameMiddleware(client.middlewareStack, plain.middlewareStack)) return false
  const { requestHandler } = client.config
  if (requestHandler === undefined) return false
  return anyHandler || (await isPlainHandler(requestHandler, plain.config.requestHandler))
}

/** Buckets whose requests are not signed like others: S3 Express sessions, access points by ARN. */
export function isOrdinaryBucket(bucket: string): boolean {
  return !bucket.endsWith('--x-s3') && !bucket.includes(':')
}

function isS3Client(sdk: typeof S3, client: object): client is ResolvedClient {
  const prototype: unknown = Object.getPrototypeOf(client)
  // A mocking library puts its own `send` on the prototype.
  return (
    (prototype === sdk.S3Client.prototype || prototype === sdk.S3.prototype) &&
    !Object.hasOwn(sdk.S3Client.prototype, 'send')
  )
}

interface Entry {
  readonly name?: string
  readonly step?: string
  readonly priority?: string
  readonly relation?: string
  readonly toMiddleware?: string
}

/** By name, place and source text, since a middleware can take the name of another. */
function sameMiddleware(given: object, plain: object): boolean {
  const [a, b] = [entriesOf(given), entriesOf(plain)]
  return a !== undefined && b !== undefined && a.length === b.length && a.every((entry, at) => entry === b[at])
}

function entriesOf(stack: object): string[] | undefined {
  const { applyToStack } = stack as { applyToStack?: (to: object) => void }
  if (applyToStack === undefined) return undefined
  const entries: string[] = []
  const note = (middleware: unknown, { name, step, priority, relation, toMiddleware }: Entry) => {
    entries.push([name, step, priority, relation, toMiddleware, String(middleware)].join('\n'))
  }
  applyToStack.call(stack, { add: note, addRelativeTo: note, identifyOnResolve: () => false })
  return entries.sort()
}

/** Options of an agent that say how many connections to keep and not how to reach anything. */
const poolOptions = new Set(['keepAlive', 'keepAliveMsecs', 'maxSockets', 'maxFreeSockets', 'maxTotalSockets'])
const neutralOptions = new Set([...poolOptions, 'noDelay', 'path', 'scheduling', 'timeout', 'maxCachedSessions'])

/** The SDK's default handler, with agents that are not proxies and carry no certificates. */
export async function isPlainHandler(handler: object, plain: object | undefined): Promise<boolean> {
  if (plain === undefined || Object.getPrototypeOf(handler) !== Object.getPrototypeOf(plain)) return false
  if (Object.hasOwn(handler, 'handle')) return false
  const { configProvider } = handler as { configProvider?: Promise<HandlerConfig> }
  const config = await configProvider
  if (config === undefined) return false
  const httpAgent = config.httpAgent ?? (await config.httpAgentProvider?.())
  return isPlainAgent(httpAgent, http.Agent) && isPlainAgent(config.httpsAgent, https.Agent)
}

/** What the SDK's handler has made of its options; some versions make the agents when they are needed. */
interface HandlerConfig {
  readonly httpAgent?: unknown
  readonly httpAgentProvider?: () => Promise<unknown>
  readonly httpsAgent?: unknown
}

function isPlainAgent(agent: unknown, Plain: typeof http.Agent): boolean {
  if (agent === undefined) return true
  if (typeof agent !== 'object' || agent === null || Object.getPrototypeOf(agent) !== Plain.prototype) return false
  const { options } = agent as { options?: object }
  return Object.keys(options ?? {}).every((name) => neutralOptions.has(name))
}

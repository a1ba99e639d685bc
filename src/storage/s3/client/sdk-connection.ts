import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type * as S3 from '@aws-sdk/client-s3'
import { isPlainHandler, type ResolvedClient } from './eligible.js'
import type { SmithyResult } from './middleware.js'

/** Something that can be let go of, so that nothing more is read from it. */
export interface Renewable {
  renew?(): void
}

/** The connection that an answer of Node's own client came over; `undefined` for what another client received. */
export function connectionOf(response: SmithyResult['response']): Renewable | undefined {
  const socket = (response?.body as { readonly socket?: Socket | null } | undefined)?.socket
  return socket ? { renew: () => close(socket) } : undefined
}

/** An agent of Node hands out idle connections that were destroyed a moment ago, until they are closed: it forgets this one at once. */
function close(socket: Socket): void {
  socket.destroy()
  socket.emit('agentRemove')
}

/** A request as the client's middleware has made and signed it, sent; the answer is for its middleware to read. */
export type SendFresh = (request: object, signal: AbortSignal | undefined) => Promise<SmithyResult>

type Handler = new (
  options: object,
) => {
  handle(request: object, options: object): Promise<SmithyResult>
}

/**
 * Sends a request over a connection that has carried nothing before. `undefined` if the client reaches the server
 * through its own transport, which must not be bypassed. In that case its idle connections are closed, as far as
 * they are visible.
 */
export async function freshSender(sdk: typeof S3, client: object, timeoutMs: number): Promise<SendFresh | undefined> {
  const { requestHandler } = (client as Partial<ResolvedClient>).config ?? {}
  if (requestHandler === undefined) return undefined
  const plain = new sdk.S3Client({ region: 'us-east-1' }) as unknown as ResolvedClient
  if (!(await isPlainHandler(requestHandler, plain.config.requestHandler))) {
    closeIdle(requestHandler)
    return undefined
  }
  const Handler = requestHandler.constructor as Handler
  const options = {
    connectionTimeout: 10_000,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: new http.Agent({ keepAlive: false }),
    httpsAgent: new https.Agent({ keepAlive: false }),
  }
  return (request, signal) => new Handler(options).handle(request, { abortSignal: signal })
}

interface WithAgents {
  readonly config?: { readonly httpAgent?: Partial<http.Agent>; readonly httpsAgent?: Partial<http.Agent> }
}

/** Closes idle connections. A request that needs one opens another. */
function closeIdle(handler: object): void {
  const { httpAgent, httpsAgent } = (handler as WithAgents).config ?? {}
  for (const agent of [httpAgent, httpsAgent]) {
    for (const sockets of Object.values(agent?.freeSockets ?? {}))
      for (const socket of [...(sockets ?? [])]) close(socket)
  }
}

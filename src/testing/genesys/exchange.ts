import { channel } from 'node:diagnostics_channel'

/** A request that a {@link GenesysSimulator} answered by itself, and its answer. Neither holds credentials. */
export interface SimulatedExchange {
  readonly method: string
  /** Without the path of a gateway. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** As text; empty for none. */
  readonly body: string
  readonly status: number
  /** As text; empty for none. */
  readonly answer: string
}

/**
 * Name of the diagnostics channel that every {@link SimulatedExchange} of a process is published on, for checks of what a
 * client sends. Answers of scripted faults are not: a fault may be anything.
 */
export const simulatedExchanges = 'genesys-legal-hold-exporter:simulated-exchange'

const exchanges = channel(simulatedExchanges)

/** Publishes an exchange, if anybody listens. */
export async function publishExchange(
  request: Request | undefined,
  path: string,
  url: URL,
  response: Response,
): Promise<void> {
  if (request === undefined || !exchanges.hasSubscribers) return
  const exchange: SimulatedExchange = {
    method: request.method,
    path,
    query: url.search.slice(1),
    body: await request.text(),
    status: response.status,
    answer: await response.clone().text(),
  }
  exchanges.publish(exchange)
}

/** A copy of a request for {@link publishExchange}, if anybody listens: a body can be read once. */
export function copyForExchange(request: Request): Request | undefined {
  return exchanges.hasSubscribers ? request.clone() : undefined
}

import type { GenesysConnectionOptions } from '../../src/platforms/client/options.js'
import type { SimulatedConversation } from '../../src/testing/genesys/organization.js'
import { SimulatedClock } from '../../src/testing/index.js'
import type { Listener } from '../../src/testing/listen.js'
import { integrationId, simulate } from '../testing/genesys/fixture.js'

export const hold = { tag: 'discovery-batch-2023-10' }
export const request = {
  integrationId,
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T12:00:00Z' },
}

/** A simulator that listens, on a clock that moves whenever somebody sleeps on it, and how to connect to it. */
export async function startWorld(conversations: SimulatedConversation[], options: Parameters<typeof simulate>[1] = {}) {
  const clock = new SimulatedClock()
  const world = simulate(conversations, { clock, ...options })
  const listener: Listener = await world.simulator.listen()
  const connection: GenesysConnectionOptions = {
    region: 'eu-west-1',
    clientId: 'simulator-client',
    clientSecret: 'simulator-secret',
    endpoint: listener.endpoint,
    clock,
    retry: { retries: 2, minDelayMs: 1 },
  }
  return {
    ...world,
    clock,
    connection,
    /** How often the simulator did an operation. */
    count: (operation: string) => world.simulator.requests.filter((seen) => seen.operation === operation).length,
    async [Symbol.asyncDispose]() {
      await listener.close()
      await world.simulator.close()
    },
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

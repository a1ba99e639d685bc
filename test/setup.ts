import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'
import { afterEach } from 'vitest'
import { type SimulatedExchange, simulatedExchanges } from '#src/testing/genesys/exchange.js'
import { violationsOf } from './testing/contract/check.js'
import { sdkContract } from './testing/contract/sdk-contract.js'

// No test may reach anything but loopback: a connection elsewhere fails the test that made it.
const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|localhost)$/
const connect = Socket.prototype.connect
const guarded = Symbol.for('a connection of these tests reaches loopback only')

// The fast files share a process: it is guarded once, and not by a layer for each file.
if (!(guarded in connect)) {
  const guard = function (this: Socket, ...args: Parameters<typeof connect>) {
    const host = hostOf(args)
    if (host !== undefined && !loopback.test(host)) {
      throw new Error(`A test tried to connect to ${host}; tests reach loopback only.`)
    }
    return connect.apply(this, args)
  } as typeof connect
  Socket.prototype.connect = Object.assign(guard, { [guarded]: true })
}

function hostOf(args: unknown[]): string | undefined {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (typeof first === 'object' && first !== null) {
    const { host, path } = first as { host?: string; path?: string | null }
    return path ? undefined : (host ?? 'localhost')
  }
  if (typeof first === 'number') return typeof args[1] === 'string' ? args[1] : 'localhost'
  return undefined
}

// Every request that a test makes to the simulated Genesys Cloud, and every answer to it, is checked against the SDK's own
// declarations: no invented name survives.
const violations: string[] = []
const pending: Promise<void>[] = []
const watching = Symbol.for('the exchanges of these tests are checked')
const watched = globalThis as { [watching]?: (message: unknown) => void }
if (watched[watching] !== undefined) unsubscribe(simulatedExchanges, watched[watching])
/** Exchanges of one kind that are looked at in a test: a thousand of them are made by the same code. */
const lookedAt = 40
const kinds = new Map<string, number>()
watched[watching] = (message) => {
  const exchange = message as SimulatedExchange
  const kind = `${exchange.method} ${exchange.path.replace(/[0-9a-f-]{30,}/gi, '')} ${exchange.status}`
  const count = (kinds.get(kind) ?? 0) + 1
  kinds.set(kind, count)
  if (count > lookedAt) return
  pending.push(sdkContract().then((contract) => void violations.push(...violationsOf(exchange, contract))))
}
subscribe(simulatedExchanges, watched[watching])

afterEach(async () => {
  await Promise.all(pending.splice(0))
  kinds.clear()
  const found = [...new Set(violations.splice(0))]
  if (found.length > 0) throw new Error(`Against the declarations of the SDK:\n  ${found.slice(0, 20).join('\n  ')}`)
})

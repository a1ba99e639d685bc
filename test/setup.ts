import { Socket } from 'node:net'

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

import { createServer, type Server } from 'node:net'

/** A port of this machine that takes connections and never says anything. */
export async function silentPort(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((socket) => socket.on('error', () => {}).unref())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, server: server.unref() }
}

/** One that nobody listens on. */
export async function closedPort(): Promise<number> {
  const { port, server } = await silentPort()
  await new Promise((resolve) => server.close(resolve))
  return port
}

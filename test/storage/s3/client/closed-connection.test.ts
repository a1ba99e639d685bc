import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { connectionOf } from '#src/storage/s3/client/sdk-connection.js'

test('a connection that is let go of is handed out to nobody, not even in the same turn', async () => {
  const server = createServer((_, response) => void response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true })
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent }, (response) => void response.resume().once('end', resolve))
        .on('error', reject)
        .end()
    })
  const idle = () => Object.values(agent.freeSockets).flat()
  try {
    await Promise.all([ask(), ask()])
    await expect.poll(() => idle().length).toBe(2)
    // The one that is used next; of the others an agent looks only at the first whether it is still open.
    connectionOf({ statusCode: 200, headers: {}, body: { socket: idle().at(-1) } })?.renew?.()
    await ask()
    expect(connections).toBe(2)
  } finally {
    agent.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { hostChecks } from '#src/cli/doctor/machine.js'
import { resolved } from './resolved.js'

test('a proxy that refuses is told with what it answered', async () => {
  const proxy = createServer().on('connect', (_, socket) => {
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = proxy.address() as AddressInfo
    const terminal = {
      out: () => {},
      err: () => {},
      env: { HTTPS_PROXY: `http://127.0.0.1:${port}` },
      signal: new AbortController().signal,
    }
    const { checks } = await hostChecks(resolved({ s3: { region: 'eu-west-1', bucket: 'b' } }), terminal)
    expect(checks).toMatchObject([
      { result: 'problem', message: expect.stringMatching(/502.* through the proxy 127\.0\.0\.1/) },
    ])
  } finally {
    proxy.close()
  }
})

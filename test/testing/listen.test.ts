import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { type Handle, type Listener, listen } from '../../src/testing/index.js'

let listener: Listener | undefined

afterEach(() => listener?.close())

async function start(handle: Handle): Promise<Listener> {
  listener = await listen(handle)
  return listener
}

/** Sends bytes as they are and collects what comes back until the connection ends or `until` has arrived. */
function exchange(port: number, text: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (until !== undefined && received.includes(until)) socket.end()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

it('binds to loopback only', async () => {
  const { endpoint } = await start(async () => new Response('here'))
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

it('hands over the target as it came, dots and double slashes included', async () => {
  const { port } = await start(async (_, context) => new Response(context?.rawTarget ?? ''))
  const answer = await exchange(port, 'GET /b/../a//./x%2E?q=%20+ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  expect(answer.split('\r\n')).toContain('/b/../a//./x%2E?q=%20+')
})

it('keeps the content-length of a HEAD and sends no body, so that the connection goes on', async () => {
  const { port } = await start(
    async ({ method }) => new Response(`body-${method}`, { headers: { 'content-length': '9' } }),
  )
  const answer = await exchange(
    port,
    'HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  )
  expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2)
  expect(answer).not.toContain('body-HEAD')
  expect(answer.match(/content-length: 9/gi)).toHaveLength(2)
})

it('reuses a connection whose request body the handler did not read', async () => {
  const { port } = await start(async () => new Response('done', { status: 403 }))
  const body = 'x'.repeat(300_000)
  const put = `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const answer = await exchange(port, `${put}GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
  expect(answer.match(/HTTP\/1\.1 403/g)).toHaveLength(2)
})

it('reuses a connection whose request body the handler gave up in the middle', async () => {
  const { port } = await start(async (request) => {
    const reader = request.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    return new Response('stopped')
  })
  const body = 'x'.repeat(500_000)
  const put = `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const answer = await exchange(
    port,
    `${put}PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\ny`,
  )
  expect(answer.match(/stopped/g)).toHaveLength(2)
})

it('asks for a body that waits to be asked for only when it is read', async () => {
  const { port } = await start(async (request) => {
    if (request.url.endsWith('/refused')) return new Response('no', { status: 403 })
    return new Response(await request.text())
  })
  const put = (path: string) => `PUT ${path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`
  expect(await exchange(port, put('/refused'))).toMatch(/^HTTP\/1\.1 403/)
  expect(await exchange(port, `${put('/read')}body`, 'body')).toMatch(/^HTTP\/1\.1 100 Continue[\s\S]*HTTP\/1\.1 200/)
})

it('drops the connection for Response.error()', async () => {
  const { port } = await start(async () => Response.error())
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).toBe('')
})

it('drops the connection when the stream of a response breaks in the middle', async () => {
  const { endpoint } = await start(async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 2) controller.error(new Error('broken'))
        else controller.enqueue(new Uint8Array(70_000))
      },
    })
    return new Response(body, { headers: { 'content-length': '1000000' } })
  })
  const response = await fetch(endpoint)
  await expect(response.arrayBuffer()).rejects.toThrow()
})

it('cancels the stream of a response whose reader has gone', async () => {
  let cancelled = false
  const { port } = await start(async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
      cancel: () => {
        cancelled = true
      },
    })
    return new Response(body)
  })
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'))
  socket.once('data', () => socket.destroy())
  await expect.poll(() => cancelled).toBe(true)
})

it('carries large bodies both ways', async () => {
  const { endpoint } = await start(async (request) => new Response(await request.arrayBuffer()))
  const body = Buffer.alloc(12 * 1024 * 1024, 'abcdefg')
  const response = await fetch(endpoint, { method: 'POST', body })
  expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
})

it('fails the body of a request whose sender breaks off', async () => {
  let failure: unknown
  const { port } = await start(async (request) => {
    await request.arrayBuffer().catch((error) => {
      failure = error
    })
    return new Response()
  })
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this', () => socket.destroy())
  })
  await expect.poll(() => failure).toBeInstanceOf(Error)
})

it('answers 400 to a request that has no form as a Request', async () => {
  const { port } = await start(async () => new Response())
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: no host\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
})

it('closes although a connection is kept alive', async () => {
  const { endpoint, close } = await start(async () => new Response('kept'))
  await (await fetch(endpoint)).text()
  await Promise.race([close(), delay(2000).then(() => Promise.reject(new Error('still open')))])
})

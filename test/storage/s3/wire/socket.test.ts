import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { buildConnector } from 'undici'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { S3StorageAdapter } from '../../../../src/s3.js'
import { readAnswer } from '../../../../src/storage/s3/wire/answer.js'
import { GivenConnection, type RawHeaders, type WireRequest } from '../../../../src/storage/s3/wire/connections.js'
import { HeadConnection, onread } from '../../../../src/storage/s3/wire/socket.js'
import { AttemptTimeout, FastTransport } from '../../../../src/storage/s3/wire/transport.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

describe('readAnswer', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/).filter((text) => !/^connection$/i.test(text))
  const value = fc.stringMatching(/^([\x21-\x7e\x80-\xff]([\x20-\x7e\t\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?)?$/)
  const blanks = fc.constantFrom('', ' ', '  ', '\t', ' \t')
  const header = fc.tuple(name, value, blanks, blanks)
  const head = (status: number, headers: readonly [string, string, string, string][]) =>
    `HTTP/1.1 ${status} Some Words\r\n${headers.map(([n, v, a, b]) => `${n}:${a}${v}${b}\r\n`).join('')}\r\n`

  test('takes every name and value as it was sent, and is incomplete at any point before the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.array(header, { maxLength: 8 }), (status, headers) => {
        const text = head(status, headers)
        const sent: string[] = []
        for (const [n, v] of headers) sent.push(n, v)
        expect(readAnswer(text)).toMatchObject({
          status,
          headers: sent,
          keepAlive: true,
        })
        for (let at = 0; at < text.length; at += 1) expect(readAnswer(text.slice(0, at))).toBe('incomplete')
        expect(readAnswer(`${text}x`)).toBe('unreadable')
        // What comes before the answer itself is passed over.
        expect(readAnswer(`HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n${text}`)).toMatchObject({ status })
      }),
    )
  })

  test.each([
    ['another version', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['lines that end in a line feed', 'HTTP/1.1 200 OK\netag: x\n\n'],
    ['one line that does', 'HTTP/1.1 200 OK\r\na: b\netag: "x"\r\n\r\n'],
    ['a carriage return within a line', 'HTTP/1.1 200 OK\r\na: b\rx-amz-meta-legal-hold-tag: c\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\netag : "x"\r\n\r\n'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\netag\r\na: b\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
  ])('does not read %s', (_, text) => {
    expect(readAnswer(text)).toBe('unreadable')
  })

  test('hears that the connection ends', () => {
    expect(readAnswer('HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n')).toMatchObject({ keepAlive: false })
    expect(readAnswer('HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n')).toMatchObject({ keepAlive: true })
  })
})

const answer =
  'HTTP/1.1 200 OK\r\netag: "x"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\ncontent-length: 5\r\n\r\n'

/** A server that is told each request that has come whole. */
async function scripted(
  onRequest: (socket: Socket, request: string, at: number) => void,
  create: (listener: (socket: Socket) => void) => Server = createServer,
) {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  const server = create((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end)
        text = text.slice(end + 4)
        onRequest(socket, request, requests.push(request) - 1)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, sockets, requests }
}

const request: WireRequest = {
  method: 'HEAD',
  path: '/evidence/key',
  fixed: { list: ['a', 'b'], text: 'host: example\r\na: b\r\n' },
  authorization: 'signed',
}

type Outcome = { status: number; headers: RawHeaders } | 'unreadable' | { error: unknown }

function connectionTo(origin: string, options: object = {}) {
  const connect = buildConnector({ ...options, onread } as Parameters<typeof buildConnector>[0])
  const connection = new HeadConnection(connect, origin)
  closing.push(() => connection.destroy())
  // As the transport does: the sockets themselves keep nothing alive.
  const alive = setInterval(() => {}, 1_000)
  closing.push(() => clearInterval(alive))
  let abort: ((error?: Error) => void) | undefined
  const send = () =>
    new Promise<Outcome>((resolve) => {
      connection.dispatch(request, {
        onConnect: (given) => {
          abort = given
        },
        onAnswer: (status, headers) => resolve({ status, headers }),
        onUnreadable: () => resolve('unreadable'),
        onError: (error) => resolve({ error }),
      })
    })
  return { connection, send, abort: (error: Error) => abort?.(error) }
}

describe('a connection', () => {
  test('sends the request as it was signed, and one after the other on one socket', async () => {
    const server = await scripted((socket) => socket.write(answer))
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    for (let at = 0; at < 5; at += 1) expect(await send()).toMatchObject({ status: 200 })
    expect(server.sockets.size).toBe(1)
    expect(server.requests[4]).toBe('HEAD /evidence/key HTTP/1.1\r\nhost: example\r\na: b\r\nauthorization: signed')
  })

  test('puts an answer together that comes byte by byte', async () => {
    const server = await scripted((socket) => {
      const bytes = [...`HTTP/1.1 100 Continue\r\n\r\n${answer}`]
      const next = () => {
        const byte = bytes.shift()
        if (byte !== undefined) socket.write(byte, () => setImmediate(next))
      }
      next()
    })
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toMatchObject({ status: 200 })
    expect(await send()).toMatchObject({ status: 200 })
    expect(server.sockets.size).toBe(1)
  })

  test('gives up a connection on which a body follows, and never takes it for the next answer', async () => {
    const server = await scripted((socket) => socket.write(`${answer}HTTP/1.1 200 OK\r\netag: "forged"\r\n\r\n`))
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toBe('unreadable')
    expect(await send()).toBe('unreadable')
    expect(server.sockets.size).toBe(2)
  })

  test('gives up a connection on which something comes that nobody asked for', async () => {
    const server = await scripted((socket) => socket.write(answer))
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toMatchObject({ status: 200 })
    const [first] = server.sockets
    first?.write('HTTP/1.1 200 OK\r\netag: "forged"\r\n\r\n')
    await new Promise((resolve) => first?.once('close', resolve))
    expect(await send()).toMatchObject({ headers: expect.arrayContaining(['"x"']) })
    expect(server.sockets.size).toBe(2)
  })

  test('opens another one after the server has closed it, whether or not it said so', async () => {
    const server = await scripted((socket, _, at) => {
      if (at === 0) socket.write(answer.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
      else if (at === 1) socket.end(answer)
      else socket.write(answer)
    })
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toMatchObject({ status: 200 })
    expect(await send()).toMatchObject({ status: 200 })
    const second = [...server.sockets][1]
    await new Promise((resolve) => (second?.destroyed ? resolve(undefined) : second?.once('close', resolve)))
    // The client's own side hears of it a turn later.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await send()).toMatchObject({ status: 200 })
    expect(server.sockets.size).toBe(3)
  })

  test('fails as Node does when the answer never comes, or ends in its middle', async () => {
    const server = await scripted((socket, _, at) => {
      if (at === 0) socket.destroy()
      else if (at === 1) socket.end(answer.slice(0, 30))
      else socket.write(answer)
    })
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toMatchObject({ error: { code: 'ECONNRESET' } })
    expect(await send()).toMatchObject({ error: { code: 'ECONNRESET' } })
    expect(await send()).toMatchObject({ status: 200 })
    const { send: sendNowhere } = connectionTo('http://127.0.0.1:9')
    expect(await sendNowhere()).toMatchObject({ error: { code: 'ECONNREFUSED' } })
  })

  test('does not read an answer without end', async () => {
    const server = await scripted((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${`a: ${'b'.repeat(1_000)}\r\n`.repeat(80)}`)
    })
    const { send } = connectionTo(`http://127.0.0.1:${server.port}`)
    expect(await send()).toBe('unreadable')
  })

  test('is ended in the middle of an exchange, and good for the next', async () => {
    let asked = () => {}
    const arrived = new Promise<void>((resolve) => {
      asked = resolve
    })
    const server = await scripted((socket, _, at) => {
      if (at > 0) socket.write(answer)
      else asked()
    })
    const { send, abort } = connectionTo(`http://127.0.0.1:${server.port}`)
    const sent = send()
    await arrived
    abort(new Error('enough'))
    expect(await sent).toMatchObject({ error: { message: 'enough' } })
    expect(await send()).toMatchObject({ status: 200 })
  })

  test('tells whoever waits that it is destroyed', async () => {
    let asked = () => {}
    const arrived = new Promise<void>((resolve) => {
      asked = resolve
    })
    const server = await scripted(() => asked())
    const { send, connection } = connectionTo(`http://127.0.0.1:${server.port}`)
    const sent = send()
    await arrived
    connection.destroy()
    expect(await sent).toMatchObject({ error: { code: 'ECONNRESET' } })
  })

  test('sends nothing for an exchange that is ended at once, when the next has its place', async () => {
    const server = await scripted((socket) => socket.write(answer))
    const { connection } = connectionTo(`http://127.0.0.1:${server.port}`)
    const answers: string[] = []
    await new Promise<void>((resolve) => {
      const next = {
        onConnect: () => {},
        onAnswer: () => {
          answers.push('next')
          resolve()
        },
        onUnreadable: () => {},
        onError: () => {},
      }
      connection.dispatch(request, {
        ...next,
        onConnect: (abort) => abort(new Error('enough')),
        onError: () => connection.dispatch({ ...request, path: '/evidence/next' }, next),
      })
    })
    expect(answers).toEqual(['next'])
    expect(server.requests.map((text) => text.split(' ')[1])).toEqual(['/evidence/next'])
  })
})

test('a time limit is kept when the clock of the machine is set back', async () => {
  const server = await scripted(() => vi.setSystemTime(Date.now() - 3_600_000))
  const { connection } = connectionTo(`http://127.0.0.1:${server.port}`)
  const transport = new FastTransport(new GivenConnection(connection), 50)
  vi.useFakeTimers({ toFake: ['Date'] })
  closing.push(() => vi.useRealTimers())
  await expect(transport.send(request, undefined)).rejects.toBeInstanceOf(AttemptTimeout)
})

describe('over TLS', () => {
  const file = (name: string) => readFileSync(new URL(`../client/tls/loopback-test-only.${name}.pem`, import.meta.url))
  const serve = () => {
    const options = { key: file('key'), cert: file('cert') }
    return scripted(
      (socket) => socket.write(answer),
      (listener) => createTlsServer(options, listener),
    )
  }

  test('requests go one after the other on one socket', async () => {
    const server = await serve()
    const { send } = connectionTo(`https://localhost:${server.port}`, { ca: file('cert') })
    for (let at = 0; at < 5; at += 1) expect(await send()).toMatchObject({ status: 200 })
    expect(server.requests).toHaveLength(5)
    expect(server.sockets.size).toBe(1)
  })

  test('a certificate that nobody vouches for is refused before anything is sent', async () => {
    const server = await serve()
    const { send } = connectionTo(`https://localhost:${server.port}`)
    expect(await send()).toMatchObject({ error: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
    expect(server.requests).toHaveLength(0)
  })
})

describe('the adapter', () => {
  test('lets the SDK ask for itself where an answer is in another form', async () => {
    const server = await scripted((socket, asked) => {
      // The SDK says which attempt it is.
      const bySdk = /^amz-sdk-request: /im.test(asked)
      socket.end(bySdk ? answer : answer.replace('HTTP/1.1', 'HTTP/1.0'))
    })
    const storage = new S3StorageAdapter({
      bucket: 'evidence',
      endpoint: `http://127.0.0.1:${server.port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' },
    })
    closing.push(() => storage.close())
    expect(await storage.head({ bucket: 'evidence', key: 'k' })).toMatchObject({ found: true, state: { etag: '"x"' } })
    expect(server.requests).toHaveLength(2)
  })

  test.each(['HEAD', 'a list'])(
    'ends %s under way, and those that wait for a connection, when it is closed',
    async (what) => {
      let asked = () => {}
      const arrived = new Promise<void>((resolve) => {
        asked = resolve
      })
      const server = await scripted(() => asked())
      const storage = new S3StorageAdapter({
        bucket: 'evidence',
        endpoint: `http://127.0.0.1:${server.port}`,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' },
        maxSockets: 1,
        retry: { retries: 0 },
      })
      closing.push(() => storage.close())
      const send = () =>
        (what === 'HEAD'
          ? storage.head({ bucket: 'evidence', key: 'k' })
          : storage.list('a/')[Symbol.asyncIterator]().next()
        ).then(
          () => 'answered',
          ({ code }) => code,
        )
      const sent = [send(), send(), send()]
      await arrived
      storage.close()
      expect(await Promise.all(sent)).toEqual(['NETWORK_ERROR', 'NETWORK_ERROR', 'NETWORK_ERROR'])
      expect(server.requests).toHaveLength(1)
    },
  )

  test('keeps no process alive with connections that have nothing to do', () => {
    const script = `
      import { createServer } from 'node:http'
      import { S3StorageAdapter } from './src/s3.ts'
      const headers = { etag: '"x"', 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }
      const server = createServer((_, response) => response.writeHead(200, headers).end())
      server.listen(0, '127.0.0.1', async () => {
        const endpoint = 'http://127.0.0.1:' + server.address().port
        const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' }
        const storage = new S3StorageAdapter({ bucket: 'evidence', endpoint, region: 'eu-west-1', credentials })
        console.log((await storage.head({ bucket: 'evidence', key: 'k' })).found)
        const from = performance.now()
        process.once('exit', () => console.log(performance.now() - from < 3_000))
        server.unref()
      })
      server.on('connection', (socket) => socket.unref())`
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('true\ntrue\n')
  })
})

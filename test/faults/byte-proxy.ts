import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A request that came whole. */
export interface ByteRequest {
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  /** Operation of S3 by its method and query, and the decoded key. */
  readonly operation: string
  readonly key: string
  readonly versionId: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Of the connection that it came over. */
  readonly connection: number
  /** Of the request on that connection, from 0. */
  readonly turn: number
}

/** An answer as it goes over the wire. */
export interface ByteAnswer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

/** What becomes of an answer. */
export interface Fate {
  /** What is sent instead. */
  readonly answer?: ByteAnswer | undefined
  /**
   * When it is sent a second time: in one piece with the first, while nothing is asked on that connection, or once so many
   * further requests have come over it, before they are answered.
   */
  readonly again?: 'together' | 'idle' | number | undefined
  /** What is sent the second time; the same where nothing is said. */
  readonly second?: ByteAnswer | undefined
}

/**
 * A server between a client and the real one that works on bytes: what it sends is not mended by anybody, so that it may be
 * sent twice, late, or in place of something else.
 */
export class ByteProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #target: URL
  #connections = 0
  /** Answers sent a second time while nothing was asked. */
  #idle: Promise<void>[] = []
  /** Says what becomes of each answer. */
  fate: (request: ByteRequest, answer: ByteAnswer) => Fate = () => ({})
  /** The name of an operation, where the server is not S3. Asked once the server has answered. */
  nameOf: ((request: ByteRequest) => string) | undefined
  readonly requests: ByteRequest[] = []
  /** How many answers were sent a second time, or replaced. */
  met = 0

  constructor(target: string) {
    this.#target = new URL(target)
    this.#server = createServer((socket) => this.#serve(socket))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections that were opened so far. */
  get connections(): number {
    return this.#connections
  }

  /** Until what was to be sent while nothing is asked has been sent, and whoever it was sent to could see it. */
  async quiet(): Promise<void> {
    await Promise.all(this.#idle.splice(0))
    await turns(3)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    this.#connections += 1
    const connection = this.#connections
    const due: { left: number; readonly bytes: Buffer }[] = []
    let bytes: Buffer = Buffer.alloc(0)
    let turn = 0
    let last = Promise.resolve()
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece])
      for (let taken = takeRequest(bytes); taken !== undefined; taken = takeRequest(bytes)) {
        bytes = taken.rest
        const asked = { ...taken.request, connection, turn }
        turn += 1
        const number = this.requests.push(asked) - 1
        last = last.then(async () => {
          const real = await this.#forward(asked)
          const named = this.nameOf === undefined ? asked : { ...asked, operation: this.nameOf(asked) }
          this.requests[number] = named
          for (const one of due) one.left -= 1
          for (const one of due.filter(({ left }) => left <= 0)) {
            socket.write(one.bytes)
            // What is late arrives by itself, and is read before the answer that it is taken for comes.
            await turns(5)
          }
          due.splice(0, due.length, ...due.filter(({ left }) => left > 0))
          const { answer = real, again, second = answer } = this.fate(named, real)
          if (answer !== real || again !== undefined) this.met += 1
          const out = render(answer, asked.method === 'HEAD')
          const more = render(second, asked.method === 'HEAD')
          if (again === 'together') socket.write(Buffer.concat([out, more]))
          else socket.write(out)
          if (again === 'idle') this.#idle.push(writeLater(socket, more))
          if (typeof again === 'number') due.push({ left: again, bytes: more })
        })
        last.catch(() => socket.destroy())
      }
    })
  }

  #forward({ method, target, headers, body }: ByteRequest): Promise<ByteAnswer> {
    const { hostname: host, port } = this.#target
    return new Promise((resolve, reject) => {
      const { connection: _, expect: __, ...passed } = headers
      const sent = httpRequest({ host, port, method, path: target, headers: passed, agent: false }, (response) => {
        read(response).then(resolve, reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

/** Turns of the event loop: each looks at the sockets once. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Once the client has had time to take the first for complete. */
async function writeLater(socket: Socket, bytes: Buffer): Promise<void> {
  await turns(5)
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.write(bytes, () => resolve()))
}

async function read(response: IncomingMessage): Promise<ByteAnswer> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  const headers: (readonly [string, string])[] = []
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [response.rawHeaders[at], response.rawHeaders[at + 1]]
    if (!/^(connection|keep-alive|transfer-encoding)$/i.test(name)) headers.push([name, value])
  }
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(pieces) }
}

function render({ status, headers, body }: ByteAnswer, isHead: boolean): Buffer {
  const own = isHead ? headers : headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  const lines = own.map(([name, value]) => `${name}: ${value}\r\n`)
  const length = isHead || status === 204 ? '' : `content-length: ${body.length}\r\n`
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Any\r\n${lines.join('')}${length}\r\n`, 'latin1'), body])
}

interface Taken {
  readonly request: Omit<ByteRequest, 'connection' | 'turn'>
  readonly rest: Buffer
}

/** The request that the bytes begin with; `undefined` while it is not whole. */
function takeRequest(bytes: Buffer): Taken | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = Object.fromEntries(
    lines.map((one) => {
      const at = one.indexOf(':')
      return [one.slice(0, at).toLowerCase(), one.slice(at + 1).trim()] as const
    }),
  )
  const length = Number(headers['content-length'] ?? 0)
  const from = end + 4
  if (bytes.length < from + length) return undefined
  const [method = '', target = ''] = line.split(' ')
  return {
    request: {
      method,
      target,
      headers,
      body: bytes.subarray(from, from + length),
      ...aboutOf(method, target, headers),
    },
    rest: bytes.subarray(from + length),
  }
}

/** What is asked for by a word in the query, as the operation is called. */
const parts: readonly (readonly [word: string, operation: string])[] = [
  ['tagging', 'ObjectTagging'],
  ['legal-hold', 'ObjectLegalHold'],
  ['retention', 'ObjectRetention'],
  ['acl', 'ObjectAcl'],
  ['object-lock', 'ObjectLockConfiguration'],
  ['versioning', 'BucketVersioning'],
  ['encryption', 'BucketEncryption'],
  ['ownershipControls', 'BucketOwnershipControls'],
  ['policy', 'BucketPolicy'],
  ['lifecycle', 'BucketLifecycleConfiguration'],
]

function aboutOf(method: string, target: string, headers: Readonly<Record<string, string>>) {
  const url = new URL(target, 'http://proxy.invalid')
  const { searchParams: query, pathname } = url
  // Path-style.
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'))
  const isCopy = headers['x-amz-copy-source'] !== undefined
  return { operation: operationOf(method, key, query, isCopy), key, versionId: query.get('versionId') ?? undefined }
}

function operationOf(method: string, key: string, query: URLSearchParams, isCopy: boolean): string {
  const part = parts.find(([word]) => query.has(word))?.[1]
  if (part !== undefined) return `${method === 'PUT' ? 'Put' : 'Get'}${part}`
  if (query.has('versions')) return 'ListObjectVersions'
  if (query.has('list-type')) return 'ListObjectsV2'
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'ListMultipartUploads'
  if (query.has('partNumber')) return isCopy ? 'UploadPartCopy' : 'UploadPart'
  if (query.has('uploadId')) return method === 'DELETE' ? 'AbortMultipartUpload' : 'CompleteMultipartUpload'
  if (method === 'HEAD') return key === '' ? 'HeadBucket' : 'HeadObject'
  if (method === 'GET') return 'GetObject'
  return isCopy ? 'CopyObject' : 'PutObject'
}

/** An answer with a header set, or taken away. */
export function withHeader(answer: ByteAnswer, name: string, value: string | undefined): ByteAnswer {
  const others = answer.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase())
  return { ...answer, headers: value === undefined ? others : [...others, [name, value]] }
}

export function headerOf(answer: ByteAnswer, name: string): string | undefined {
  return answer.headers.find(([one]) => one.toLowerCase() === name)?.[1]
}

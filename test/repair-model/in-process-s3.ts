import { Readable } from 'node:stream'
import * as S3 from '@aws-sdk/client-s3'
import { S3Simulator } from '#src/testing/index.js'

/** One request on its way, as the hook sees it. */
export interface Passing {
  readonly operation: string
  readonly method: string
  readonly key: string
  readonly versionId: string | undefined
}

/** What becomes of a request: it passes, or it is answered, dropped or delayed, before or after its work. */
export type Fate =
  | { readonly kind: 'pass' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly worked: boolean }
  | { readonly kind: 'drop'; readonly worked: boolean }
  /** No answer comes in time; the work is done after so many further requests. */
  | { readonly kind: 'late'; readonly requests: number }

export interface Hooks {
  before(request: Passing): Promise<Fate>
  after(request: Passing, status: number | undefined): void
  /** What arrives of the headers. */
  rewrite?(request: Passing, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>>
  /** What is answered of the headers. */
  answered?(request: Passing, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>>
}

/** What a server makes of a copy that replaces the metadata. */
export type CopyManners = 'aws' | 'drops tags unless they are sent' | 'ceph-rgw'

const lockHeaders = /^x-amz-object-lock-/
const copying = /^(CopyObject|POST uploads)$/

/** The hooks of a server that is not AWS: docs/ceph.md has what was measured there. */
export function mannersOf(manners: CopyManners): Pick<Hooks, 'rewrite' | 'answered'> {
  if (manners === 'aws') return {}
  const isCeph = manners === 'ceph-rgw'
  return {
    rewrite: ({ operation }, headers) => {
      if (!copying.test(operation)) return headers
      const isSent = headers['x-amz-tagging'] !== undefined && !isCeph
      const kept = Object.entries(headers).filter(
        ([name]) => !isCeph || !(lockHeaders.test(name) || name === 'if-match' || name === 'x-amz-tagging'),
      )
      const directive = operation === 'CopyObject' && !isSent ? { 'x-amz-tagging-directive': 'REPLACE' } : {}
      return { ...Object.fromEntries(kept), ...directive }
    },
    answered: ({ operation }, headers) =>
      isCeph && operation === 'CopyObject'
        ? Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'x-amz-version-id'))
        : headers,
  }
}

interface SmithyRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The Smithy request handler that hands requests to the simulator itself: no socket, no port. */
export class InProcessHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #simulator: S3Simulator
  readonly #hooks: Hooks | undefined
  #late: { due: number; readonly work: () => Promise<unknown> }[] = []

  constructor(simulator: S3Simulator, hooks?: Hooks) {
    this.#simulator = simulator
    this.#hooks = hooks
  }

  async handle(request: SmithyRequest): Promise<{ response: object }> {
    await this.#workLate()
    const passing = describe(request)
    const fate = (await this.#hooks?.before(passing)) ?? { kind: 'pass' }
    const work = () => this.#send(request)
    if (fate.kind === 'late') {
      this.#late.push({ due: fate.requests, work })
      this.#hooks?.after(passing, undefined)
      throw Object.assign(new Error('no answer in time'), { name: 'TimeoutError' })
    }
    if (fate.kind === 'drop' || fate.kind === 'answer') {
      if (fate.worked) await work()
      if (fate.kind === 'drop') {
        this.#hooks?.after(passing, undefined)
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      }
      this.#hooks?.after(passing, fate.status)
      const bytes = Buffer.from(fate.body)
      const headers = { 'content-type': 'application/xml', 'content-length': String(bytes.length) }
      return { response: { statusCode: fate.status, headers, body: Readable.from([bytes]) } }
    }
    const response = await work()
    this.#hooks?.after(passing, response.status)
    const body = response.body === null ? Readable.from([]) : Readable.from([Buffer.from(await response.arrayBuffer())])
    const headers = Object.fromEntries(response.headers)
    const answered = this.#hooks?.answered?.(passing, headers) ?? headers
    return { response: { statusCode: response.status, headers: answered, body } }
  }

  /** Does what is late and due, and at the end of a run all of it. */
  async arriveAll(): Promise<void> {
    for (const { work } of this.#late.splice(0)) await work()
  }

  async #workLate(): Promise<void> {
    for (const late of this.#late) late.due -= 1
    const due = this.#late.filter((late) => late.due <= 0)
    this.#late = this.#late.filter((late) => late.due > 0)
    for (const { work } of due) await work()
  }

  #send(request: SmithyRequest): Promise<Response> {
    const { method, body } = request
    const headers = this.#hooks?.rewrite?.(describe(request), request.headers) ?? request.headers
    const target = targetOf(request)
    const url = `http://${request.hostname}${request.port === undefined ? '' : `:${request.port}`}${target}`
    const hasBody = method !== 'GET' && method !== 'HEAD' && body !== undefined
    const content = hasBody ? { body: body as string | Uint8Array<ArrayBuffer> } : {}
    return this.#simulator.handle(new Request(url, { method, headers, ...content }), { rawTarget: target })
  }
}

function targetOf({ path, query = {} }: SmithyRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? encode(name) : `${encode(name)}=${encode(String(one))}`)),
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function describe({ method, path, query = {}, headers }: SmithyRequest): Passing {
  const has = (name: string) => Object.hasOwn(query, name)
  const key = decodeURIComponent(path.split('/').slice(2).join('/'))
  const versionId = typeof query.versionId === 'string' ? query.versionId : undefined
  const sub = ['tagging', 'legal-hold', 'retention', 'acl', 'versions', 'uploads'].find(has)
  const copies = headers['x-amz-copy-source'] !== undefined
  const operation =
    sub !== undefined
      ? `${method} ${sub}`
      : has('partNumber')
        ? 'UploadPartCopy'
        : has('uploadId')
          ? method === 'DELETE'
            ? 'AbortMultipartUpload'
            : 'CompleteMultipartUpload'
          : copies
            ? 'CopyObject'
            : `${method} object`
  return { operation, method, key, versionId }
}

/** A plain client on the simulator, in process. */
export function clientOf(simulator: S3Simulator): S3.S3Client {
  return new S3.S3Client({
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new InProcessHandler(simulator) as never,
  })
}

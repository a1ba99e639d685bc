import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it came, its body whole. */
export interface SeenRequest {
  readonly method: string
  /** Path and query, as they were sent. */
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** An answer as it came from the server behind, or as it is to be given in its place. */
export interface Answer {
  readonly status: number
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** What a server does otherwise than the one behind it. */
export interface Alterations {
  /** Answers in place of the server behind; `undefined` to let it answer. */
  readonly request?: ((request: SeenRequest) => Answer | undefined) | undefined
  /** Changes what the server behind has answered; `undefined` to leave it as it is. */
  readonly response?: ((request: SeenRequest, answer: Answer) => Answer | undefined) | undefined
}

export interface AlteringServer {
  readonly endpoint: string
  /** All requests, in their order. */
  readonly seen: SeenRequest[]
  close(): Promise<void>
}

/** A server that answers as the one at `endpoint` does, but for the given alterations: for servers that leave things out. */
export async function altering(endpoint: string, alterations: Alterations): Promise<AlteringServer> {
  const seen: SeenRequest[] = []
  const server = http.createServer((incoming, outgoing) => {
    void answerTo(incoming).then(
      ({ status, rawHeaders, body }) => {
        outgoing.sendDate = false
        outgoing.writeHead(status, [...rawHeaders])
        outgoing.end(incoming.method === 'HEAD' ? undefined : body)
      },
      () => outgoing.destroy(),
    )
  })
  const answerTo = async (incoming: http.IncomingMessage): Promise<Answer> => {
    const { method = 'GET', url = '/', headers } = incoming
    const request = { method, url, headers, body: await bytesOf(incoming) }
    seen.push(request)
    const own = alterations.request?.(request)
    if (own !== undefined) return own
    const answer = await forward(endpoint, request, incoming.rawHeaders)
    return alterations.response?.(request, answer) ?? answer
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function forward(endpoint: string, { method, url, body }: SeenRequest, rawHeaders: readonly string[]): Promise<Answer> {
  const { hostname, port } = new URL(endpoint)
  return new Promise((resolve, reject) => {
    // As they came: the signature covers the host that the client named.
    const options = { hostname, port, method, path: url, headers: [...rawHeaders], agent: false }
    const request = http.request(options, (answer) => {
      bytesOf(answer).then((bytes) => {
        const kept = withoutFraming(answer.rawHeaders, bytes, method)
        resolve({ status: answer.statusCode ?? 0, rawHeaders: kept, body: bytes })
      }, reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function bytesOf(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const framing = /^(connection|keep-alive|transfer-encoding)$/i

/** The length of a body that is changed later is Node's to say; that of an answer to HEAD stands as it is. */
function withoutFraming(rawHeaders: readonly string[], body: Buffer, method: string): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]]
    const isOwnLength = method !== 'HEAD' && body.length > 0 && /^content-length$/i.test(name)
    if (!framing.test(name) && !isOwnLength) kept.push(name, value)
  }
  return kept
}

/** The answer with another value of a header, or without it. */
export function withHeader(answer: Answer, name: string, value: string | undefined): Answer {
  const rawHeaders: string[] = []
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const [known = '', present = ''] = [answer.rawHeaders[at], answer.rawHeaders[at + 1]]
    if (known.toLowerCase() !== name.toLowerCase()) rawHeaders.push(known, present)
  }
  return { ...answer, rawHeaders: value === undefined ? rawHeaders : [...rawHeaders, name, value] }
}

/** The answer with its text changed. */
export function withText(answer: Answer, change: (text: string) => string): Answer {
  return { ...answer, body: Buffer.from(change(answer.body.toString('utf8'))) }
}

/** S3's own form of an error. */
export function refusal(status: number, code: string, message: string): Answer {
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  )
  return { status, rawHeaders: ['content-type', 'application/xml'], body }
}

/** What the query of a request asks for, e.g. `tagging`. */
export function asks({ url }: SeenRequest, name: string): boolean {
  return new URL(url, 'http://127.0.0.1').searchParams.has(name)
}

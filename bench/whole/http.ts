import { createServer, type Server, type Socket } from 'node:net'

/** A request that arrived whole. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly search: string
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly socket: Socket
}

export interface Response {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Latin-1. */
  readonly body: string
}

const lineBreak = '\r\n'
const emptyLine = `${lineBreak}${lineBreak}`

/**
 * HTTP/1.1 for clients that give the length of a body. It takes a quarter less time than `node:http`. On a machine with few
 * cores, what the server takes is missing to the client that is measured.
 */
export function serve(receive: (request: Received, respond: (response: Response) => void) => void): Server {
  return createServer({ noDelay: true }, (socket) => {
    let arrived = ''
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    socket.on('data', (text: string) => {
      arrived += text
      for (;;) {
        const end = arrived.indexOf(emptyLine)
        if (end < 0) return
        const bodyAt = end + emptyLine.length
        const { headers, start } = headOf(arrived.slice(0, end))
        const next = bodyAt + Number(headers['content-length'] ?? 0)
        if (headers['transfer-encoding'] !== undefined) {
          socket.end(textOf({ status: 411, headers: ['Connection', 'close'], body: '' }, 'PUT'), 'latin1')
          return
        }
        if (arrived.length < next) return
        const body = arrived.slice(bodyAt, next)
        arrived = arrived.slice(next)
        const [method = '', target = ''] = start.split(' ', 2)
        const [path = '/', search = ''] = target.split('?', 2)
        receive({ method, path, search, headers, body, socket }, (response) => {
          if (socket.writable) socket.write(textOf(response, method), 'latin1')
        })
      }
    })
  })
}

function headOf(text: string): { readonly start: string; readonly headers: Record<string, string> } {
  const [start = '', ...lines] = text.split(lineBreak)
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim()
  }
  return { start, headers }
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  411: 'Length Required',
  412: 'Precondition Failed',
  501: 'Not Implemented',
}

function textOf({ status, headers, body }: Response, method: string): string {
  let text = `HTTP/1.1 ${status} ${reasons[status] ?? ''}${lineBreak}Date: ${date()}${lineBreak}`
  let hasLength = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name === 'Content-Length') hasLength = true
    text += `${name}: ${headers[at + 1]}${lineBreak}`
  }
  if (!hasLength) text += `Content-Length: ${body.length}${lineBreak}`
  return method === 'HEAD' ? text + lineBreak : text + lineBreak + body
}

let second = 0
let formatted = ''

/** The `Date` header, made once a second. */
function date(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    formatted = new Date(now * 1000).toUTCString()
  }
  return formatted
}

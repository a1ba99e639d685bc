/** The answer to a request, in the form in which it is written to a socket: a `Response` takes several times as long to make. */
export interface Answer {
  readonly status: number
  /** Names in lower case and values in turn. */
  readonly headers: readonly string[]
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array> | undefined
}

/** Whether an answer has a field; names are in lower case. */
export function hasField({ headers }: Answer, name: string): boolean {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return true
  return false
}

/** The answer for those who did not send their request over HTTP. */
export function toResponse({ status, headers, body }: Answer): Response {
  const fields = new Headers()
  for (let at = 0; at + 1 < headers.length; at += 2) fields.append(headers[at] ?? '', headers[at + 1] ?? '')
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? null)
  return new Response(bytes as ReadableStream | null, { status, headers: fields })
}

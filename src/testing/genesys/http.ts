/** A request that the simulator refuses, in the words of Genesys' ErrorBody. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  /** `ErrorBody.limit`: which limit was reached. */
  readonly limit: ReachedLimit | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly headers?: Readonly<Record<string, string>>; readonly limit?: ReachedLimit } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.headers = more.headers ?? {}
    this.limit = more.limit
  }
}

/** The SDK's `Limit` model. */
export interface ReachedLimit {
  readonly key: string
  readonly namespace: string
  readonly value: number
}

/** 400 with the code that Genesys gives malformed requests. */
export function badRequest(message: string, code = 'bad.request'): Refusal {
  return new Refusal(400, code, message)
}

/** 404 for an entity. */
export function notFound(what: string, id: string): Refusal {
  return new Refusal(404, 'not.found', `Unable to find ${what} with id ${id}.`)
}

/** 403 for a client that has none of these permissions, or not all of them. */
export function missingPermission(permissions: readonly string[], kind: 'any' | 'all' = 'any'): Refusal {
  const message = 'Unable to perform the requested action. You are missing the following permission(s): '
  const code = kind === 'any' ? 'missing.any.permissions' : 'missing.permissions'
  return new Refusal(403, code, `${message}${permissions.join(', ')}`)
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** 204. */
export function noContent(): Response {
  return new Response(null, { status: 204 })
}

/** ErrorBody as every API answer above 399 carries it (genesys-facts, "Limits and errors"). */
export function errorResponse(refusal: Refusal, contextId: string): Response {
  return json(
    refusal.status,
    {
      message: refusal.message,
      code: refusal.code,
      status: refusal.status,
      messageWithParams: refusal.message,
      messageParams: {},
      contextId,
      details: [],
      errors: [],
      ...(refusal.limit === undefined ? {} : { limit: refusal.limit }),
    },
    refusal.headers,
  )
}

/** A JSON object whose fields have not been checked. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The JSON object of a request's body; anything else is refused as Genesys does. */
export async function readObject(request: Request): Promise<JsonObject> {
  const text = await request.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badRequest('The request body is not valid JSON.')
  }
  if (!isObject(value)) throw badRequest('The request body must be a JSON object.')
  return value
}

/** An integer of the query string within bounds, or the default. */
export function integerParameter(
  query: URLSearchParams,
  name: string,
  bounds: { readonly default: number; readonly min: number; readonly max: number },
): number {
  const text = query.get(name)
  if (text === null || text === '') return bounds.default
  const value = Number(text)
  if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw badRequest(`${name} must be an integer from ${bounds.min} to ${bounds.max}, but is ${text}.`)
  }
  return value
}

/** `true`, `false` or the default. */
export function booleanParameter(query: URLSearchParams, name: string, fallback: boolean): boolean {
  const text = query.get(name)
  if (text === null || text === '') return fallback
  if (text !== 'true' && text !== 'false') throw badRequest(`${name} must be true or false, but is ${text}.`)
  return text === 'true'
}

/** One of a closed set of words of the query string; `undefined` if it is left out. */
export function enumParameter<T extends string>(
  query: URLSearchParams,
  name: string,
  values: readonly T[],
): T | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = values.find((one) => one === text)
  if (value === undefined) throw badRequest(`${name} must be one of ${values.join(', ')}, but is ${text}.`)
  return value
}

/** A list of values: repeated as the API documents it, or joined by commas, as the JavaScript SDK sends it. */
export function listParameter(query: URLSearchParams, name: string): readonly string[] {
  return query.getAll(name).flatMap((value) => value.split(','))
}

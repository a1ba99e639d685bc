import { createHash, createHmac } from 'node:crypto'

/** A signer of its own for the tests: neither the SDK's nor the simulator's. */
export interface SigningOptions {
  readonly method?: string
  readonly path: string
  readonly query?: Record<string, string>
  readonly headers?: Record<string, string>
  readonly payload?: string
  readonly payloadHash?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly region?: string
  readonly service?: string
  readonly at?: Date
  /** Headers that are sent but not signed. */
  readonly unsigned?: readonly string[]
}

export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
export const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const basic = (at: Date) => at.toISOString().replace(/[-:]|\.\d+/g, '')

function derive(secret: string, date: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request')
}

export interface Signed {
  readonly url: string
  readonly headers: Record<string, string>
  readonly signature: string
  readonly key: Buffer
  readonly scope: string
  readonly timestamp: string
}

const defaults = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'eu-west-1',
  service: 's3',
}

/** Signs by headers. */
export function sign(endpoint: string, options: SigningOptions): Signed {
  const { accessKeyId, secretAccessKey, region, service } = { ...defaults, ...options }
  const timestamp = basic(options.at ?? new Date())
  const date = timestamp.slice(0, 8)
  const payloadHash = options.payloadHash ?? sha256(options.payload ?? '')
  const headers: Record<string, string> = {
    'x-amz-date': timestamp,
    'x-amz-content-sha256': payloadHash,
    ...options.headers,
  }
  const signed = Object.keys({ ...headers, host: '' })
    .filter((name) => !options.unsigned?.includes(name))
    .sort()
  const values = { ...headers, host: new URL(endpoint).host } as Record<string, string>
  const query = queryOf(options.query ?? {})
  const canonical = [
    options.method ?? 'GET',
    options.path,
    query,
    ...signed.map((name) => `${name}:${values[name]!.trim()}`),
    '',
    signed.join(';'),
    payloadHash,
  ].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const key = derive(secretAccessKey, date, region, service)
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString('hex')
  return {
    url: `${endpoint}${options.path}${query === '' ? '' : `?${query}`}`,
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed.join(';')}, Signature=${signature}`,
    },
    signature,
    key,
    scope,
    timestamp,
  }
}

function queryOf(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

/** Presigns a URL. */
export function presign(
  endpoint: string,
  options: SigningOptions & { readonly expiresSeconds?: number | string },
): string {
  const { accessKeyId, secretAccessKey, region, service } = { ...defaults, ...options }
  const timestamp = basic(options.at ?? new Date())
  const date = timestamp.slice(0, 8)
  const scope = `${date}/${region}/${service}/aws4_request`
  const values: Record<string, string> = { ...options.headers, host: new URL(endpoint).host }
  const signed = Object.keys(values).sort()
  const query = queryOf({
    ...options.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(options.expiresSeconds ?? 60),
    'X-Amz-SignedHeaders': signed.join(';'),
  })
  const canonical = [
    options.method ?? 'GET',
    options.path,
    query,
    ...signed.map((name) => `${name}:${values[name]}`),
    '',
    signed.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const key = derive(secretAccessKey, date, region, service)
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString('hex')
  return `${endpoint}${options.path}?${query}&X-Amz-Signature=${signature}`
}

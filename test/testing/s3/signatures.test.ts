import { createHmac } from 'node:crypto'
import { GetObjectCommand, HeadBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, it } from 'vitest'
import { S3Simulator, SimulatedClock } from '../../../src/testing/index.js'
import { refusal, useBench } from './fixture.js'
import { hmac, presign, type SigningOptions, sha256, sign } from './signer.js'

const temporary = { accessKeyId: 'ASIATEMPORARY', secretAccessKey: 'temporary-secret', sessionToken: 'the-token' }
const expired = { ...temporary, accessKeyId: 'ASIAEXPIRED', expiresAtMs: Date.parse('2020-01-01') }
const bench = useBench({ credentials: [S3Simulator.defaultCredentials, temporary, expired] })

beforeEach(() => bench.simulator.createBucket('signed'))

/** Sends a signed request and answers `Code status`, or the status alone. */
async function send(options: SigningOptions & { readonly body?: string | Buffer }): Promise<string> {
  const { url, headers } = sign(bench.listener.endpoint, options)
  return outcome(
    await fetch(url, { method: options.method ?? 'GET', headers, body: options.body ?? options.payload ?? null }),
  )
}

async function outcome(response: Response): Promise<string> {
  const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1]
  return code === undefined ? String(response.status) : `${code} ${response.status}`
}

const get = async (url: string, init: RequestInit = {}) => outcome(await fetch(url, init))
const minutes = (count: number) => new Date(Date.now() + count * 60_000)

describe('signature in headers', () => {
  const cases: [name: string, options: Partial<SigningOptions>, expected: string][] = [
    ['is accepted', {}, '200'],
    ['with another secret is refused', { secretAccessKey: 'other' }, 'SignatureDoesNotMatch 403'],
    ['with an unknown key is refused', { accessKeyId: 'AKIAUNKNOWN' }, 'InvalidAccessKeyId 403'],
    ['of another region is refused', { region: 'eu-west-2' }, 'AuthorizationHeaderMalformed 400'],
    ['of another service is refused', { service: 'sqs' }, 'AuthorizationHeaderMalformed 400'],
    ['sixteen minutes late is refused', { at: minutes(-16) }, 'RequestTimeTooSkewed 403'],
    ['sixteen minutes early is refused', { at: minutes(16) }, 'RequestTimeTooSkewed 403'],
    ['fourteen minutes late is accepted', { at: minutes(-14) }, '200'],
    [
      'that leaves an x-amz header out is refused',
      { headers: { 'x-amz-acl': 'x' }, unsigned: ['x-amz-acl'] },
      'AccessDenied 403',
    ],
    ['with a hash that is none is refused', { payloadHash: 'abc' }, 'InvalidArgument 400'],
  ]
  it.each(cases)('%s', async (_, options, expected) => {
    expect(await send({ path: '/signed', ...options })).toBe(expected)
  })

  it('names the region that was expected', async () => {
    const { url, headers } = sign(bench.listener.endpoint, { path: '/signed', region: 'us-east-1' })
    const response = await fetch(url, { headers })
    expect(response.headers.get('x-amz-bucket-region')).toBe('eu-west-1')
    expect(await response.text()).toContain('<Region>eu-west-1</Region>')
  })

  it('covers the path and the query', async () => {
    const { headers } = sign(bench.listener.endpoint, { path: '/signed' })
    expect(await get(`${bench.listener.endpoint}/other`, { headers })).toBe('SignatureDoesNotMatch 403')
    expect(await get(`${bench.listener.endpoint}/signed?prefix=x`, { headers })).toBe('SignatureDoesNotMatch 403')
  })

  it('covers the body by its hash', async () => {
    const put = { method: 'PUT', path: '/signed/key', payload: 'said' }
    expect(await send(put)).toBe('200')
    expect(await send({ ...put, body: 'sent' })).toBe('XAmzContentSHA256Mismatch 400')
    expect(await send({ ...put, payloadHash: 'UNSIGNED-PAYLOAD', body: 'anything' })).toBe('200')
  })

  it('is needed', async () => {
    expect(await get(`${bench.listener.endpoint}/signed`)).toBe('AccessDenied 403')
    expect(await get(`${bench.listener.endpoint}/`)).toBe('AccessDenied 403')
  })

  it('of version 2 is refused', async () => {
    const headers = { authorization: 'AWS AKIAIOSFODNN7EXAMPLE:signature=' }
    expect(await get(`${bench.listener.endpoint}/signed`, { headers })).toBe('InvalidRequest 400')
  })

  it('never shows a secret in the error', async () => {
    const { url, headers } = sign(bench.listener.endpoint, { path: '/signed', secretAccessKey: 'other' })
    const text = await (await fetch(url, { headers })).text()
    expect(text).toContain('<StringToSign>')
    expect(text).not.toContain(S3Simulator.defaultCredentials.secretAccessKey)
  })
})

describe('temporary credentials', () => {
  const path = '/signed'
  it.each<[string, Partial<SigningOptions>, string]>([
    ['with their token are accepted', { headers: { 'x-amz-security-token': 'the-token' } }, '200'],
    ['without it are unknown', {}, 'InvalidAccessKeyId 403'],
    ['with another are refused', { headers: { 'x-amz-security-token': 'other' } }, 'InvalidToken 400'],
  ])('%s', async (_, options, expected) => {
    const { accessKeyId, secretAccessKey } = temporary
    expect(await send({ path, accessKeyId, secretAccessKey, ...options })).toBe(expected)
  })

  it('end', async () => {
    const { accessKeyId, secretAccessKey } = expired
    const headers = { 'x-amz-security-token': 'the-token' }
    expect(await send({ path, accessKeyId, secretAccessKey, headers })).toBe('ExpiredToken 400')
  })

  it('are the only ones that have a token', async () => {
    expect(await send({ path, headers: { 'x-amz-security-token': 'x' } })).toBe('InvalidToken 400')
  })
})

describe('presigned URL', () => {
  beforeEach(() => bench.client.send(new PutObjectCommand({ Bucket: 'signed', Key: 'k', Body: 'content' })))
  const url = (options: Partial<Parameters<typeof presign>[1]> = {}) =>
    presign(bench.listener.endpoint, { path: '/signed/k', ...options })

  it.each<[string, Partial<Parameters<typeof presign>[1]>, string]>([
    ['is accepted', {}, '200'],
    ['with another secret is refused', { secretAccessKey: 'other' }, 'SignatureDoesNotMatch 403'],
    ['that has expired is refused', { at: minutes(-2), expiresSeconds: 60 }, 'AccessDenied 403'],
    ['that begins later is refused', { at: minutes(20) }, 'AccessDenied 403'],
    ['for longer than a week is refused', { expiresSeconds: 604_801 }, 'AuthorizationQueryParametersError 400'],
    ['without a number of seconds is refused', { expiresSeconds: 'soon' }, 'AuthorizationQueryParametersError 400'],
    ['of another region is refused', { region: 'us-east-1' }, 'AuthorizationQueryParametersError 400'],
    ['that is days old and lasts a week is accepted', { at: minutes(-3 * 1440), expiresSeconds: 604_800 }, '200'],
  ])('%s', async (_, options, expected) => {
    expect(await get(url(options))).toBe(expected)
  })

  it('says when it expired', async () => {
    const text = await (await fetch(url({ at: minutes(-2) }))).text()
    expect(text).toContain('<Message>Request has expired</Message>')
  })

  it('lacking a parameter is refused', async () => {
    const cut = url().replace(/&X-Amz-Expires=\d+/, '')
    expect(await get(cut)).toBe('AuthorizationQueryParametersError 400')
  })

  it('together with a header is refused', async () => {
    expect(await get(url(), { headers: { authorization: 'AWS4-HMAC-SHA256 x' } })).toBe('InvalidArgument 400')
  })

  it('carries metadata in place of headers', async () => {
    const put = url({ method: 'PUT', query: { 'x-amz-meta-matter': 'doe' } })
    expect(await get(put, { method: 'PUT', body: 'new' })).toBe('200')
    expect(bench.simulator.object('signed', 'k')?.metadata).toEqual([['matter', 'doe']])
  })

  it('may replace headers of the answer, which an anonymous request may not', async () => {
    const response = await fetch(url({ query: { 'response-content-type': 'text/x-other' } }))
    expect(response.headers.get('content-type')).toBe('text/x-other')
  })
})

describe('aws-chunked body', () => {
  /** A body in signed chunks, as the documentation of S3 lays it out. */
  function chunked(parts: string[], change: (chunk: string, index: number) => string = (chunk) => chunk) {
    const headers = {
      'content-encoding': 'aws-chunked,gzip',
      'x-amz-decoded-content-length': String(parts.join('').length),
    }
    const signed = sign(bench.listener.endpoint, {
      method: 'PUT',
      path: '/signed/chunked',
      headers,
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    let previous = signed.signature
    const body = [...parts, '']
      .map((part, index) => {
        const text = ['AWS4-HMAC-SHA256-PAYLOAD', signed.timestamp, signed.scope, previous, sha256(''), sha256(part)]
        previous = hmac(signed.key, text.join('\n')).toString('hex')
        return `${part.length.toString(16)};chunk-signature=${previous}\r\n${change(part, index)}\r\n`
      })
      .join('')
    return get(signed.url, { method: 'PUT', headers: signed.headers, body })
  }

  it('is taken apart, and its coding not kept', async () => {
    expect(await chunked(['a'.repeat(8192), 'rest'])).toBe('200')
    const stored = bench.simulator.object('signed', 'chunked')
    expect(stored?.body.sizeBytes).toBe(8196)
    expect(stored?.headers).toContainEqual(['content-encoding', 'gzip'])
  })

  it('with a changed chunk is refused and stores nothing', async () => {
    const tampered = (chunk: string, index: number) => (index === 1 ? chunk.replace('r', 'R') : chunk)
    expect(await chunked(['a'.repeat(8192), 'rest'], tampered)).toBe('SignatureDoesNotMatch 403')
    expect(bench.simulator.object('signed', 'chunked')).toBeUndefined()
  })

  it('with a trailing checksum is checked against it', async () => {
    const send = (checksum: string) => {
      const body = `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`
      const headers = { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' }
      const signed = sign(bench.listener.endpoint, {
        method: 'PUT',
        path: '/signed/trailer',
        headers,
        payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      })
      return get(signed.url, { method: 'PUT', headers: signed.headers, body })
    }
    expect(await send('NhCmhg==')).toBe('200')
    expect(bench.simulator.object('signed', 'trailer')?.checksum).toMatchObject({
      algorithm: 'CRC32',
      value: 'NhCmhg==',
    })
    expect(await send('AAAAAA==')).toBe('BadDigest 400')
  })

  it('of another length than announced is refused', async () => {
    const signed = sign(bench.listener.endpoint, {
      method: 'PUT',
      path: '/signed/short',
      headers: { 'x-amz-decoded-content-length': '9' },
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    })
    const body = '5\r\nhello\r\n0\r\n\r\n'
    expect(await get(signed.url, { method: 'PUT', headers: signed.headers, body })).toBe('IncompleteBody 400')
  })
})

it('knows URLs that are presigned with version 2, which boto3 does by default', async () => {
  await bench.client.send(new PutObjectCommand({ Bucket: 'signed', Key: 'k', Body: 'content' }))
  const presignV2 = (expires: number, secret: string) => {
    const signature = createHmac('sha1', secret).update(`GET\n\n\n${expires}\n/signed/k`).digest('base64')
    const { accessKeyId } = S3Simulator.defaultCredentials
    const query = new URLSearchParams({ AWSAccessKeyId: accessKeyId, Expires: String(expires), Signature: signature })
    return `${bench.listener.endpoint}/signed/k?${query}`
  }
  const now = Math.floor(Date.now() / 1000)
  const { secretAccessKey } = S3Simulator.defaultCredentials
  expect(await get(presignV2(now + 60, secretAccessKey))).toBe('200')
  expect(await get(presignV2(now + 60, 'other'))).toBe('SignatureDoesNotMatch 403')
  expect(await get(presignV2(now - 60, secretAccessKey))).toBe('AccessDenied 403')
})

it('finds the bucket in the host', async () => {
  await bench.client.send(new PutObjectCommand({ Bucket: 'signed', Key: 'dir/k', Body: 'hosted' }))
  const handle = (url: string) => {
    const { headers } = sign(new URL(url).origin, { path: '/dir/k' })
    return bench.simulator.handle(new Request(url, { headers: { ...headers, host: new URL(url).host } }))
  }
  expect(await (await handle('http://signed.localhost:9000/dir/k')).text()).toBe('hosted')
  expect(await (await handle('https://signed.s3.eu-west-1.amazonaws.com/dir/k')).text()).toBe('hosted')
})

it('judges signatures by its clock, and the SDK corrects its own by the answer', async () => {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const simulator = new S3Simulator({ clock })
  const listener = await simulator.listen()
  const client = bench.connect({ endpoint: listener.endpoint, maxAttempts: 2 })
  await client.send(new ListBucketsCommand({}))
  expect(simulator.requests.map(({ errorCode }) => errorCode)).toEqual(['RequestTimeTooSkewed', undefined])
  await listener.close()
})

it('sends a request for a bucket of another region there', async () => {
  bench.simulator.createBucket('in-london', { region: 'eu-west-2' })
  expect(await refusal(bench.client.send(new GetObjectCommand({ Bucket: 'in-london', Key: 'k' })))).toBe(
    'PermanentRedirect 301',
  )
  const london = bench.connect({ region: 'eu-west-2' })
  expect(await london.send(new HeadBucketCommand({ Bucket: 'in-london' }))).toMatchObject({ BucketRegion: 'eu-west-2' })
})

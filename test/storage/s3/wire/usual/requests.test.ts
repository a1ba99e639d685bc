import { afterEach, describe, expect, test } from 'vitest'
import type { ResolvedClient } from '../../../../../src/storage/s3/client/eligible.js'
import { CallCodec, type CallInput, type FastOperation } from '../../../../../src/storage/s3/wire/calls.js'
import { openSession } from '../../../../../src/storage/s3/wire/session.js'
import { SigningKeys } from '../../../../../src/storage/s3/wire/signature.js'
import { renderUsual, usualProbes } from '../../../../../src/storage/s3/wire/usual/requests.js'
import { S3 } from '../../world.js'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const bucket = 'evidence'

interface Serializer {
  serializeRequest(operation: { name: string }, input: object, context: object): Promise<{ headers: object }>
}

/** A codec, and which operations its SDK was asked to render since it was opened. */
async function codecWith(change: (operation: string, headers: object) => object = (_, headers) => headers) {
  const client = new S3.S3Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  })
  closing.push(() => client.destroy())
  const session = await openSession(S3, client as unknown as ResolvedClient, { bucket }, new SigningKeys())
  const protocol = client.config.protocol as unknown as Serializer
  const rendered: string[] = []
  const watched = Object.create(protocol, {
    serializeRequest: {
      value: async (...args: Parameters<Serializer['serializeRequest']>) => {
        rendered.push(args[0].name)
        const request = await protocol.serializeRequest(...args)
        request.headers = change(args[0].name, request.headers)
        return request
      },
    },
  })
  const resolved = { send: client.send.bind(client), config: { ...client.config, protocol: watched } }
  const codec = await CallCodec.open(S3, resolved as unknown as ResolvedClient, session as never, bucket)
  if (codec === undefined) throw new Error('there is no codec')
  rendered.length = 0
  return { codec, rendered }
}

const operations = Object.keys(usualProbes) as FastOperation[]
const probeOf = (operation: FastOperation): CallInput => ({ Bucket: bucket, Key: 'a/b', ...usualProbes[operation] })
/** None of its own is a checksum that only the SDK can compute. */
const sendableProbeOf = (operation: FastOperation): CallInput => ({
  ...probeOf(operation),
  ...(operation === 'PutObjectLegalHold' ? { ChecksumAlgorithm: undefined } : {}),
})

describe('the usual requests of a repair', () => {
  test.each(operations)('%s is rendered without the schemas of the SDK', async (operation) => {
    const { codec, rendered } = await codecWith()
    expect(await codec.render(operation, sendableProbeOf(operation), undefined)).toBeDefined()
    expect(rendered).toEqual([])
  })

  test.each(operations)('%s is left to the schemas where they render it in another way', async (operation) => {
    const opening = codecWith((name, headers) => (name === operation ? { ...headers, 'x-amz-meta-new': '1' } : headers))
    // What the client sends of a copy itself is compared as well: where that has no such header, nothing goes past the SDK.
    if (operation === 'CopyObject') {
      await expect(opening).rejects.toThrow('there is no codec')
      return
    }
    const { codec, rendered } = await opening
    const call = await codec.render(operation, sendableProbeOf(operation), undefined)
    expect(call?.headers).toHaveProperty('x-amz-meta-new', '1')
    expect(rendered).toEqual([operation])
  })

  test.each(operations)('%s with a member that is not known here is left to the schemas', (operation) => {
    const probe = probeOf(operation)
    expect(renderUsual(operation, probe)).toBeDefined()
    expect(renderUsual(operation, { ...probe, Unknown: 'x' })).toBeUndefined()
    expect(renderUsual(operation, { ...probe, Unknown: undefined })).toEqual(renderUsual(operation, probe))
    expect(renderUsual(operation, { ...probe, constructor: 'x' })).toBeUndefined()
    expect(renderUsual(operation, { ...probe, ExpectedBucketOwner: 5 })).toBeUndefined()
    expect(renderUsual(operation, { ...probe, ExpectedBucketOwner: '' })).toBeUndefined()
    expect(renderUsual(operation, { ...probe, Key: '' })).toBeUndefined()
  })

  test('a hold that is neither on nor off, a date that is none and metadata that are no texts are left to them', () => {
    const hold = (LegalHold: unknown) => renderUsual('PutObjectLegalHold', { Key: 'k', LegalHold })
    expect(hold({ Status: 'ON' })).toBeDefined()
    for (const one of [undefined, null, 'ON', {}, { Status: '<' }, { Status: 'ON', Other: 1 }]) {
      expect(hold(one), JSON.stringify(one)).toBeUndefined()
    }
    const copy = (other: object) => renderUsual('CopyObject', { Key: 'k', CopySource: 'b/k', ...other })
    expect(copy({ ObjectLockRetainUntilDate: new Date(Number.NaN) })).toBeUndefined()
    expect(copy({ ObjectLockRetainUntilDate: '2030-01-01T00:00:00Z' })).toBeUndefined()
    expect(copy({ BucketKeyEnabled: 'true' })).toBeUndefined()
    expect(copy({ Metadata: { a: 1 } })).toBeUndefined()
    expect(copy({ Metadata: 'a' })).toBeUndefined()
  })
})

import { createPublicKey, createVerify } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fingerprintOf, KmsSigner } from '#src/node.js'
import { answering, type LoopbackServer } from '../../fakes/http-server.js'
import { newKey } from '../bundle-world.js'

// AWS KMS on loopback, as far as a signer asks it: JSON 1.1 by the header x-amz-target.

const key = newKey('P-256')
const der = createPublicKey(key.publicKey).export({ type: 'spki', format: 'der' })
let server: LoopbackServer
let endpoint: string
const asked: { target: string; body: Record<string, string> }[] = []
let isRefusing = false

beforeEach(async () => {
  asked.length = 0
  isRefusing = false
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-key')
  server = await answering(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const target = String(request.headers['x-amz-target'])
    const body = JSON.parse(text)
    asked.push({ target, body })
    const type = { 'content-type': 'application/x-amz-json-1.1' }
    if (isRefusing) return response.writeHead(400, type).end('{"__type":"AccessDeniedException","message":"not-a-key"}')
    const isKey = target.endsWith('GetPublicKey')
    // What is signed is the digest; the key signs a message, whose digest is another: only that it is carried is tested.
    const signature = isKey ? undefined : await key.signer.sign(Buffer.from(body.Message, 'base64'))
    const answer = isKey
      ? { PublicKey: der.toString('base64') }
      : { Signature: Buffer.from(signature!).toString('base64') }
    return response.writeHead(200, type).end(JSON.stringify(answer))
  })
  endpoint = server.endpoint
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

test('a key in AWS KMS gives its public key in PEM, and signs digests', async () => {
  const signer = new KmsSigner({ keyId: 'alias/legal-hold', region: 'eu-west-1', endpoint })
  expect(fingerprintOf(await signer.publicKey())).toBe(key.fingerprint)
  const signature = await signer.sign(Buffer.alloc(10_000, 'statement'))
  const { body } = asked.at(-1)!
  expect(body).toMatchObject({ KeyId: 'alias/legal-hold', MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' })
  const digest = Buffer.from(body.Message!, 'base64')
  expect(digest).toHaveLength(32)
  expect(createVerify('sha256').update(digest).verify(key.publicKey, signature)).toBe(true)
})

test('a refusal is EVIDENCE_NOT_SEALED, without what KMS says', async () => {
  isRefusing = true
  const signer = new KmsSigner({ keyId: 'k', region: 'eu-west-1', endpoint })
  const error = await signer.publicKey().catch((reason: unknown) => reason as Error)
  expect(error).toMatchObject({
    code: 'EVIDENCE_NOT_SEALED',
    message: expect.stringContaining('AccessDeniedException'),
  })
  expect((error as Error).message).not.toContain('not-a-key')
  expect(() => new KmsSigner({ keyId: '' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
})

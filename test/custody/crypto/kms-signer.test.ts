import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { Signer } from '#src/index.js'
import { verifyEvidence } from '#src/node.js'
import { freshFolder, newKey, sealedRun } from '../bundle-world.js'
import { hasTool } from './local-tsa.js'

const openssl = hasTool('openssl')
if (!openssl) console.warn('openssl is not installed: the signer for AWS KMS is not tested here')

test.runIf(openssl)('the signer for AWS KMS in docs/evidence.md seals what verifies', async () => {
  const page = readFileSync(new URL('../../../docs/evidence.md', import.meta.url), 'utf8')
  const [, code = ''] = /## A key in AWS KMS[\s\S]*?```ts\n([\s\S]*?)\n```/.exec(page) ?? []
  const file = join(mkdtempSync(join(tmpdir(), 'kms-')), 'kms-signer.ts')
  // Its one import from this package is of a type.
  writeFileSync(file, code)
  const { KmsSigner } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    KmsSigner: new (kms: unknown, keyId: string) => Signer
  }
  const key = newKey('P-256')
  const digests: number[] = []
  const kms = {
    getPublicKey: async () => ({ PublicKey: createPublicKey(key.publicKey).export({ type: 'spki', format: 'der' }) }),
    sign: async ({ Message }: { Message: Buffer }) => {
      digests.push(Message.length)
      return { Signature: signDigest(key.pem, Message) }
    },
  }
  const { dir } = await sealedRun({ signer: new KmsSigner(kms, 'key') })
  expect(digests).toEqual([32])
  expect((await verifyEvidence(dir, { publicKey: key.publicKey })).problems).toEqual([])
})

/** As KMS does: the digest is signed as it is. Node would hash it once more. */
function signDigest(pem: string, digest: Buffer): Buffer {
  const key = freshFolder('kms.pem')
  writeFileSync(key, pem)
  return execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', key], { input: digest, stdio: 'pipe' })
}

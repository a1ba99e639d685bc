import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprintOf } from '../../custody/crypto/keys.js'
import { ArgumentError } from '../arguments.js'

/** A signing key on disk. */
export interface SigningKey {
  readonly keyFile: string
  readonly publicKeyFile: string
  readonly fingerprint: string
}

/**
 * Makes an Ed25519 key in a folder, readable by its owner alone. One that is there already is taken: a matter that is set up
 * again must not end with evidence of two signers.
 */
export async function makeSigningKey(folder: string): Promise<SigningKey> {
  const keyFile = join(folder, 'signing-key.pem')
  const publicKeyFile = join(folder, 'signing-key.pub.pem')
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  try {
    await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const known = await readFile(publicKeyFile, 'utf8').catch(() => {
      throw new ArgumentError(
        `${keyFile} is there already and ${publicKeyFile} is not: name the key by --signing-key FILE.`,
      )
    })
    return { keyFile, publicKeyFile, fingerprint: fingerprintOf(known) }
  }
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  await writeFile(publicKeyFile, pem)
  return { keyFile, publicKeyFile, fingerprint: fingerprintOf(pem.toString()) }
}

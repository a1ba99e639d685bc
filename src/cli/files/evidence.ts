import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundleFiles } from '../../custody/bundle/contents.js'
import { KeyFileSigner } from '../../custody/crypto/keys.js'
import { KmsSigner } from '../../custody/crypto/kms-signer.js'
import { evidenceBundle } from '../../custody/seal/evidence-bundle.js'
import type { EvidenceSink, Signer } from '../../ports/evidence.js'
import { ArgumentError, fileOf, type Given } from '../arguments.js'
import type { FlagSpec } from '../command.js'
import { refuseUnset } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'
import { placesOf } from './places.js'

/** Flags of the commands that seal. */
export const sealFlags: readonly FlagSpec[] = [
  {
    name: 'evidence',
    value: 'DIR',
    kind: 'text',
    about: 'seal the run there; needs --signing-key, or a key in --config',
  },
  {
    name: 'signing-key',
    value: 'FILE',
    kind: 'text',
    about: 'private key, in PEM: openssl genpkey -algorithm ed25519 -out signing-key.pem',
  },
  {
    name: 'tsa-url',
    value: 'URL',
    kind: 'text',
    about: 'obtain a time stamp on the signature from this authority (RFC 3161)',
  },
  { name: 'previous', value: 'DIR', kind: 'text', about: 'the previous bundle of the same matter' },
]

/** Where a run is sealed, and by what; `undefined` if it is not. */
export interface Sealing {
  readonly dir: string
  readonly sink: EvidenceSink
}

/** Evidence as flags and file say. */
export async function sealingOf(given: Given, resolved: Resolved): Promise<Sealing | undefined> {
  const { matter, file, folder } = resolved
  if (matter.evidence !== undefined) refuseUnset(resolved, ['evidence'])
  const { passphrase, kmsKeyId, kmsRegion, kmsEndpoint, timestamp, hashContent, ...paths } = matter.evidence ?? {}
  const inFolder = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path))
  const keyFile = given.text('signing-key') ?? inFolder(paths.signingKey)
  const authority = given.text('tsa-url') ?? timestamp?.authority
  const previous = given.text('previous') ?? inFolder(paths.previous)
  const dir = given.text('evidence') ?? (file === undefined ? undefined : placesOf(resolved).evidence)
  if (dir === undefined) {
    for (const flag of ['signing-key', 'tsa-url', 'previous']) {
      if (given.text(flag) !== undefined) throw new ArgumentError(`--${flag} is for --evidence DIR, which is missing.`)
    }
    return undefined
  }
  const signer = await signerOf(keyFile, {
    passphrase,
    kmsKeyId,
    region: kmsRegion ?? matter.s3?.region,
    endpoint: kmsEndpoint,
  })
  if (signer === undefined) {
    if (given.text('evidence') !== undefined) throw new ArgumentError('--evidence needs --signing-key FILE.')
    return undefined
  }
  const ca = await fileOf('config', inFolder(timestamp?.caFile))
  const sink = evidenceBundle({
    dir,
    signer,
    previous,
    hashContent,
    ...(authority === undefined ? {} : { timestamp: { authority, ca } }),
  })
  return { dir, sink }
}

async function signerOf(
  keyFile: string | undefined,
  given: {
    readonly passphrase: string | undefined
    readonly kmsKeyId: string | undefined
    readonly region: string | undefined
    readonly endpoint: string | undefined
  },
): Promise<Signer | undefined> {
  const { passphrase, kmsKeyId, region, endpoint } = given
  const pem = await fileOf('signing-key', keyFile)
  if (pem !== undefined) return new KeyFileSigner({ pem, passphrase })
  return kmsKeyId === undefined ? undefined : new KmsSigner({ keyId: kmsKeyId, region, endpoint })
}

/** Whether a folder holds a sealed bundle. */
export function isSealed(dir: string): Promise<boolean> {
  return stat(join(dir, bundleFiles.statement)).then(
    () => true,
    () => false,
  )
}

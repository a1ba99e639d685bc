import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvidenceSink } from 'genesys-legal-hold-exporter'
import {
  evidenceBundle,
  fingerprintOf,
  KeyFileSigner,
  type VerifyOptions,
  verifyEvidence,
} from 'genesys-legal-hold-exporter/node'
import { counted } from './counted.ts'

/** Evidence of one run of the quickstart, signed with a key that is made on the spot and not kept. */
export interface QuickstartEvidence {
  /** `undefined` where the run is sealed already. */
  readonly sink: EvidenceSink | undefined
  /** Verifies what was sealed; the lines say what was found, and how anyone can find the same. */
  verify(): Promise<readonly string[]>
}

/**
 * @param folder where the bundle goes; by default beside the journal, where a repetition finds it, else in a temporary folder
 * @param journal folder of the journal, if there is one
 * @param shards verifies the shards of a run that was cut into some
 * @param finishedRun id of the run that the journal is of, if it is over: its bundle may be there already
 */
export async function quickstartEvidence(
  folder: string | undefined,
  journal: string | undefined,
  finishedRun: string | undefined,
  shards?: VerifyOptions['shards'],
): Promise<QuickstartEvidence> {
  const dir = folder ?? join(journal ?? mkdtempSync(join(tmpdir(), 'legal-hold-')), 'evidence')
  const sealed = finishedRun === undefined ? undefined : await sealedBefore(dir, finishedRun)
  if (sealed !== undefined) return { sink: undefined, verify: () => verified(dir, sealed) }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    sink: evidenceBundle({ dir, signer: new KeyFileSigner({ pem }) }),
    verify: () => verified(dir, fingerprintOf(publicKey), shards),
  }
}

/** The fingerprint of the key that lies in a bundle of this very run. */
async function sealedBefore(dir: string, runId: string): Promise<string | undefined> {
  if (!existsSync(join(dir, 'statement.dsse.json'))) return undefined
  const fingerprint = fingerprintOf(createPublicKey(readFileSync(join(dir, 'public-key.pem'))))
  const { predicate } = await verifyEvidence(dir, { fingerprint })
  return predicate?.runId === runId ? fingerprint : undefined
}

async function verified(
  dir: string,
  fingerprint: string,
  shards?: VerifyOptions['shards'],
): Promise<readonly string[]> {
  const { verified: isVerified, problems, predicate, notes } = await verifyEvidence(dir, { fingerprint, shards })
  if (!isVerified) throw new Error(`The evidence in ${dir} does not verify: ${problems[0]?.message}`)
  return [
    `  in ${dir}: report.html, and ${counted(predicate?.log.treeSize ?? 0, 'record')} signed with a key made for this run`,
    ...(shards === undefined ? [] : notes.filter((note) => note.includes('shard')).map((note) => `  ${note}`)),
    '  verified; anyone can do the same, with this package or with openssl, sha256sum and jq:',
    `  npx --no-install genesys-legal-hold-exporter verify ${quoted(dir)} --fingerprint ${fingerprint}`,
    `  (cd ${quoted(dir)} && sed -n '/^\`\`\`sh$/,/^\`\`\`$/{//!p;}' VERIFY.md | KEY=public-key.pem sh -e)`,
  ]
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

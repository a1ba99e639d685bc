import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EvidenceSink } from 'genesys-legal-hold-exporter'
import { evidenceBundle, fingerprintOf, KeyFileSigner, verifyEvidence } from 'genesys-legal-hold-exporter/node'

/** Evidence of one run of the quickstart, signed with a key that is made on the spot and not kept. */
export interface QuickstartEvidence {
  readonly sink: EvidenceSink
  /** Verifies what was sealed; the lines say what was found, and how anyone can find the same. */
  verify(): Promise<readonly string[]>
}

/** @param folder where the bundle goes; by default a temporary folder */
export function quickstartEvidence(folder: string | undefined): QuickstartEvidence {
  const dir = folder ?? join(mkdtempSync(join(tmpdir(), 'legal-hold-')), 'evidence')
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const fingerprint = fingerprintOf(publicKey)
  return {
    sink: evidenceBundle({ dir, signer: new KeyFileSigner({ pem }) }),
    async verify() {
      const { verified, problems, predicate } = await verifyEvidence(dir, { fingerprint })
      if (!verified) throw new Error(`The evidence in ${dir} does not verify: ${problems[0]?.message}`)
      return [
        `  in ${dir}: report.html, and ${predicate?.log.treeSize} records signed with a key made for this run`,
        '  verified; anyone can do the same, with this package or with openssl, sha256sum and jq:',
        `  npx --no-install genesys-legal-hold-exporter verify ${quoted(dir)} --fingerprint ${fingerprint}`,
        `  (cd ${quoted(dir)} && sed -n '/^\`\`\`sh$/,/^\`\`\`$/{//!p;}' VERIFY.md | KEY=public-key.pem sh -e)`,
      ]
    },
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

// A run with evidence in a process of its own, to be killed. Prints a line for each repair, and one when it is to sign.
import { readFileSync } from 'node:fs'
import { RecordingJobsPlatform } from '../../../src/genesys.js'
import { LegalHoldExporter, type Signer } from '../../../src/index.js'
import { evidenceBundle, FileJournal, KeyFileSigner } from '../../../src/node.js'
import { S3StorageAdapter } from '../../../src/s3.js'

const [mode, file = ''] = process.argv.slice(2)
const { genesys, s3, request, dir, journal, pem } = JSON.parse(readFileSync(file, 'utf8'))
const { bucket, region, endpoint, accessKeyId, secretAccessKey } = s3
const key = new KeyFileSigner({ pem })
const stuck: Signer = {
  publicKey: () => key.publicKey(),
  sign() {
    process.stdout.write('signing\n')
    return new Promise(() => {})
  },
}
// A promise alone keeps no process alive.
setInterval(() => {}, 1_000)
const exporter = new LegalHoldExporter({
  platform: new RecordingJobsPlatform({ region: 'eu-west-1', ...genesys }),
  storage: new S3StorageAdapter({ bucket, region, endpoint, credentials: { accessKeyId, secretAccessKey } }),
  hold: { tag: 'matter-1' },
  accept: ['retention-deletes-before-hold'],
  polling: { minIntervalMs: 100, maxIntervalMs: 200 },
  landingSettleMs: 200,
  landingQuietMs: 20_000,
})
const report = await exporter.run(request, {
  evidence: evidenceBundle({ dir, signer: mode === 'signing' ? stuck : key }),
  ...(journal === undefined ? {} : { journal: new FileJournal(journal) }),
  onEvent: ({ type }) => {
    if (type === 'remediation') process.stdout.write('repaired\n')
  },
})
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(0)

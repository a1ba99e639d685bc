// The whole run of this library: from the inspection to the sealed evidence, with its journal on the disk.
// `default-heap` leaves the heap as Node sets it; `no-journal` runs without journal and evidence, as a loop does.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { evidenceBundle, FileJournal, KeyFileSigner } from 'genesys-legal-hold-exporter/node'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { concurrency, credentials, endpoint, measureRun, pageOfRecordings, region, tag } from './measure.mjs'

const mode = process.argv[6]
// As the command does (src/cli/heap.ts).
if (mode !== 'default-heap') setFlagsFromString('--heap-growing-percent=60')

const { privateKey } = generateKeyPairSync('ed25519')
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const jobCreatedAt = '2023-10-20T11:00:00.000Z'

/** @param {string} bucket */
function platformOf(bucket) {
  const job = { id: `job-of-${bucket}`, state: 'FULFILLED', platformState: 'FULFILLED', totals: {} }
  return {
    name: 'bench',
    region,
    capabilities: {
      stampsHoldMetadata: false,
      idempotency: 'lookup',
      deletionProtection: false,
      listsExpectedRecordings: true,
    },
    organization: async () => ({ id: 'a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03' }),
    inspectProfile: async (/** @type {string} */ id) => ({ id, kind: 'integration', findings: [] }),
    inspectRequest: async () => [],
    coverage: async () => ({ availableUntil: '2100-01-01T00:00:00Z' }),
    // Before what it has written (bench/whole/objects.ts): older objects wait, since the job may write them again.
    createJob: async () => ({ ...job, createdAt: jobCreatedAt }),
    findJob: async () => undefined,
    executeJob: async () => job,
    getJob: async () => job,
    cancelJob: async () => {},
    async *failedRecordings() {},
    async *expectedRecordings() {
      for (let from = 0; ; ) {
        const { recordings } = await pageOfRecordings(bucket, from)
        yield* recordings
        from += recordings.length
        if (recordings.length === 0) return
      }
    },
  }
}

await measureRun(async (bucket, objects) => {
  const dir = mkdtempSync(join(tmpdir(), 'legal-hold-bench-'))
  // Not a part of the run, and not measured.
  process.once('exit', () => rmSync(dir, { recursive: true }))
  const storage = new S3StorageAdapter({ bucket, endpoint, region, credentials })
  const exporter = new LegalHoldExporter({
    platform: platformOf(bucket),
    storage,
    hold: { tag },
    concurrency,
    // The job is done, and all has landed.
    polling: { minIntervalMs: 1, maxIntervalMs: 1 },
    landingSettleMs: 0,
    landingQuietMs: 100,
  })
  const journal = mode === 'no-journal' ? undefined : new FileJournal(join(dir, 'journal'))
  await journal?.open()
  const { interval } = await pageOfRecordings(bucket, 0)
  const bundle = { dir: join(dir, 'evidence'), signer: new KeyFileSigner({ pem }) }
  const kept = journal === undefined ? {} : { journal, evidence: evidenceBundle(bundle) }
  const report = await exporter.run({ integrationId: 'bench', interval }, kept)
  await journal?.close()
  storage.close()
  const { repaired } = report.remediations
  if (report.outcome !== 'complete' || repaired !== objects) {
    throw new Error(`${report.outcome}, ${repaired} of ${objects} repaired: ${JSON.stringify(report.exceptions?.[0])}`)
  }
  return repaired
})

// This library: list, HEAD, verdict, and a journal record on the disk, hashed for the evidence.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { evidenceBundle } from 'genesys-legal-hold-exporter/node'
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { bucket, concurrency, credentials, endpoint, measure, region, tag } from './measure.mjs'

/** @param {import('genesys-legal-hold-exporter').ObjectState} state as `src/stages/object/object-record.ts` has it */
function recordedState(state) {
  return {
    versionId: state.versionId,
    sizeBytes: state.sizeBytes,
    etag: state.etag,
    lastModified: state.lastModified,
    metadata: state.metadata,
    missingMetadata: state.missingMetadata,
    headers: state.headers,
    storageClass: state.storageClass,
    archiveStatus: state.archiveStatus,
    restore: state.restore,
    encryption: state.encryption,
    checksum: state.checksum,
    replicationStatus: state.replicationStatus,
    tagCount: state.tagCount,
    tags: state.tags,
    legalHold: state.legalHold,
    retention: state.retention,
    acl: state.acl,
    partsCount: state.partsCount,
  }
}

const storage = new S3StorageAdapter({ bucket, endpoint, region, credentials })
const platform = { createJob() {}, getJob() {}, capabilities: {} }
const exporter = new LegalHoldExporter({ platform, storage, hold: { tag }, concurrency })

await measure(async (objects) => {
  const dir = mkdtempSync(join(tmpdir(), 'legal-hold-bench-'))
  // Nothing is signed: that is once a run and not once an object.
  const journal = await evidenceBundle({ dir, signer: { publicKey() {}, sign() {} } }).open(undefined)
  let done = 0
  for await (const { verdict, object, place, state, status, attempts } of exporter.validate({ prefix: '' })) {
    if (verdict !== 'held') throw new Error(`${object.key} is ${verdict}`)
    // As a run records an object that carries the hold.
    const data = {
      hold: tag,
      object,
      place,
      verdict,
      outcome: verdict,
      decision: 'leave',
      actions: [],
      verification: 'not-needed',
      attempt: attempts,
      request: { requestId: state.requestId, httpStatus: status },
      job: { id: 'bench' },
      before: recordedState(state),
    }
    await journal.append({ time: new Date().toISOString(), runId: 'bench', type: 'verdict', data }, { buffered: true })
    done += 1
    if (done >= objects) break
  }
  await journal.close()
  rmSync(dir, { recursive: true })
  return done
})

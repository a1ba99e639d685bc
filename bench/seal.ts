// How long and how much memory sealing and verifying many records takes: npm run bench:seal [-- RECORDS]
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { FileJournal, fingerprintOf } from 'genesys-legal-hold-exporter/node'

const count = Number(process.argv[2] ?? 1_000_000)
const dir = mkdtempSync(join(tmpdir(), 'seal-'))
const tag = 'discovery-batch-2023-10'
const time = '2023-10-20T12:00:00.000Z'
const runId = 'b3b3c1de-0000-4000-8000-000000000000'

/** A journal as a run leaves it: one record for each of two objects of a recording, one a recording, a report. */
async function writeJournal(path: string): Promise<void> {
  const file = createWriteStream(path)
  let sequence = 0
  const write = async (type: string, data: object) => {
    sequence += 1
    const line = `{"sequence":${sequence},"time":"${time}","runId":"${runId}","type":"${type}","data":${JSON.stringify(data)}}\n`
    if (!file.write(line)) await once(file, 'drain')
  }
  const interval = { start: '2023-10-01T00:00:00.000Z', end: '2023-10-03T00:00:00.000Z' }
  const facts = { hold: { tag }, requirements: { metadata: { 'legal-hold-tag': tag } } }
  await write('run-started', { ...facts, request: { integrationId: 'i', interval }, dryRun: false })
  const recordings = Math.floor((count - 2) / 3)
  const verdicts = count - 2 - recordings
  for (let at = 0; at < count - 2; at += 1) {
    const recordingId = `00000000-0000-4000-8000-${String(at % recordings).padStart(12, '0')}`
    const key = `org/year=2023/month=10/day=02/hour=09/conversation_id=c${at}/${recordingId}.opus`
    if (at >= verdicts)
      await write('recording', { hold: tag, recordingId, conversationId: 'c', state: 'held', reason: '' })
    else {
      await write('verdict', {
        hold: tag,
        object: { bucket: 'legal-hold-exports', key, versionId: 'x'.repeat(32) },
        place: { kind: 'recording', conversationId: `c${at}`, recordingId },
        verdict: 'held',
        outcome: 'held',
        decision: 'leave',
        actions: [],
        verification: 'not-needed',
        attempt: 1,
        request: { requestId: 'A1B2C3D4E5F60718', httpStatus: 200 },
        job: { id: 'job', correlationId: '00000000-0000-4000-8000-000000000000' },
        before: {
          versionId: 'x'.repeat(32),
          sizeBytes: at,
          etag: '"d41d8cd98f00b204e9800998ecf8427e"',
          lastModified: new Date(Date.parse(time) + at * 10).toISOString(),
          metadata: { 'legal-hold-tag': tag },
          checksum: { algorithm: 'CRC64NVME', value: 'AAAAAAAAAAA=', type: 'FULL_OBJECT' },
        },
      })
    }
  }
  const none = { conflicting: 0, unreadable: 0, unrepaired: 0, missing: 0, failedAtSource: 0, skippedAtSource: 0 }
  const objects = { listed: 0, recordings: 0, sidecars: 0, attachments: 0, transcripts: 0, unexpected: 0 }
  await write('report', {
    ...facts,
    schemaVersion: 1,
    runId,
    dryRun: false,
    startedAt: time,
    finishedAt: time,
    outcome: 'complete',
    platform: { name: 'recording-jobs', organizationId: 'org' },
    storage: { name: 's3', bucket: 'legal-hold-exports' },
    job: { id: 'job', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} },
    interval,
    coverage: { proven: true, depth: 'recordings' },
    findings: [],
    accepted: [],
    counts: { expected: recordings, held: recordings, repaired: 0, ...none },
    objects,
    exceptions: [],
    remediations: { planned: 0, repaired: 0, notNeeded: 0, refused: 0, failed: 0, steps: {}, forcedRetries: 0 },
    timings: {},
  })
  file.end()
  await finished(file)
}

/** One step in a process of its own, as its caller would have it: its memory is not mixed with that of writing the journal. */
function measured(...step: string[]): string {
  const child = spawnSync(process.execPath, [fileURLToPath(new URL('seal-step.mjs', import.meta.url)), ...step], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.status !== 0) throw new Error(`${step[0]} ended with ${child.status ?? child.signal}`)
  return child.stdout
}

const journal = new FileJournal(join(dir, 'journal'))
await journal.open()
await journal.close()
await writeJournal(journal.path)
console.log(`${count} records, ${Math.round(statSync(journal.path).size / 1e6)} MB`)
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const keyFile = join(dir, 'key.pem')
writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
const evidence = join(dir, 'evidence')
try {
  process.stdout.write(measured('seal', join(dir, 'journal'), evidence, keyFile))
  process.stdout.write(measured('verify', evidence, fingerprintOf(publicKey)))
  console.log(`report.html: ${statSync(join(evidence, 'report.html')).size} bytes`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

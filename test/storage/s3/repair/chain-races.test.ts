import { expect, test } from 'vitest'
import { LegalHoldExporter, MemoryJournal, type RunReport } from '#src/index.js'
import { remediationDefaults } from '#src/options/remediation.js'
import { S3StorageAdapter } from '#src/s3.js'
import { objectPipeline } from '#src/stages/object/pipeline.js'
import { S3Simulator, SimulatedClock } from '#src/testing/index.js'
import { folder, request, tag } from '../../../custody/bundle-world.js'
import { FakePlatform } from '../../../fakes/platform.js'
import { NotedWitness } from '../../../fakes/repair.js'
import { clientOf, type Fate, InProcessHandler, type Passing } from '../../../repair-model/in-process-s3.js'
import { S3, upload } from '../world.js'

const bucket = 'evidence'
const recordings = 30
const keyOf = (at: number) => `${folder.replace('c1', `c${String(at).padStart(2, '0')}`)}/r${at}.wav`
/** Repaired long after the first ones: by then it is known what the server shows. */
const key = keyOf(25)

interface Act {
  readonly due: (request: Passing) => boolean
  readonly moment?: 'before' | 'after'
  readonly act: (client: S3.S3Client) => Promise<unknown>
}

/** A run over many recordings, in the middle of which somebody else does something, once. */
async function runWith({ due, moment = 'before', act }: Act) {
  const simulator = new S3Simulator({ verifySignatures: false })
  simulator.createBucket(bucket, { objectLock: true })
  const client = clientOf(simulator)
  const platform = new FakePlatform()
  for (let at = 0; at < recordings; at += 1) {
    const conversationId = `c${String(at).padStart(2, '0')}`
    platform.expected.push({ recordingId: `r${at}`, conversationId, conversationStart: '2023-10-20T09:30:00Z' })
    await upload({ client, bucket }, keyOf(at), 'sound', { Metadata: { project: 'x' } })
    await upload({ client, bucket }, `${keyOf(at)}_metadata.json`, '{}')
  }
  let isDone = false
  const passing: string[] = []
  const handler = new InProcessHandler(simulator, {
    before: async (request): Promise<Fate> => {
      passing.push(request.operation)
      if (!isDone && moment === 'before' && due(request)) {
        isDone = true
        await act(client)
      }
      return { kind: 'pass' }
    },
    after: () => {},
  })
  const storage = new S3StorageAdapter({
    bucket,
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    requestHandler: handler,
    retry: { retries: 2, minDelayMs: 0, maxDelayMs: 0 },
  })
  const journal = new MemoryJournal()
  const clock = new SimulatedClock({ now: '2026-11-29T12:00:00Z' })
  const hold = { tag }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold, journal, concurrency: 1 })
  const report: RunReport = await exporter.run(request)
  expect(isDone).toBe(true)
  const versions = () =>
    simulator.versions(bucket, key).map(({ metadata, tags, ...rest }) => ({
      ...rest,
      metadata: Object.fromEntries(metadata),
      tags: Object.fromEntries(tags),
    }))
  return { report, journal, versions: versions(), passing }
}

const at = { Bucket: bucket, Key: key }
const copyOf = ({ operation, key: of }: Passing) => operation === 'CopyObject' && of === key
const theirs = (client: S3.S3Client) =>
  upload({ client, bucket }, key, 'sound', { Metadata: { project: 'corrected' }, Tagging: 'new=1' })

test('a change of the metadata alone, between the reading and the copy, is found by the list of many keys', async () => {
  const { report, versions, passing } = await runWith({ due: copyOf, act: theirs })
  expect([report.outcome, report.counts.repaired]).toEqual(['complete', recordings])
  // Ours was made of what they wrote, in the end, and what lay beneath for a moment is held.
  expect(versions[0]).toMatchObject({ metadata: { project: 'corrected', 'legal-hold-tag': tag }, tags: { new: '1' } })
  const [, , wrote, original] = versions
  expect([wrote?.metadata, wrote?.legalHold, original?.legalHold]).toEqual([{ project: 'corrected' }, 'ON', 'ON'])
  // The first ones are looked at one by one; then a few lists show all the others.
  expect(passing.filter((operation) => operation === 'GET versions').length).toBeLessThan(recordings)
})

test('a version on top of the copy is found as well, and is repaired', async () => {
  let copied = false
  const { report, versions } = await runWith({
    // Their version lies on ours before the list is read.
    due: (request) => {
      copied ||= copyOf(request)
      return copied && !copyOf(request) && request.key !== key && request.operation === 'CopyObject'
    },
    act: theirs,
  })
  expect([report.outcome, report.counts.repaired]).toEqual(['complete', recordings])
  expect(versions[0]).toMatchObject({ metadata: { project: 'corrected', 'legal-hold-tag': tag } })
})

test('a delete marker on top of it makes the recording missing', async () => {
  let copied = false
  const { report } = await runWith({
    due: (request) => {
      copied ||= copyOf(request)
      return copied && !copyOf(request) && request.key !== key && request.operation === 'CopyObject'
    },
    act: (client) => client.send(new S3.DeleteObjectCommand(at)),
  })
  expect([report.outcome, report.counts.repaired, report.counts.missing]).toEqual(['incomplete', recordings - 1, 1])
})

const later = new Date('2045-01-01T00:00:00Z')
test.each([
  [
    'a longer retention',
    { retention: { mode: 'GOVERNANCE' } },
    (client: S3.S3Client) =>
      client.send(
        new S3.PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: later } }),
      ),
  ],
  [
    'a tag',
    { tags: { theirs: '1' } },
    (client: S3.S3Client) =>
      client.send(new S3.PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'theirs', Value: '1' }] } })),
  ],
] as const)('%s set between the reading and the copy is on the new version', async (_, shown, act) => {
  const { report, versions } = await runWith({ due: copyOf, act })
  expect(report.outcome).toBe('complete')
  expect(versions).toHaveLength(2)
  for (const version of versions) expect(version).toMatchObject(shown)
})

test('a run that was killed before the list looks at what its copy came to lie on', async () => {
  const simulator = new S3Simulator({ verifySignatures: false })
  simulator.createBucket(bucket, { objectLock: true })
  const client = clientOf(simulator)
  const storage = new S3StorageAdapter({
    bucket,
    endpoint: 'http://127.0.0.1:9',
    region: simulator.region,
    credentials: S3Simulator.defaultCredentials,
    requestHandler: new InProcessHandler(simulator),
    retry: { retries: 0 },
  })
  await upload({ client, bucket }, key, 'sound', { Metadata: { project: 'x' } })
  const before = await storage.head({ bucket, key }, { full: true })
  if (!before.found) throw new Error('not there')
  const metadata = { ...before.state.metadata, 'legal-hold-tag': tag }
  // Somebody else wrote in between, and the outcome of our copy is the last thing on record.
  await upload({ client, bucket }, key, 'sound', { Metadata: { project: 'corrected' } })
  const theirsId = simulator.versions(bucket, key)[0]?.versionId
  const { VersionId: versionId } = await client.send(
    new S3.CopyObjectCommand({
      ...at,
      CopySource: `${bucket}/${key}?versionId=${before.state.versionId}`,
      MetadataDirective: 'REPLACE',
      Metadata: metadata,
    }),
  )
  const clock = new SimulatedClock()
  const pipeline = objectPipeline({
    storage,
    requirements: { metadata: { 'legal-hold-tag': tag } },
    repair: {
      options: { ...remediationDefaults, allowOverwrite: false },
      dryRun: false,
      witness: new NotedWitness(),
    },
    context: {
      clock,
      logger: undefined,
      retry: { retries: 3, minDelayMs: 1, maxDelayMs: 2 },
      signal: undefined,
      emit: () => {},
    },
  })
  const { remediation, outcome } = await pipeline(
    { bucket, key },
    { kind: 'attachment', conversationId: 'c' },
    {
      begun: {
        original: before.state,
        steps: [{ step: { action: 'replace-metadata', metadata }, result: { versionId } }],
        noncurrent: new Set(),
        lastIntentAt: clock.now(),
      },
    },
  )
  expect(outcome).not.toBe('repaired')
  expect(remediation).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(`${theirsId}`) })
  expect(simulator.versions(bucket, key)[1]).toMatchObject({ versionId: theirsId, legalHold: 'ON' })
})

import { describe, expect, test } from 'vitest'
import { LegalHoldExporter, type LegalHoldExporterOptions, MemoryJournal } from '#src/index.js'
import { toolVersion } from '#src/internal/package/version.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import manifest from '../../../package.json' with { type: 'json' }
import { FakePlatform, job } from '../../fakes/platform.js'

const tag = 'discovery-batch-2023-10'
const request = { integrationId: 'i', interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' } }
const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'
const key = `${folder}/r1.wav`

async function journalOf(
  prepare: (storage: MemoryStorageAdapter, platform: FakePlatform) => void = () => {},
  options: Partial<LegalHoldExporterOptions> = {},
) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new FakePlatform()
  platform.states = [job('FULFILLED', { correlationId: 'genesys-7' })]
  platform.expected.push({ recordingId: 'r1', conversationId: 'c1' })
  clock.advance(10_000)
  storage.put(key, { body: 'sound', metadata: { project: 'x' }, tags: { team: 'y' } })
  storage.put(`${key}_metadata.json`, { body: '{}', metadata: { 'legal-hold-tag': tag } })
  prepare(storage, platform)
  const journal = new MemoryJournal()
  const report = await new LegalHoldExporter({ platform, storage, clock, hold: { tag }, journal, ...options }).run(
    request,
  )
  const records = []
  for await (const record of journal.entries()) records.push(record)
  const verdicts = records.filter(({ type }) => type === 'verdict').map(({ data }) => data)
  const verdictOf = (wanted: string) =>
    verdicts.find(({ object }) => (object as { key: string }).key === wanted) as Record<string, never>
  return { report, records, verdictOf }
}

describe('what the journal keeps', () => {
  test('the record of a repaired object is complete in itself', async () => {
    const { verdictOf } = await journalOf()
    const record = verdictOf(key)
    expect(record).toMatchObject({
      hold: tag,
      object: { bucket: 'memory', key, versionId: expect.any(String) },
      place: { kind: 'recording', recordingId: 'r1', conversationId: 'c1' },
      verdict: 'untagged',
      outcome: 'repaired',
      decision: 'repair',
      actions: ['protect-original', 'replace-metadata'],
      verification: 'passed',
      attempt: 1,
      request: {},
      job: { id: 'job-1', correlationId: 'genesys-7' },
      before: { sizeBytes: 5, etag: expect.any(String), metadata: { project: 'x' }, tags: { team: 'y' } },
      after: { sizeBytes: 5, metadata: { project: 'x', 'legal-hold-tag': tag }, tags: { team: 'y' } },
    })
    const { before, after } = record as unknown as Record<'before' | 'after', { versionId: string }>
    expect(after.versionId).not.toBe(before.versionId)
  })

  test('the record of an object that was held says that nothing was done', async () => {
    const { verdictOf } = await journalOf()
    const record = verdictOf(`${key}_metadata.json`)
    expect(record).toMatchObject({ verdict: 'held', decision: 'leave', actions: [], verification: 'not-needed' })
    expect(record).not.toHaveProperty('after')
  })

  test('a refusal keeps what stands there and why it was left alone', async () => {
    const { verdictOf } = await journalOf((storage) =>
      storage.put(key, { body: 'sound', metadata: { 'legal-hold-tag': 'other' } }),
    )
    expect(verdictOf(key)).toMatchObject({
      verdict: 'conflicting',
      outcome: 'conflicting',
      decision: 'refuse',
      verification: 'not-done',
      reason: expect.stringContaining('other'),
      before: { metadata: { 'legal-hold-tag': 'other' } },
    })
  })

  test('mutations are on record before and after, with attempt and place', async () => {
    const { records } = await journalOf()
    const about = { hold: tag, object: { key }, attempt: 1, place: { recordingId: 'r1' } }
    expect(records.filter(({ type }) => type === 'intent' || type === 'outcome')).toMatchObject([
      {
        type: 'intent',
        data: { ...about, step: { action: 'protect-original' }, before: { legalHold: 'OFF', tags: { team: 'y' } } },
      },
      { type: 'outcome', data: { ...about, action: 'protect-original', result: { versionId: expect.any(String) } } },
      {
        type: 'intent',
        data: { ...about, step: { action: 'replace-metadata' }, before: { metadata: { project: 'x' } } },
      },
      { type: 'outcome', data: { ...about, action: 'replace-metadata', result: { versionId: expect.any(String) } } },
    ])
  })

  test('every recording is on record with its one state, and they add up to the report', async () => {
    const { records, report } = await journalOf((_, platform) =>
      platform.expected.push({ recordingId: 'r2', conversationId: 'c2' }),
    )
    expect(records.filter(({ type }) => type === 'recording').map(({ data }) => data)).toEqual([
      { hold: tag, recordingId: 'r1', conversationId: 'c1', state: 'repaired', reason: '' },
      { hold: tag, recordingId: 'r2', conversationId: 'c2', state: 'missing', reason: 'never delivered' },
    ])
    expect(report.counts).toMatchObject({ expected: 2, repaired: 1, missing: 1 })
    expect(records.at(-1)?.type).toBe('report')
  })

  test('the policy of the run is on record, and the version is the package’s', async () => {
    const { records } = await journalOf(() => {}, { residency: { regions: ['eu-west-1'] } })
    expect(records[0]).toMatchObject({
      type: 'run-started',
      data: {
        hold: { tag },
        tool: { name: 'genesys-legal-hold-exporter', version: toolVersion },
        storage: { name: 'memory', bucket: 'memory' },
        residency: { regions: ['eu-west-1'] },
        remediation: { onConflict: 'refuse', protectOriginal: true },
        lookbackHours: 24,
      },
    })
    expect(toolVersion).toBe(manifest.version)
  })
})

import { describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldExporter, MemoryJournal, type SourceRelease } from '#src/index.js'
import { RecordingJobsPlatform } from '#src/platforms/recording-jobs/platform.js'
import { protectionOf } from '#src/stages/export/protect.js'
import { aConversation, anOrganization, type SimulatedWorld } from '#src/testing/index.js'
import { cutPowerBeforeReport } from '../../fakes/power-cut.js'

const hold = { tag: 'matter-1' }
const three = anOrganization().with(aConversation('call'), aConversation('call'), aConversation('chat'))

/** Protects the source of a world's conversations. */
function exporterOf(world: SimulatedWorld) {
  const platform = new RecordingJobsPlatform({ ...world.genesysConnection, protectSource: true })
  return new LegalHoldExporter({ ...world.ports, platform, hold })
}

async function recordsOf(journal: MemoryJournal, type: JournalRecord['type']) {
  const records: JournalRecord[] = []
  for await (const record of journal.entries()) if (record.type === type) records.push(record)
  return records
}

describe('the protection of the source', () => {
  test('is in report and record with its numbers, and no finding where all are protected', async () => {
    await using world = await three.start()
    const journal = new MemoryJournal()
    const report = await exporterOf(world).run(world.request, { journal })
    expect(report).toMatchObject({
      outcome: 'complete',
      protection: { requested: 3, protectedConversations: 3, failed: [] },
      findings: [{ code: 'platform-cannot-stamp' }],
    })
    expect(await recordsOf(journal, 'protection')).toMatchObject([
      { data: { jobId: report.job.id, requested: 3, protectedConversations: 3, failed: [] } },
    ])
  })

  test('is a finding where the platform accepts the request and does not do it', async () => {
    await using world = await three.start()
    const [first = ''] = world.genesys.organization.conversations.map(({ id }) => id)
    world.genesys.settings.silentlyUnprotected = [first]
    const journal = new MemoryJournal()
    const report = await exporterOf(world).run(world.request, { journal })
    const failed = [{ conversationId: first, code: 'not-protected', reason: expect.any(String) }]
    // What lies on S3 is held all the same.
    expect(report).toMatchObject({
      outcome: 'complete',
      protection: { requested: 3, protectedConversations: 2, failed },
    })
    expect(report.findings.filter(({ code }) => code === 'deletion-protection-incomplete')).toMatchObject([
      { severity: 'warning', message: expect.stringContaining(`Of 3 conversations 1 is not protected`) },
    ])
    expect(report.findings.at(-1)?.message).toContain(`${first} (not-protected)`)
    expect(await recordsOf(journal, 'protection')).toMatchObject([{ data: { protectedConversations: 2, failed } }])
    expect((await recordsOf(journal, 'finding')).at(-1)?.data).toMatchObject({ code: 'deletion-protection-incomplete' })
  })

  test('says the same after an interruption, without being asked for again', async () => {
    await using world = await three.start()
    world.genesys.settings.silentlyUnprotected = world.genesys.organization.conversations.slice(1).map(({ id }) => id)
    const journal = new MemoryJournal()
    const putPowerBack = cutPowerBeforeReport(journal)
    await expect(exporterOf(world).run(world.request, { journal })).rejects.toThrow('journal could not be written')
    putPowerBack()
    const report = await exporterOf(world).run(world.request, { journal })
    expect(report).toMatchObject({ resumed: 1, protection: { requested: 3, protectedConversations: 1 } })
    expect(report.findings.map(({ code }) => code)).toContain('deletion-protection-incomplete')
    const puts = world.genesys.requests.filter(({ operation }) => operation === 'protectConversations')
    expect(puts).toHaveLength(1)
  })

  test('is absent from a report where nobody asked for it', async () => {
    await using world = await three.start()
    const report = await new LegalHoldExporter({ ...world.ports, hold }).run(world.request)
    expect(report.protection).toBeUndefined()
  })

  test('of several jobs is told together, with the first thousand failures', () => {
    const failed = Array.from({ length: 700 }, (_, number) => ({
      conversationId: `c${number}`,
      code: 'limit.exceeded',
    }))
    const part = { requested: 1_000, protectedConversations: 300, failed }
    expect(protectionOf([undefined, part, part])).toMatchObject({ requested: 2_000, protectedConversations: 600 })
    expect(protectionOf([part, part])?.failed).toHaveLength(1_000)
    expect(protectionOf([undefined])).toBeUndefined()
  })
})

describe('the 1,000 of an organisation', () => {
  test('are counted before anything is put, and what will not fit is said then', async () => {
    await using world = await three.start()
    const platform = new RecordingJobsPlatform({ ...world.genesysConnection, protectSource: true })
    Object.assign(platform, { protectionCap: 2 })
    world.genesys.settings.protectionCap = 2
    const [first = ''] = world.genesys.organization.conversations.map(({ id }) => id)
    await platform.protect([first])
    const told: number[] = []
    const puts = () => world.genesys.requests.filter(({ operation }) => operation === 'protectConversations').length
    const report = await new LegalHoldExporter({ ...world.ports, platform, hold }).run(world.request, {
      onEvent: (event) => {
        if (event.type === 'finding' && event.finding.code === 'deletion-protection-cap') {
          told.push(puts())
          expect(event.finding.message).toContain('1 already is')
          expect(event.finding.message).toContain('at least 1 will not fit')
        }
      },
    })
    // Before the second PUT: the first was made by this test.
    expect(told).toEqual([1])
    expect(report.protection).toMatchObject({
      requested: 3,
      protectedConversations: 2,
      alreadyProtected: 1,
      beyondCap: 1,
      failed: [{ code: 'limit.exceeded' }],
    })
    expect(report.findings.map(({ code }) => code)).toEqual([
      'platform-cannot-stamp',
      'deletion-protection-cap',
      'deletion-protection-incomplete',
    ])
  })
})

describe('a release', () => {
  const reason = 'Doe v Example ended'
  async function released(world: SimulatedWorld, options: object, source: { prefix: string } = { prefix: '' }) {
    const exporter = exporterOf(world)
    await exporter.run(world.request)
    const results: SourceRelease[] = []
    for await (const { outcome } of exporter.release(source, {
      reason,
      ...options,
      onSourceReleased: (result) => results.push(result),
    })) {
      expect(outcome).toMatch(/released|planned/)
    }
    return results
  }

  test('lifts the protection at the source only where it is asked to', async () => {
    await using world = await three.start()
    expect(await released(world, {})).toEqual([])
    expect(world.genesys.protectedConversations.size).toBe(3)
  })

  test('lifts it of the conversations that it let go, and reads that back', async () => {
    await using world = await three.start()
    expect(await released(world, { releaseSource: true })).toEqual([
      { requested: 3, unprotectedConversations: 3, kept: 0, failed: [] },
    ])
    expect(world.genesys.protectedConversations.size).toBe(0)
  })

  test('plans it and lifts nothing with dryRun', async () => {
    await using world = await three.start()
    expect(await released(world, { releaseSource: true, dryRun: true })).toMatchObject([{ requested: 3 }])
    expect(world.genesys.protectedConversations.size).toBe(3)
  })

  test('keeps it of a conversation that another matter holds', async () => {
    await using world = await three.start()
    const platform = new RecordingJobsPlatform({ ...world.genesysConnection, protectSource: true })
    const merging = { remediation: { onConflict: 'merge' as const } }
    const other = new LegalHoldExporter({ ...world.ports, platform, hold: { tag: 'matter-2' }, ...merging })
    const ours = new LegalHoldExporter({ ...world.ports, platform, hold, ...merging })
    await ours.run(world.request)
    for await (const { outcome } of other.remediate({ prefix: '' })) expect(outcome).toBe('repaired')
    const results: SourceRelease[] = []
    const options = { reason, releaseSource: true, onSourceReleased: (result: SourceRelease) => results.push(result) }
    for await (const { remaining } of ours.release({ prefix: '' }, options)) expect(remaining).toEqual(['matter-2'])
    expect(results).toMatchObject([{ requested: 0, kept: 3 }])
    expect(world.genesys.protectedConversations.size).toBe(3)
  })

  test('refuses it for a part of a conversation', async () => {
    await using world = await three.start()
    await exporterOf(world).run(world.request)
    const [key = ''] = world.bucket.keys()
    for (const source of [[key], { prefix: key }]) {
      const stream = exporterOf(world).release(source, { reason, releaseSource: true })
      await expect(stream.next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    }
  })
})

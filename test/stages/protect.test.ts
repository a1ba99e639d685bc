import { describe, expect, test } from 'vitest'
import { type JournalRecord, LegalHoldExporter, MemoryJournal } from '#src/index.js'
import { RecordingJobsPlatform } from '#src/platforms/recording-jobs/platform.js'
import { protectionOf } from '#src/stages/export/protect.js'
import { aConversation, anOrganization, type SimulatedWorld } from '#src/testing/index.js'
import { cutPowerBeforeReport } from '../fakes/power-cut.js'

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

import { describe, expect, it } from 'vitest'
import { RecordingJobsPlatform, requiredGenesysPermissions } from '#src/genesys.js'
import { LegalHoldExporter, type LegalHoldExporterOptions, MemoryJournal } from '#src/index.js'
import { windowsOf } from '#src/platforms/source/audit-trail.js'
import type { SimulatedAuditMessage } from '#src/testing/genesys/organization-records.js'
import { aConversation, anOrganization, aRecording, type SimulatedWorld } from '#src/testing/index.js'

const hold = { tag: 'matter-1' }
const organization = anOrganization().with(
  aConversation('call'),
  aConversation('call').with(aRecording({ neverLands: true })),
)

function exporterOf(world: SimulatedWorld, options: Partial<LegalHoldExporterOptions> = {}) {
  return new LegalHoldExporter({ ...world.ports, hold, audit: true, ...options })
}

/** Somebody deleted a recording. */
const deletion = (over: Partial<SimulatedAuditMessage>): SimulatedAuditMessage => ({
  id: 'audit-1',
  serviceName: 'Quality',
  entityType: 'Recording',
  action: 'Delete',
  eventDate: '2023-10-19T09:00:00.000Z',
  entity: { id: 'gone-1' },
  status: 'SUCCESS',
  level: 'USER',
  user: { id: 'user-1', name: 'Jane Doe' },
  ...over,
})

/** The second recording disappears from Genesys Cloud while its job runs, as the audit tells. */
async function withDeletion(world: SimulatedWorld, user: { id: string; name?: string } | undefined) {
  const { conversations } = world.genesys.organization
  const [, second] = conversations
  const [recording] = second?.recordings ?? []
  if (second === undefined || recording === undefined) throw new Error('there are two')
  return exporterOf(world).run(world.request, {
    onEvent: ({ type }) => {
      if (type !== 'expected') return
      conversations[1] = { ...second, recordings: [] }
      world.genesys.organization.auditMessages = [
        deletion({
          eventDate: '2023-10-20T09:00:00.000Z',
          entity: { id: recording.id },
          level: user === undefined ? 'SYSTEM' : 'USER',
          user,
        }),
      ]
    },
  })
}

describe('a recording that went missing', () => {
  it.each([
    [{ id: 'user-1', name: 'Jane Doe' }, 'Jane Doe (user-1)'],
    [{ id: 'user-1' }, 'the user user-1'],
    [undefined, 'Genesys Cloud itself'],
  ])('says who deleted it, and when: %j', async (user, actor) => {
    await using world = await organization.start()
    const report = await withDeletion(world, user)
    expect(report.exceptions).toMatchObject([
      {
        state: expect.stringMatching(/^(skipped|failed)AtSource$/),
        reason: `deleted at the source by ${actor} at 2023-10-20T09:00:00.000Z`,
      },
    ])
    expect(report.outcome).toBe('incomplete')
  })

  it('says no more than before where nobody asks for the audit', async () => {
    await using world = await organization.start()
    const report = await exporterOf(world, { audit: false }).run(world.request)
    expect(report.audit).toBeUndefined()
    expect(world.genesys.requests.filter(({ target }) => target.includes('/audits/'))).toEqual([])
  })
})

describe('a recording that was deleted before the run listed', () => {
  it.each<[string, Partial<SimulatedAuditMessage>, { named?: boolean }, boolean]>([
    ['is a finding that says who deleted it', {}, {}, true],
    ['is one where the trail names a conversation', { context: { conversationId: 'c-1' } }, {}, true],
    [
      'is none where the request names other conversations',
      { context: { conversationId: 'c-1' } },
      { named: true },
      false,
    ],
    ['is none where the deletion failed', { status: 'FAILURE' }, {}, false],
    ['is none where a bulk job was deleted', { entityType: 'BulkActions' }, {}, false],
  ])('%s', async (_, over, { named = false }, isFound) => {
    await using world = await anOrganization().with(aConversation('call')).start()
    const [conversation] = world.genesys.organization.conversations
    world.genesys.organization.auditMessages = [deletion(over)]
    const request = named ? { ...world.request, conversationIds: [conversation?.id ?? ''] } : world.request
    const report = await exporterOf(world).run(request)
    expect(report.outcome).toBe('complete')
    const found = report.findings.filter(({ code }) => code === 'recordings-deleted')
    expect(found.map(({ severity, message }) => [severity, message])).toEqual(
      isFound
        ? [
            [
              'warning',
              '1 recording was deleted in Genesys Cloud since the interval began, and no list names it any more: ' +
                'gone-1 by Jane Doe (user-1) at 2023-10-19T09:00:00.000Z.',
            ],
          ]
        : [],
    )
  })
})

describe('a recording of a conversation that the request names in capitals', () => {
  it('is a finding where it was deleted', async () => {
    await using world = await anOrganization().with(aConversation('call')).start()
    const [{ id = '' } = {}] = world.genesys.organization.conversations
    world.genesys.organization.auditMessages = [
      deletion({ level: 'SYSTEM', user: undefined, context: { conversationId: id } }),
    ]
    const report = await exporterOf(world).run({ ...world.request, conversationIds: [id.toUpperCase()] })
    expect(report.findings.map(({ code }) => code)).toContain('recordings-deleted')
  })
})

describe('the audit trail', () => {
  it('is not whole where its pages begin again', async () => {
    await using world = await anOrganization().with(aConversation('call')).start()
    const page = JSON.stringify({ entities: [], cursor: 'first' })
    world.genesys.faults.add({
      match: { operation: 'getAuditQueryResults' },
      action: { kind: 'respond', status: 200, body: page },
      times: 100,
    })
    const report = await exporterOf(world).run(world.request)
    expect(report.audit).toMatchObject({ isWhole: false, reason: expect.stringContaining('begin again') })
  })

  it('holds what the export left in it, with the transaction ids, in report and journal', async () => {
    await using world = await anOrganization()
      .with(aConversation('call'))
      .behaving({ timings: { auditMs: 5_000 } })
      .start()
    const platform = new RecordingJobsPlatform({ ...world.genesysConnection, protectSource: true })
    const journal = new MemoryJournal()
    const report = await exporterOf(world, { platform }).run(world.request, { journal })
    expect(report.audit).toMatchObject({
      since: world.request.interval.start,
      isWhole: true,
      actions: { 'BulkActions Export': 1, 'Recording ApplyProtection': 1, 'Recording Export': 1 },
      entries: [
        { entityType: 'Recording', action: 'ApplyProtection', transactionId: expect.any(String) },
        { entityType: 'BulkActions', action: 'Export', entityId: report.job.id, transactionId: expect.any(String) },
      ],
    })
    const recorded: unknown[] = []
    for await (const { type, data } of journal.entries()) if (type === 'report') recorded.push(data.audit)
    expect(recorded).toEqual([report.audit])
  })

  it('that may not be read is a finding that names the permission, before and without failing the run', async () => {
    const permissions = requiredGenesysPermissions()
    await using world = await anOrganization().with(aConversation('call')).seenBy({ permissions }).start()
    const { findings } = await exporterOf(world).inspect(world.request)
    expect(findings.filter(({ subject }) => subject === 'audits:audit:view')).toMatchObject([
      { code: 'permission-missing', severity: 'warning' },
    ])
    const report = await exporterOf(world).run(world.request)
    expect(report.outcome).toBe('complete')
    expect(report.audit).toMatchObject({
      isWhole: false,
      reason: expect.stringContaining('audits:audit:view'),
      entries: [],
    })
    expect(report.findings.map(({ code }) => code)).toContain('audit-unavailable')
  })

  it('is asked for by the option of the platform, too', async () => {
    await using world = await anOrganization().with(aConversation('call')).start()
    const platform = new RecordingJobsPlatform({ ...world.genesysConnection, audit: true })
    const report = await new LegalHoldExporter({ ...world.ports, platform, hold }).run(world.request)
    expect(report.audit?.isWhole).toBe(true)
  })

  it('is read in months, the latest first, and not for ever', () => {
    expect(windowsOf({ since: '2023-01-01T00:00:00Z', until: '2023-01-11T00:00:00Z' })).toEqual({
      windows: ['2023-01-01T00:00:00.000Z/2023-01-11T00:00:00.000Z'],
      isCut: false,
    })
    const long = windowsOf({ since: '2020-01-01T00:00:00Z', until: '2023-01-01T00:00:00Z' })
    expect([long.windows.length, long.isCut]).toEqual([13, true])
    expect(long.windows[0]).toBe('2022-12-02T00:00:00.000Z/2023-01-01T00:00:00.000Z')
  })
})

import { describe, expect, test } from 'vitest'
import { csvHeader, csvLine } from '#src/custody/seal/exceptions-csv.js'
import { RecordingJobsPlatform, requiredGenesysPermissions } from '#src/genesys.js'
import { LegalHoldExporter, type LegalHoldExporterOptions, type RunReport } from '#src/index.js'
import {
  aConversation,
  anOrganization,
  aRecording,
  type OrganizationBuilder,
  type SimulatedRecording,
} from '#src/testing/index.js'

const hourMs = 3_600_000

async function ran(
  organization: OrganizationBuilder,
  options: Partial<LegalHoldExporterOptions> = {},
): Promise<RunReport> {
  await using world = await organization.start()
  return await new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, ...options }).run(world.request)
}

const holding = (recording: Partial<SimulatedRecording>) =>
  anOrganization().with(aConversation('call'), aConversation('call').with(aRecording(recording)))
const archived = holding({ fileState: 'ARCHIVED', archiveDate: '2023-10-19T10:00:00.000Z' })

describe('a recording that is archived', () => {
  test('is waited for as long as its restore may take, which is longer than for others', async () => {
    const report = await ran(archived.behaving({ timings: { restoreMs: hourMs / 2 } }))
    expect([report.outcome, report.counts.repaired]).toEqual(['complete', 2])
  })

  test('is missing with that reason where it takes longer', async () => {
    const slow = archived.behaving({ timings: { restoreMs: hourMs / 2 } })
    const report = await ran(slow, { restoreTimeoutMs: hourMs / 4 })
    expect(report.exceptions).toMatchObject([
      { state: 'missing', reason: expect.stringMatching(/never delivered: archived at the source \(ARCHIVED\)/) },
    ])
  })

  test('keeps nobody waiting who has none', async () => {
    const report = await ran(holding({ neverLands: true }))
    expect(report.timings.total).toBeLessThan(hourMs)
    expect(report.exceptions).toMatchObject([{ reason: 'never delivered' }])
  })
})

describe('a recording that did not land', () => {
  test.each([
    ['RESTORING', 'being restored from the archive'],
    ['UPLOADING', 'not uploaded to Genesys Cloud yet'],
    ['ERROR', 'in error at the source'],
  ] as const)('has its state %s for a reason', async (fileState, reason) => {
    const report = await ran(holding({ fileState, neverLands: true }), { restoreTimeoutMs: 60_000 })
    expect(report.exceptions).toMatchObject([{ state: 'missing', reason: expect.stringContaining(reason) }])
  })

  test('says that a transcript of an email is too large', async () => {
    const email = aConversation('email').with(
      aRecording({ fileState: 'ERROR', recordingErrorStatus: 'EMAIL_TRANSCRIPT_TOO_LARGE' }),
    )
    const report = await ran(anOrganization().with(email))
    expect(report.exceptions).toMatchObject([{ reason: expect.stringContaining('EMAIL_TRANSCRIPT_TOO_LARGE') }])
  })
})

describe('where recordings are stored', () => {
  const abroad = holding({ region: 'eu-central-1' })

  test('is counted by region', async () => {
    const { reconciliation } = await ran(abroad)
    expect(reconciliation.regions).toEqual({ 'eu-central-1': 1, 'eu-west-1': 1 })
  })

  test('is a finding where it is outside of the residency', async () => {
    const outside = await ran(abroad, { residency: { regions: ['eu-west-1'] } })
    expect(outside.findings.filter(({ code }) => code === 'region-mismatch')).toMatchObject([
      { severity: 'warning', subject: 'eu-central-1', message: expect.stringContaining('1 recording is stored') },
    ])
    const inside = await ran(abroad, { residency: { regions: ['eu-west-1', 'eu-central-1'] } })
    expect(inside.findings.filter(({ code }) => code === 'region-mismatch')).toEqual([])
  })
})

describe('an exception', () => {
  const missing = anOrganization().with(
    aConversation('call')
      .startingAt('2023-10-19T09:05:00Z')
      .having({ direction: 'outbound', queueId: 'q-1', userIds: ['agent-1'], customerName: '=Doe, Jane' })
      .with(aRecording({ neverLands: true })),
  )
  const facts = {
    conversationStart: '2023-10-19T09:05:00.000Z',
    mediaType: 'call',
    direction: 'outbound',
    queueId: 'q-1',
  }

  test('says what it is, without anybody’s name', async () => {
    const [exception] = (await ran(missing)).exceptions
    expect(exception).toMatchObject(facts)
    expect(JSON.stringify(exception)).not.toMatch(/Doe|agent-1/)
  })

  test('names agents and customer where that is asked for', async () => {
    const [exception] = (await ran(missing, { includeParticipants: true })).exceptions
    expect(exception).toMatchObject({ ...facts, agents: ['agent-1'], customer: '=Doe, Jane' })
    // It may come from a stranger: no spreadsheet takes it for a formula.
    expect(exception && csvLine(exception)).toContain(`"'=Doe, Jane"`)
    expect(csvHeader).toContain('conversationStart,mediaType,direction,queueId,agents,customer,queueName')
  })

  const claims = { id: '0b6e4f6e-94c1-4a0f-8a52-0d4f2b6a9c11', name: '=Claims, west' }
  const queued = anOrganization()
    .having({ queues: [claims] })
    .with(
      aConversation('call')
        .having({ queueId: claims.id })
        .with(aRecording({ neverLands: true })),
      // One that was deleted since, and one whose id no platform issues.
      aConversation('call')
        .having({ queueId: claims.id.replace('0b', '1b') })
        .with(aRecording({ neverLands: true })),
      aConversation('call')
        .having({ queueId: '../users' })
        .with(aRecording({ neverLands: true })),
    )

  test('names the queue as people do, where the platform knows it', async () => {
    const { exceptions } = await ran(queued)
    const names = exceptions.map(({ queueId, queueName }) => [queueId, queueName])
    expect(names).toEqual([
      [claims.id, claims.name],
      [claims.id.replace('0b', '1b'), undefined],
      ['../users', undefined],
    ])
    expect(exceptions[0] && csvLine(exceptions[0])).toContain(`"'=Claims, west"`)
  })

  test('names no queue to a client that may not see queues, and the run says which permission lacks', async () => {
    const permissions = requiredGenesysPermissions({ platform: 'recording-jobs' }).filter(
      (permission) => permission !== 'routing:queue:view',
    )
    const { exceptions, findings } = await ran(queued.seenBy({ permissions }))
    expect(exceptions.map(({ queueName }) => queueName)).toEqual([undefined, undefined, undefined])
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'permission-missing', severity: 'warning', subject: 'routing:queue:view' }),
    )
  })

  test('says it for recordings that the retention query lists, too', async () => {
    await using world = await missing.with(aConversation('call'), aConversation('call'), aConversation('call')).start()
    const platform = new RecordingJobsPlatform({ ...world.genesysConnection, maxMetadataCalls: 3 })
    const report = await new LegalHoldExporter({ ...world.ports, platform, hold: { tag: 't' } }).run(world.request)
    expect(report.reconciliation.source).toBe('retention-query')
    expect(report.exceptions).toMatchObject([facts])
  })
})

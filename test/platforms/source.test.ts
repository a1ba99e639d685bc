import { describe, expect, it } from 'vitest'
import { requiredGenesysPermissions } from '#src/genesys.js'
import { type Finding, LegalHoldExporter, type LegalHoldExporterOptions, type RunReport } from '#src/index.js'
import {
  aConversation,
  anOrganization,
  aRecording,
  type ClientRights,
  type OrganizationBuilder,
  type SimulatedWorld,
} from '#src/testing/index.js'

const home = { id: '70000000-0000-4000-8000-000000000001', name: 'Home', homeDivision: true }
const sales = { id: '70000000-0000-4000-8000-000000000002', name: 'Sales' }
const everything = requiredGenesysPermissions({ protectSource: true, audit: true })

const ordinary = anOrganization().with(aConversation(), aConversation('call'))
const divided = ordinary
  .having({ divisions: [home, sales] })
  .with(aConversation('call').having({ divisionIds: [sales.id] }))

async function inspected(
  organization: OrganizationBuilder,
  request: object = {},
  options: Partial<LegalHoldExporterOptions> = {},
) {
  await using world = await organization.start()
  return await inspect(world, request, options)
}

function inspect(world: SimulatedWorld, request: object = {}, options: Partial<LegalHoldExporterOptions> = {}) {
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, ...options })
  return exporter.inspect({ ...world.request, ...request })
}

async function ran(
  organization: OrganizationBuilder,
  request: object = {},
  options: Partial<LegalHoldExporterOptions> = {},
): Promise<RunReport> {
  await using world = await organization.start()
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, ...options })
  return await exporter.run({ ...world.request, ...request })
}

const of = (findings: readonly Finding[], code: string) => findings.filter((finding) => finding.code === code)
const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code)
const without = (...missing: string[]): ClientRights => ({
  permissions: everything.filter((permission) => !missing.includes(permission)),
})

describe('an ordinary organisation', () => {
  it('has none of these findings, and the report says that all divisions were seen', async () => {
    const { findings, scope } = await inspected(divided)
    expect(codes(findings)).toEqual(['platform-cannot-stamp'])
    expect(scope).toEqual({
      reach: 'whole',
      seen: [
        { id: home.id, name: 'Home' },
        { id: sales.id, name: 'Sales' },
      ],
      hidden: [],
    })
    const report = await ran(divided)
    expect(report.outcome).toBe('complete')
    expect(report.coverage.scope).toEqual(scope)
  })

  it('costs a bounded number of requests', async () => {
    await using world = await ordinary.start()
    await inspect(world)
    expect(world.genesys.requests.length).toBeLessThan(26)
  })
})

describe('a client that sees fewer divisions than there are', () => {
  const narrow = divided.seenBy({ divisionIds: [home.id] })

  it('is a blocker that names the permissions and the divisions', async () => {
    const { findings, scope } = await inspected(narrow)
    const found = of(findings, 'client-scope-narrow')
    expect(found.map(({ subject, severity }) => [subject, severity])).toEqual([
      ['analytics:conversationDetail:view', 'blocker'],
      ['recording:recording:view', 'blocker'],
      ['recording:snippetRecording:view', 'blocker'],
      ['recording:screenRecording:view', 'blocker'],
    ])
    expect(found[0]?.message).toContain(`Sales (${sales.id})`)
    expect(scope).toMatchObject({ reach: 'narrow', seen: [{ id: home.id }], hidden: [{ id: sales.id }] })
  })

  it('cannot end complete without an acceptance on record', async () => {
    await expect(ran(narrow)).rejects.toMatchObject({ code: 'PREFLIGHT_BLOCKED' })
    const report = await ran(narrow, {}, { accept: ['client-scope-narrow'] })
    expect(report.accepted).toEqual(['client-scope-narrow'])
    expect(report.counts.expected).toBe(2)
    expect(report.coverage.scope).toMatchObject({ reach: 'narrow', hidden: [{ id: sales.id, name: 'Sales' }] })
  })

  it('is none where the request names the divisions of the matter, and the job is asked for those', async () => {
    await using world = await narrow.start()
    const { findings, scope } = await inspect(world, { divisionIds: [home.id] })
    expect(of(findings, 'client-scope-narrow')).toEqual([])
    expect(scope).toMatchObject({ reach: 'requested', seen: [{ id: home.id }] })
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
    const report = await exporter.run({ ...world.request, divisionIds: [home.id] })
    expect([report.outcome, report.counts.expected]).toEqual(['complete', 2])
    expect(world.genesys.jobs[0]?.request).toMatchObject({
      conversationQuery: {
        conversationFilters: [{ type: 'or', predicates: [{ dimension: 'divisionId', value: home.id }] }],
      },
    })
  })

  it('is one where it does not see a division that the request names', async () => {
    const { findings } = await inspected(narrow, { divisionIds: [home.id, sales.id] })
    expect(of(findings, 'client-scope-narrow')).toHaveLength(4)
  })

  it.each(['recording:screenRecording:view', 'recording:snippetRecording:view', 'recording:recording:view'])(
    'is one that lacks %s, by name',
    async (permission) => {
      const { findings } = await inspected(divided.seenBy(without(permission)))
      expect(of(findings, 'client-scope-narrow')).toMatchObject([
        { subject: permission, message: expect.stringContaining('in none of 2 divisions') },
      ])
    },
  )

  it('may lack what the request does not cover', async () => {
    const { findings } = await inspected(divided.seenBy(without('recording:screenRecording:view')), {
      mediaTypes: 'digital',
    })
    expect(of(findings, 'client-scope-narrow')).toEqual([])
  })

  it('is found by its roles where Genesys does not answer a client-credentials grant', async () => {
    const { findings, scope } = await inspected(narrow.behaving({ answersDivisionsPermitted: false }))
    expect(of(findings, 'client-scope-narrow')).toHaveLength(4)
    expect(scope).toMatchObject({ reach: 'narrow', hidden: [{ id: sales.id }] })
    const whole = await inspected(divided.behaving({ answersDivisionsPermitted: false }))
    expect(whole.scope?.reach).toBe('whole')
  })

  it('is said to be unknown where neither can be read, in the coverage too', async () => {
    await using world = await narrow.behaving({ answersDivisionsPermitted: false }).start()
    world.genesys.faults.add({
      match: { operation: 'getSubject' },
      action: { kind: 'respond', status: 403, body: '{"message":"no","code":"not.authorized","status":403}' },
      times: 100,
    })
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
    const report = await exporter.run(world.request)
    expect(of(report.findings, 'client-scope-unknown')).toMatchObject([{ severity: 'warning' }])
    expect(report.coverage.scope).toMatchObject({ reach: 'unknown', reason: expect.stringContaining('400') })
    expect(report.coverage.reason).toMatch(/^client-scope-unknown: /)
  })
})

describe('the retention of the organisation', () => {
  const days = (dataRetentionDays: number) => ordinary.having({ dataRetentionDays })

  it('that deletes within 30 days blocks, a later one warns, and none says nothing', async () => {
    expect(of((await inspected(days(5))).findings, 'org-retention-deletes')).toMatchObject([
      { severity: 'blocker', message: expect.stringContaining('2023-10-24') },
    ])
    expect(of((await inspected(days(90))).findings, 'org-retention-deletes')).toMatchObject([{ severity: 'warning' }])
    expect(of((await inspected(ordinary)).findings, 'org-retention-deletes')).toEqual([])
  })

  it('says nothing where the hold ends before', async () => {
    const requirements = { retainUntilDate: '2023-12-01T00:00:00Z' }
    expect(of((await inspected(days(90), {}, { requirements })).findings, 'org-retention-deletes')).toEqual([])
    const later = { retainUntilDate: '2024-12-01T00:00:00Z' }
    expect(of((await inspected(days(90), {}, { requirements: later })).findings, 'org-retention-deletes')).toHaveLength(
      1,
    )
  })
})

describe('an erasure under the GDPR', () => {
  const request = {
    id: '80000000-0000-4000-8000-000000000001',
    requestType: 'GDPR_DELETE' as const,
    status: 'SEARCHING' as const,
    createdDate: '2023-10-19T10:00:00.000Z',
    subject: { phoneNumbers: ['+49301234567'] },
  }

  it('that is open blocks, without naming its subject', async () => {
    const { findings } = await inspected(ordinary.having({ gdprRequests: [request] }))
    const found = of(findings, 'gdpr-deletion-active')
    expect(found).toMatchObject([{ severity: 'blocker', subject: request.id }])
    expect(JSON.stringify(found)).not.toContain('+4930')
  })

  it('that is closed, or no erasure, does not', async () => {
    const closed = [
      { ...request, status: 'COMPLETED' as const },
      { ...request, requestType: 'GDPR_EXPORT' as const },
    ]
    expect(of((await inspected(ordinary.having({ gdprRequests: closed }))).findings, 'gdpr-deletion-active')).toEqual(
      [],
    )
  })

  it('that begins during the run is seen before the report, and makes it incomplete', async () => {
    const during = async (options: Partial<LegalHoldExporterOptions>) => {
      await using world = await ordinary.start()
      const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, ...options })
      return await exporter.run(world.request, {
        onEvent: ({ type }) => {
          if (type === 'job-created') world.genesys.organization.gdprRequests = [request]
        },
      })
    }
    const report = await during({})
    expect(report.outcome).toBe('incomplete')
    expect(report.coverage).toMatchObject({ proven: false, reason: expect.stringContaining('gdpr-deletion-active') })
    expect(of(report.findings, 'gdpr-deletion-active')).toHaveLength(1)
    const accepted = await during({ accept: ['gdpr-deletion-active'] })
    expect([accepted.outcome, accepted.accepted]).toEqual(['complete', ['gdpr-deletion-active']])
  })
})

describe('orphan recordings', () => {
  const orphan = { id: '80000000-0000-4000-8000-000000000002', mediaType: 'CALL' as const }

  it('of the interval are named with their number and ids', async () => {
    const orphanRecordings = [
      { ...orphan, createdTime: '2023-10-19T09:10:00.000Z' },
      { ...orphan, id: '80000000-0000-4000-8000-000000000003', createdTime: '2023-10-17T09:10:00.000Z' },
    ]
    const { findings } = await inspected(ordinary.having({ orphanRecordings }))
    const [found] = of(findings, 'orphan-recordings')
    expect(found?.message).toMatch(/^1 recording of/)
    expect(found?.message).toContain(orphan.id)
    expect(found?.message).not.toContain('000000000003')
  })
})

describe('a key that Genesys cannot reach', () => {
  it('is named with its error', async () => {
    const key = { id: '80000000-0000-4000-8000-000000000004', url: 'arn:aws:kms:eu-west-1:111122223333:alias/x' }
    const keyConfigurations = [
      {
        ...key,
        keyConfigurationType: 'KmsSymmetric' as const,
        lastError: { message: 'AccessDenied', code: 'kms', status: 400 },
      },
      { ...key, id: '80000000-0000-4000-8000-000000000005', keyConfigurationType: 'Native' as const },
    ]
    const { findings } = await inspected(ordinary.having({ keyConfigurations }))
    expect(of(findings, 'encryption-key-unreachable')).toMatchObject([
      { subject: key.id, message: expect.stringContaining('AccessDenied') },
    ])
  })
})

describe('regional storage', () => {
  it('is said where a residency is given', async () => {
    const regional = ordinary.having({ recordingSettings: { regionalRecordingStorageEnabled: true } })
    const residency = { regions: ['eu-west-1'] }
    expect(of((await inspected(regional, {}, { residency })).findings, 'region-mismatch')).toMatchObject([
      { severity: 'warning', subject: 'regionalRecordingStorageEnabled' },
    ])
    expect(of((await inspected(regional)).findings, 'region-mismatch')).toEqual([])
    expect(of((await inspected(ordinary, {}, { residency })).findings, 'region-mismatch')).toEqual([])
  })
})

describe('archived recordings', () => {
  it('are counted before the run', async () => {
    const archived = aConversation('call').with(
      aRecording({ fileState: 'ARCHIVED', archiveDate: '2023-10-19T12:00:00.000Z' }),
    )
    const { findings } = await inspected(ordinary.with(archived))
    expect(of(findings, 'recordings-archived')).toMatchObject([
      { severity: 'info', message: expect.stringMatching(/^1 recording .*several hours/) },
    ])
    expect(of((await inspected(ordinary)).findings, 'recordings-archived')).toEqual([])
  })
})

describe('what the client may not read', () => {
  it.each([
    'analytics:dataRetention:view',
    'gdpr:request:view',
    'recording:orphan:view',
    'recording:encryptionKey:view',
    'routing:queue:view',
  ])('%s is a finding that names it, once, and the run goes on', async (permission) => {
    const report = await ran(ordinary.seenBy(without(permission)))
    expect(report.findings.filter(({ subject }) => subject === permission)).toMatchObject([
      { code: 'permission-missing', severity: 'warning' },
    ])
    expect(report.outcome).toBe('complete')
  })

  it.each(['recording:job:add', 'recording:job:edit', 'recording:snippetRecording:editRetention'])(
    '%s, without which no run succeeds, blocks',
    async (permission) => {
      const { findings } = await inspected(ordinary.seenBy(without(permission)))
      expect(findings.filter(({ subject }) => subject === permission)).toMatchObject([
        { code: 'permission-missing', severity: 'blocker' },
      ])
    },
  )

  it('keeps no inspection waiting that fails again and again', async () => {
    await using world = await ordinary.start()
    for (const operation of ['listGdprRequests', 'listPermittedDivisions']) {
      world.genesys.faults.add({ match: { operation }, action: { kind: 'respond', status: 503 }, times: 1_000 })
    }
    const startedAt = world.clock.now()
    const { findings, scope } = await inspect(world)
    expect(codes(findings)).toContain('configuration-unreadable')
    expect(scope?.reach).toBe('whole')
    expect(world.clock.now() - startedAt).toBeLessThan(60_000)
  })

  it('is none where the source fails in another way: that is a finding too', async () => {
    await using world = await ordinary.start()
    for (const operation of ['getDataRetention', 'listGdprRequests', 'listOrphanRecordings', 'listKeyConfigurations']) {
      world.genesys.faults.add({ match: { operation }, action: { kind: 'respond', status: 404, body: '{}' }, times: 9 })
    }
    const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
    const report = await exporter.run(world.request)
    expect(of(report.findings, 'configuration-unreadable')).toHaveLength(4)
    expect(report.outcome).toBe('complete')
  })
})

describe('what no job can export', () => {
  it.each([
    ['conditions for conversations older than five years', { mediaTypes: 'digital' }, '2017-06-01T00:00:00Z'],
    ['divisions for conversations older than five years', { divisionIds: [home.id] }, '2017-06-01T00:00:00Z'],
    ['more than six months of them', {}, '2018-01-01T00:00:00Z'],
    ['an interval of which a part only is older', {}, '2023-01-01T00:00:00Z'],
  ])('%s: inspection refuses it', async (_, request, end) => {
    const interval = { start: '2017-01-01T00:00:00Z', end }
    await expect(inspected(ordinary, { ...request, interval })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      stage: 'inspect',
    })
  })
})

describe('requiredGenesysPermissions', () => {
  it('is enough for what it is asked for', async () => {
    const report = await ran(ordinary.seenBy({ permissions: requiredGenesysPermissions() }))
    expect(codes(report.findings)).toEqual(['platform-cannot-stamp'])
    expect(report.outcome).toBe('complete')
  })

  it('grows with what is asked for', () => {
    expect(requiredGenesysPermissions()).not.toContain('recording:deletionProtection:apply')
    expect(requiredGenesysPermissions({ protectSource: true })).toContain('recording:deletionProtection:apply')
    expect(requiredGenesysPermissions({ releaseSource: true })).toContain('recording:deletionProtection:revoke')
    expect(requiredGenesysPermissions({ audit: true })).toContain('audits:audit:view')
    expect(requiredGenesysPermissions({ mediaTypes: 'digital' })).not.toContain('recording:screenRecording:view')
    expect(requiredGenesysPermissions({ platform: 'bulk-exports' })).not.toContain('recording:job:edit')
    expect(requiredGenesysPermissions({ export: false, checks: false, retention: false })).toEqual([
      'analytics:conversationDetail:view',
      'integrations:integration:view',
      'recording:job:view',
      'recording:recording:view',
      'recording:recording:viewSensitiveData',
      'recording:recordingSegment:view',
      'recording:screenRecording:view',
      'recording:snippetRecording:view',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { GenesysMediaRetentionPolicy, type RecordingJobsPlatform, requiredGenesysPermissions } from '#src/genesys.js'
import { LegalHoldExporter } from '#src/index.js'
import { aConversation, anOrganization, aRecording, type SimulatedWorld } from '#src/testing/index.js'

const ordinary = anOrganization().with(aConversation(), aConversation('call'))
const all = requiredGenesysPermissions({ audit: true })

function exporterOf(world: SimulatedWorld): LegalHoldExporter {
  const platform = world.ports.platform as RecordingJobsPlatform
  const retention = [new GenesysMediaRetentionPolicy({ platform })]
  return new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, audit: true, retention })
}

async function inspected(world: SimulatedWorld) {
  const { findings } = await exporterOf(world).inspect(world.request)
  return findings
}

describe('a client that lacks one of the permissions', () => {
  it.each(all)('%s: inspection names it, and does not fail', async (permission) => {
    await using world = await ordinary.seenBy({ permissions: all.filter((one) => one !== permission) }).start()
    const findings = await inspected(world)
    const codes = findings.filter(({ subject }) => subject === permission).map(({ code }) => code)
    expect(codes.length).toBeGreaterThan(0)
    for (const code of codes) expect(['permission-missing', 'client-scope-narrow']).toContain(code)
  })
})

/** A finding by code and what it is about, for each question that is answered in no usable way. */
const questions = [
  ['getSubject', 'roles of the OAuth client'],
  ['getDataRetention', 'analytics:dataRetention:view'],
  ['listGdprRequests', 'gdpr:request:view'],
  ['listOrphanRecordings', 'recording:orphan:view'],
  ['listKeyConfigurations', 'recording:encryptionKey:view'],
  ['listAuditServices', 'audits:audit:view'],
  ['queryRetention', 'recording:recording:view'],
  ['listMediaRetentionPolicies', 'recording:retentionPolicy:view'],
  ['listCrossplatformPolicies', 'recording:crossPlatformRetentionPolicy:view'],
] as const

const answers = [
  ['404', { status: 404, body: '{}' }],
  ['500', { status: 500, body: '{}' }],
  ['501', { status: 501, body: '' }],
  ['a list', { status: 200, body: '[]' }],
  ['a page for people', { status: 200, body: '<html></html>' }],
] as const

describe.each(answers)('a question that is answered with %s', (_, answer) => {
  it.each(questions)('%s: is a finding, and inspection goes on', async (operation, subject) => {
    await using world = await ordinary.start()
    world.genesys.faults.add({ match: { operation }, action: { kind: 'respond', ...answer }, times: 1_000 })
    const findings = await inspected(world)
    expect(findings.filter((finding) => finding.subject === subject)).toMatchObject([
      { code: 'configuration-unreadable', severity: 'warning' },
    ])
  })
})

describe('archived recordings of an organisation with more recordings than are read', () => {
  it('are not known to be none', async () => {
    await using world = await anOrganization()
      .with(aConversation('call').with(...Array.from({ length: 10_001 }, () => aRecording())))
      .start()
    const findings = await inspected(world)
    expect(findings.filter(({ subject }) => subject === 'recording:recording:view')).toMatchObject([
      { code: 'configuration-unreadable', severity: 'info', message: expect.stringContaining('archived') },
    ])
  })
})

describe('the audit trail', () => {
  it('whose results are without a list was not read', async () => {
    await using world = await ordinary.start()
    const match = { operation: 'getAuditQueryResults' }
    world.genesys.faults.add({ match, action: { kind: 'respond', status: 200, body: '{}' }, times: 100 })
    const report = await exporterOf(world).run(world.request)
    expect(report.audit).toMatchObject({ isWhole: false, reason: expect.stringContaining('without a list') })
    expect(report.findings.map(({ code }) => code)).toContain('audit-unavailable')
  })
})

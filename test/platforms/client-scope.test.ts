import { describe, expect, it } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { judgeScope, type PermissionReach } from '#src/platforms/source/client-scope.js'
import { aConversation, anOrganization } from '#src/testing/index.js'

const home = { id: '70000000-0000-4000-8000-000000000001', name: 'Home', homeDivision: true }
const sales = { id: '70000000-0000-4000-8000-000000000002', name: 'Sales' }
const nowhere = '70000000-0000-4000-8000-000000000009'
const request = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T12:00:00Z' },
}
const divided = anOrganization()
  .having({ divisions: [home, sales] })
  .with(aConversation(), aConversation('call').having({ divisionIds: [sales.id] }))
const narrow = divided.seenBy({ divisionIds: [home.id] })

const page = (...entities: object[]) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ entities, pageSize: 100, pageNumber: 1, pageCount: 1, total: entities.length }),
})

async function ran(listDivisions: ReturnType<typeof page>) {
  await using world = await narrow.start()
  const match = { operation: 'listDivisions' }
  world.genesys.faults.add({ match, action: { kind: 'respond', ...listDivisions }, times: 100 })
  return await new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } }).run(world.request)
}

describe('a list of divisions that cannot be whole', () => {
  it.each([
    ['names no division, though every organisation has one', page()],
    ['holds one that it does not name', page({ id: home.id, name: 'Home' }, { name: 'Sales' })],
  ])('%s: what the client sees of it is not known', async (_, listDivisions) => {
    const report = await ran(listDivisions)
    expect(report.coverage.scope?.reach).toBe('unknown')
    expect(report.findings.map(({ code }) => code)).toContain('client-scope-unknown')
  })
})

describe('a client whose divisions are known for some permissions only', () => {
  const known: PermissionReach = { permission: 'recording:recording:view', reach: { divisions: new Set([home.id]) } }
  const unknown: PermissionReach = { permission: 'recording:screenRecording:view', reach: { unknown: 'refused' } }

  it('is a blocker for those that are known to be narrow, and unknown for the others', () => {
    const { scope, findings } = judgeScope([home, sales], [unknown, known], request)
    expect(findings.map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
      ['client-scope-narrow', 'blocker', 'recording:recording:view'],
      ['client-scope-unknown', 'warning', 'divisions of the OAuth client'],
    ])
    expect(scope).toMatchObject({ reach: 'narrow', hidden: [{ id: sales.id }], reason: 'refused' })
  })

  it('is unknown where the known ones are whole', () => {
    const whole: PermissionReach = { ...known, reach: { divisions: 'all' } }
    const { scope, findings } = judgeScope([home, sales], [whole, unknown], request)
    expect([scope.reach, findings.map(({ code }) => code)]).toEqual(['unknown', ['client-scope-unknown']])
  })
})

describe('a division of the request that the organisation does not have', () => {
  it('is a blocker, even to a client that sees all', () => {
    const all: PermissionReach = { permission: 'recording:recording:view', reach: { divisions: 'all' } }
    const named = { ...request, divisionIds: [home.id, nowhere] }
    const { scope, findings } = judgeScope([home, sales], [all], named)
    expect(findings).toMatchObject([{ code: 'client-scope-narrow', severity: 'blocker', subject: nowhere }])
    expect(scope).toMatchObject({ reach: 'narrow', seen: [{ id: home.id }], hidden: [{ id: nowhere }] })
  })
})

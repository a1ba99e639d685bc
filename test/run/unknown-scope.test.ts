import { describe, expect, it } from 'vitest'
import { LegalHoldExporter, type LegalHoldExporterOptions, MemoryJournal } from '#src/index.js'
import { aConversation, anOrganization } from '#src/testing/index.js'
import { oneRecording } from '../fakes/one-recording.js'
import { unknownScope } from '../fakes/unknown-scope.js'

const home = { id: '70000000-0000-4000-8000-000000000001', name: 'Home', homeDivision: true }
const sales = { id: '70000000-0000-4000-8000-000000000002', name: 'Sales' }
const refused = { status: 403, body: '{"message":"no","code":"not.authorized","status":403}' }
const narrow = anOrganization()
  .having({ divisions: [home, sales] })
  .with(aConversation(), aConversation('call').having({ divisionIds: [sales.id] }))
  .seenBy({ divisionIds: [home.id] })

async function ran(options: Partial<LegalHoldExporterOptions> = {}) {
  await using world = await narrow.start()
  for (const operation of ['listPermittedDivisions', 'getSubject']) {
    world.genesys.faults.add({ match: { operation }, action: { kind: 'respond', ...refused }, times: 100 })
  }
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' }, ...options })
  return await exporter.run(world.request)
}

describe('a run of which nobody knows what divisions it sees', () => {
  it('does not end complete', async () => {
    const report = await ran()
    expect([report.outcome, report.accepted]).toEqual(['incomplete', []])
    expect(report.coverage).toMatchObject({
      proven: false,
      reason: expect.stringMatching(/^client-scope-unknown: /),
    })
  })

  it('may where that is accepted by its code, which the report keeps', async () => {
    const report = await ran({ accept: ['client-scope-unknown'] })
    expect([report.outcome, report.accepted]).toEqual(['complete', ['client-scope-unknown']])
    expect(report.coverage).toMatchObject({ proven: true, reason: expect.stringMatching(/^client-scope-unknown: /) })
  })
})

describe('a run that is resumed by a client of which nobody knows what divisions it sees', () => {
  async function resumed(options: Partial<LegalHoldExporterOptions> = {}) {
    const world = oneRecording()
    world.deliver('r1.opus', 'r1.opus_metadata.json')
    const journal = new MemoryJournal()
    const append = journal.append.bind(journal)
    journal.append = async (record) => {
      if (record.type === 'recording') throw new Error('power cut')
      return append(record)
    }
    await expect(world.run({}, {}, { journal })).rejects.toThrow()
    journal.append = append
    Object.assign(world.platform, { inspectSource: async () => ({ findings: [unknownScope] }) })
    const report = await world.run(options, {}, { journal })
    // What is on record can be read again.
    expect((await world.run(options, {}, { journal })).outcome).toBe(report.outcome)
    return report
  }

  it('does not end complete, since it reads the lists again', async () => {
    const report = await resumed()
    expect([report.outcome, report.findings]).toEqual(['incomplete', [unknownScope]])
    expect(report.coverage).toMatchObject({ proven: false, reason: 'client-scope-unknown: Nobody answered.' })
  })

  it('may where that is accepted', async () => {
    const report = await resumed({ accept: ['client-scope-unknown'] })
    expect([report.outcome, report.accepted]).toEqual(['complete', ['client-scope-unknown']])
  })
})

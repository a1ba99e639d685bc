import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { RecordingJobsPlatform } from '../../src/genesys.js'
import { type ExportRequest, type JournalRecord, LegalHoldExporter, type RunReport } from '../../src/index.js'
import {
  aBucket,
  aConversation,
  anOrganization,
  aRecording,
  MemoryJournal,
  type OrganizationBuilder,
} from '../../src/testing/index.js'

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
const ajv = new Ajv2020({ allErrors: true, strictSchema: true })
addFormats(ajv)
const isReport = ajv.compile(load('report'))
const isRecord = ajv.compile(load('journal-record'))

async function runOf(
  organization: OrganizationBuilder,
  options: {
    readonly dryRun?: boolean
    readonly request?: Partial<ExportRequest>
    readonly protectSource?: boolean
  } = {},
): Promise<{ readonly report: RunReport | undefined; readonly records: readonly JournalRecord[] }> {
  const world = await organization.start()
  const journal = new MemoryJournal()
  const hold = { tag: 'matter-1', matter: 'Doe v Example' }
  const { protectSource = false } = options
  const platform = new RecordingJobsPlatform({ ...world.genesysConnection, protectSource })
  const told = { audit: true, includeParticipants: true }
  const exporter = new LegalHoldExporter({ ...world.ports, platform, hold, ...told, landingTimeoutMs: 60_000 })
  const run = exporter.run({ ...world.request, ...options.request }, { journal, dryRun: options.dryRun ?? false })
  const report = await run.catch(() => undefined)
  const records: JournalRecord[] = []
  for await (const record of journal.entries()) records.push(record)
  await world.close()
  return { report: report && JSON.parse(JSON.stringify(report)), records }
}

const whole = anOrganization().with(
  aConversation('whatsapp').with(aRecording().withTranscript().withAttachment('a b.pdf')),
  aConversation('call').with(aRecording().failingAtSource()),
  aConversation('chat').with(aRecording().neverLanding()),
)

const firstDay = { start: '2023-10-19T00:00:00Z', end: '2023-10-20T00:00:00Z' }
/** A thread with a recording later than that, and beyond the index. */
const goingOn = anOrganization()
  .with(
    aConversation('whatsapp')
      .having({ ongoing: true })
      .with(aRecording(), aRecording({ startTime: '2023-10-25T09:00:00Z', endTime: '2023-10-25T09:30:00Z' })),
  )
  .behaving({
    protectionCap: 0,
    indexLagMs: 0,
  })

describe('the JSON Schemas that are shipped', () => {
  test.each([
    ['a run with repairs and exceptions', whole, {}],
    ['a dry run', whole, { dryRun: true }],
    ['a run that protects its source', goingOn, { protectSource: true, request: { interval: firstDay } }],
    ['a run of digital media alone', anOrganization().with(aConversation()), { request: { mediaTypes: 'digital' } }],
  ] as const)('describe the report and the journal of %s', async (_, organization, options) => {
    const { report, records } = await runOf(organization, options)
    isReport(report)
    expect(isReport.errors).toBe(null)
    expect(records.length).toBeGreaterThan(5)
    for (const record of records) {
      isRecord(record)
      expect(isRecord.errors, JSON.stringify(record)).toBe(null)
    }
  })

  test('describe the journal of a run that was stopped', async () => {
    const { report, records } = await runOf(whole.with(aBucket().withoutVersions()))
    expect(report).toBe(undefined)
    expect(records.map(({ type }) => type)).toEqual(expect.arrayContaining(['run-started', 'finding', 'run-stopped']))
    for (const record of records) {
      isRecord(record)
      expect(isRecord.errors, JSON.stringify(record)).toBe(null)
    }
  })

  test('refuse what is no report and no record', async () => {
    const { report, records } = await runOf(anOrganization().with(aConversation()))
    const { counts, ...without } = report as RunReport
    expect(isReport(without)).toBe(false)
    expect(isReport({ ...without, counts: { ...counts, held: -1 } })).toBe(false)
    expect(isReport({ ...without, counts, outcome: 'fine' })).toBe(false)
    expect(isReport({ ...without, counts, startedAt: 'yesterday' })).toBe(false)
    // What a later version adds is no mistake.
    expect(isReport({ ...without, counts, addedLater: 1 })).toBe(true)
    const intent = records.find(({ type }) => type === 'intent')
    expect(isRecord({ ...intent, data: {} })).toBe(false)
    expect(isRecord({ ...intent, sequence: 0 })).toBe(false)
    expect(isRecord({ ...intent, type: 'something' })).toBe(false)
  })

  test('know every state and every type of record', () => {
    const ports = readFileSync(new URL('../../src/model/record.ts', import.meta.url), 'utf8')
    const union = /export type JournalRecordType =([^/]+)/.exec(ports)?.[1] ?? ''
    const types = [...union.matchAll(/'([^']+)'/g)].map(([, type]) => type)
    expect(types.length).toBeGreaterThan(15)
    expect(load('journal-record').properties.type.enum.toSorted()).toEqual(types.toSorted())
    const text = readFileSync(new URL('../../src/model/report.ts', import.meta.url), 'utf8')
    const states = /export type RecordingState =([^/]+)/.exec(text)?.[1] ?? ''
    expect(load('report').$defs.exception.properties.state.enum).toEqual(
      [...states.matchAll(/'([^']+)'/g)].map(([, state]) => state),
    )
  })
})

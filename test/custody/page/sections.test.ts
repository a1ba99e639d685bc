import { describe, expect, test } from 'vitest'
import { exceptionGroups } from '#src/custody/page/exception-groups.js'
import { requirementSentences } from '#src/custody/page/requirements.js'
import { LegalHoldExporter, type RecordingException, type RunReport } from '#src/index.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../../fakes/platform.js'
import { folder, request, sealedRun, tag } from '../bundle-world.js'
import { pageOf } from './page-of.js'

/** The text of a section, without its markup. */
function sectionOf(page: string, id: string): string {
  const section = page.match(new RegExp(`<section aria-labelledby="${id}"[\\s\\S]*?</section>`))?.[0] ?? ''
  return section
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

async function finishedRun(options: { operator?: string; command?: string; conflict?: boolean } = {}) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const platform = Object.assign(new FakePlatform(), { clientId: 'oauth-client-7' })
  const storage = new MemoryStorageAdapter({ clock })
  clock.advance(10_000)
  platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
  const metadata = { 'legal-hold-tag': options.conflict === true ? 'roe-2024' : tag }
  storage.put(`${folder}/r1.json`, { body: 'x', metadata })
  storage.put(`${folder}/r1.json_metadata.json`, { body: '{}', metadata })
  const { conflict: _, ...said } = options
  const hold = { tag, matter: 'Doe v. Roe', requestedBy: 'J. Stone, general counsel' }
  const exporter = new LegalHoldExporter({ platform, storage, clock, hold, ...said })
  return exporter.run(request)
}

describe('who asked, who ran it', () => {
  test('is in the report and on the page: counsel, operator, client and command', async () => {
    const said = { operator: 'A. Reyes, records', command: 'export --config matter.yaml' }
    const report = await finishedRun(said)
    expect(report).toMatchObject({ ...said, platform: { clientId: 'oauth-client-7' } })
    const text = sectionOf(pageOf(report, []), 'people')
    for (const one of ['J. Stone, general counsel', said.operator, said.command, 'oauth-client-7', report.runId]) {
      expect(text).toContain(one)
    }
  })

  test('says so where nobody stated it', async () => {
    const report = await finishedRun()
    expect(report).not.toHaveProperty('operator')
    expect(sectionOf(pageOf(report, []), 'people')).toMatch(/Run by not stated .* Command not stated/)
  })

  test.each(['operator', 'command'] as const)('refuses an empty %s', (name) => {
    const options = { platform: new FakePlatform(), storage: new MemoryStorageAdapter(), hold: { tag } }
    expect(() => new LegalHoldExporter({ ...options, [name]: '' })).toThrow(`${name} must be a text that is not empty`)
  })
})

describe('a run in conflict', () => {
  test('names both matters, in the answer and with the exceptions', async () => {
    const conflicting = await finishedRun({ conflict: true })
    expect(conflicting.counts.conflicting).toBe(1)
    const page = pageOf(conflicting, conflicting.exceptions, 1, ['roe-2024'])
    expect(page).toMatch(/<h1>[^<]*in conflict with another hold \(roe-2024\)/)
    expect(sectionOf(page, 'exceptions')).toMatch(
      /Two matters claim .* 1 recording of the matter Doe v\. Roe, hold discovery-batch-2023-10 , carry in its place: roe-2024/,
    )
  })

  test('finds the other hold in the records that are sealed', async () => {
    const { dir } = await sealedRun({
      prepare: (storage) => storage.put(`${folder}/r2.json`, { metadata: { 'legal-hold-tag': 'roe-2024,smith-1' } }),
    })
    const { readFile } = await import('node:fs/promises')
    const page = await readFile(`${dir}/report.html`, 'utf8')
    expect(sectionOf(page, 'exceptions')).toContain('carry in its place: roe-2024 , smith-1')
  })
})

describe('what the hold requires', () => {
  test('is said in sentences', () => {
    const sentences = requirementSentences({
      metadata: { 'legal-hold-tag': 'doe-1' },
      tags: { matter: 'Doe & Co' },
      legalHold: true,
      retainUntilDate: '2030-01-01T00:00:00Z',
    })
    expect(sentences).toEqual([
      'Each file carries the mark “legal-hold-tag: doe-1”, alone or beside the marks of other matters, in its metadata.',
      'Each file carries the mark “matter: Doe & Co” as an object tag.',
      'Each file is under an Object Lock legal hold: nobody can delete it until that hold is lifted.',
      'Each file is kept at least until 1 Jan 2030, 00:00 UTC: until then only someone with a special permission can delete it (Object Lock, governance mode or stronger).',
    ])
  })
})

describe('exceptions', () => {
  const one = (over: Partial<RecordingException>): RecordingException => ({
    state: 'missing',
    reason: 'never delivered',
    ...over,
  })

  test('are grouped by reason, and stand by conversation in the order of time', () => {
    const groups = exceptionGroups([
      one({ recordingId: 'r3', conversationId: 'c2', conversationStart: '2023-10-19T00:00:00Z' }),
      one({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-10-18T00:00:00+00:00' }),
      one({ state: 'conflicting', reason: 'x', recordingId: 'r9', conversationId: 'c9' }),
      one({ reason: 'deleted since', recordingId: 'r8', conversationId: 'c8' }),
      one({ recordingId: 'r4', conversationId: 'c1', conversationStart: '2023-10-18T00:00:00Z' }),
      one({ count: 5 }),
    ])
    expect(
      groups.map(({ state, reason, recordings, conversations }) => [state, reason, recordings, conversations]),
    ).toEqual([
      ['missing', 'never delivered', 8, 2],
      ['missing', 'deleted since', 1, 1],
      ['conflicting', 'x', 1, 1],
    ])
    expect(groups[0]?.exceptions.map(({ recordingId }) => recordingId)).toEqual(['r1', 'r4', 'r3', undefined])
  })

  test('with hundreds of reasons make no hundreds of tables, and lose none', () => {
    const list = Array.from({ length: 300 }, (_, at) => one({ reason: `reason ${at}`, recordingId: `r${at}` }))
    const groups = exceptionGroups(list)
    expect(groups).toHaveLength(8)
    expect(groups.at(-1)).toMatchObject({ reason: undefined, recordings: 293 })
    expect(new Set(groups.flatMap(({ exceptions }) => exceptions)).size).toBe(300)
  })

  test('say when, medium, queue and direction, and who where that was asked for', async () => {
    const report: RunReport = await finishedRun()
    const known = {
      conversationStart: '2023-10-19T09:05:00.000Z',
      mediaType: 'call',
      direction: 'outbound',
      queueId: 'q-1',
    }
    const people = { agents: ['agent-1'], customer: 'Doe, Jane' }
    const text = sectionOf(
      pageOf(report, [one({ ...known, ...people, recordingId: 'r1', conversationId: 'c1' })]),
      'exceptions',
    )
    expect(text).toContain('Missing: never delivered 1 recording of 1 conversation')
    expect(text).toContain('Began Medium Direction Queue Conversation Recording People')
    expect(text).toContain('2023-10-19 09:05 call outbound q-1 c1 r1 handled by agent-1; customer Doe, Jane')
    expect(sectionOf(pageOf(report, [one({ recordingId: 'r1' })]), 'exceptions')).toContain(
      'unknown unknown unknown unknown unknown r1',
    )
    const named = pageOf(report, [one({ ...known, queueName: '<b>Claims', recordingId: 'r1', conversationId: 'c1' })])
    expect(named).toContain('title="q-1">&lt;b&gt;Claims</td>')
    expect(sectionOf(named, 'exceptions')).not.toContain('q-1')
  })
})

describe('the page', () => {
  test('ends with a page to sign that names its run, a glossary and the costs', async () => {
    const page = pageOf(await finishedRun(), [])
    const order = [
      'scope',
      'people',
      'flow',
      'arrivals',
      'exceptions',
      'findings',
      'custody',
      'signing',
      'glossary',
      'cost',
    ]
    const found = [...page.matchAll(/<section aria-labelledby="(\w+)"/g)].map(([, id]) => id)
    expect(found).toEqual(order)
    expect(sectionOf(page, 'signing')).toMatch(
      /Complete: 1 of 1 expected recording under the hold .* Name .* Signature/,
    )
    expect(sectionOf(page, 'cost')).toMatch(/^Annex: cost/)
  })
})

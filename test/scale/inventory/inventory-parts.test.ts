import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contradictionOf } from '#src/journal/verdict-record.js'
import type { InventoryLine } from '#src/model/inventory/line.js'
import { boundOf } from '#src/model/inventory/report.js'
import type { HoldRequirements } from '#src/model/requirements.js'
import { joined } from '#src/scale/inventory/joined.js'
import { lineOf } from '#src/scale/inventory/reading.js'
import { compareWithLine, Reservoir } from '#src/scale/inventory/sample.js'
import { compareRows, type PlacedRow } from '#src/scale/plan/row.js'
import type { InventoryFacet, InventoryRow } from '#src/scale/ports/inventory-source.js'
import { judgeByInventory } from '#src/stages/object/by-inventory.js'
import { everyFacet } from './inventory-world.js'

const asOf = '2026-11-29T01:00:00.000Z'
const row: InventoryRow = {
  bucket: 'b',
  key: 'k',
  etag: 'e',
  sizeBytes: 5,
  lastModified: '2026-11-28T10:00:00.000Z',
  metadata: { 'legal-hold-tag': 'm-1' },
  tags: { hold: 'm-1' },
  legalHold: 'ON',
  lockMode: 'GOVERNANCE',
  retainUntil: '2030-01-01T00:00:00.000Z',
}
const parts: Readonly<Record<string, HoldRequirements>> = {
  metadata: { metadata: { 'legal-hold-tag': 'm-1' } },
  tags: { tags: { hold: 'm-1' } },
  'legal-hold': { legalHold: true },
  retention: { retainUntilDate: '2029-01-01T00:00:00Z' },
}

describe('a row of an inventory', () => {
  test('shows the hold only where each requirement has a column, and the column shows it', () => {
    fc.assert(
      fc.property(
        fc.subarray([...everyFacet]),
        fc.subarray(Object.keys(parts), { minLength: 1 }),
        fc.subarray(['metadata', 'tags', 'legalHold', 'retainUntil', 'lockMode', 'etag', 'lastModified'] as const),
        (facets, required, leftOut) => {
          const given: InventoryRow = { ...row, ...Object.fromEntries(leftOut.map((name) => [name, undefined])) }
          const line = lineOf(given, { asOf, facets }, Object.assign({}, ...required.map((name) => parts[name])))
          const fields: Readonly<Record<string, readonly string[]>> = {
            metadata: ['metadata'],
            tags: ['tags'],
            'legal-hold': ['legalHold'],
            retention: ['retainUntil', 'lockMode'],
            etag: ['etag', 'lastModified'],
          }
          const needs = [...required, 'etag']
          const isShown = needs.every(
            (name) =>
              facets.includes(name as InventoryFacet) &&
              (fields[name] ?? []).every((field) => !(leftOut as readonly string[]).includes(field)),
          )
          expect(line !== undefined).toBe(isShown)
          if (line === undefined) return
          // What has no column is not believed, whatever the row says.
          for (const name of ['metadata', 'tags'] as const)
            if (!facets.includes(name)) expect(line).not.toHaveProperty(name)
          if (!facets.includes('legal-hold')) expect(line).not.toHaveProperty('legalHold')
        },
      ),
    )
  })

  test.each([
    ['a former version', { isLatest: false }],
    ['a delete marker', { isDeleteMarker: true }],
    ['an object written in the second in which the inventory began', { lastModified: '2026-11-29T00:59:59.500Z' }],
    ['an object written since', { lastModified: '2026-11-29T01:00:00.000Z' }],
    ['an object of no known time', { lastModified: 'yesterday' }],
    ['an object without a hold', { legalHold: 'OFF' }],
    ['a retention that ends too early', { retainUntil: '2028-01-01T00:00:00.000Z' }],
    ['an object without an ETag', { etag: '' }],
  ] as const)('of %s shows nothing', (_, change) => {
    const requirements = { ...parts['legal-hold'], ...parts.retention }
    expect(lineOf(row, { asOf, facets: everyFacet }, requirements)).toBeDefined()
    expect(lineOf({ ...row, ...change }, { asOf, facets: everyFacet }, requirements)).toBeUndefined()
  })
})

describe('an object that is listed', () => {
  const requirements = { legalHold: true }
  const line = lineOf(row, { asOf, facets: everyFacet }, requirements) as InventoryLine
  const sample = { of: 1, read: 1, confirmed: 1, changed: 0, contradicted: 0 }
  const inventory = (trusted = true) => ({
    facts: { name: 'i', asOf, trusted, sample },
    find: (key: string) => (key === 'k' ? line : undefined),
  })
  const listed = { bucket: 'b', key: 'k', etag: '"e"', sizeBytes: 5, lastModified: '2026-11-28T10:00:00Z' }
  const judge = (object: object, trusted?: boolean, needs: HoldRequirements = requirements) =>
    judgeByInventory(inventory(trusted), needs, { ...listed, ...object }, { kind: 'recording' })

  test('as the line has it is held by the inventory', () => {
    expect(judge({})).toMatchObject({ verdict: 'held', provenBy: 'inventory', asOf, object: { bucket: 'b', key: 'k' } })
  })

  test.each([
    ['another key', { key: 'other' }],
    ['another ETag', { etag: '"x"' }],
    ['no ETag', { etag: undefined }],
    ['another size', { sizeBytes: 6 }],
    ['a later time', { lastModified: '2026-11-28T10:00:01Z' }],
    ['an earlier time', { lastModified: '2026-11-28T09:00:00Z' }],
    ['no time', { lastModified: undefined }],
    ['a time since the inventory began', { lastModified: '2026-11-29T02:00:00Z' }],
  ])('with %s is read', (_, change) => {
    expect(judge(change)).toBeUndefined()
  })

  test('is read where the inventory is not trusted, or does not show what is required', () => {
    expect(judge({}, false)).toBeUndefined()
    expect(judge({}, true, { retainUntilDate: '2031-01-01T00:00:00Z' })).toBeUndefined()
  })

  test('is compared with its line in a sample', () => {
    const state = { ...judge({})?.state, etag: '"e"' }
    const compared = (verdict: object) => compareWithLine(line, { verdict: 'held', ...verdict } as never, asOf)
    expect(compared({ state })).toBe('confirmed')
    expect(compared({ verdict: 'untagged', state })).toBe('contradicted')
    expect(compared({ verdict: 'unreadable' })).toBe('contradicted')
    expect(compared({ state: { ...state, etag: '"x"' } })).toBe('contradicted')
    expect(compared({ state: { ...state, lastModified: undefined } })).toBe('contradicted')
    expect(compared({ state: { ...state, etag: '"x"', lastModified: '2026-11-29T02:00:00Z' } })).toBe('changed')
    expect(compared({ verdict: 'absent' })).toBe('changed')
  })

  test('has a record that says no more than an inventory can show', () => {
    const before = { legalHold: 'ON' }
    const record = { verdict: 'held', outcome: 'held', provenBy: 'inventory', asOf, request: {}, before }
    const flawOf = (change: object) => contradictionOf({ ...record, ...change } as never, requirements)
    expect(flawOf({})).toBeUndefined()
    for (const change of [
      { verdict: 'untagged' },
      { remediation: 'repaired' },
      { after: before },
      { request: { requestId: 'r' } },
      { asOf: undefined },
      { asOf: 'then' },
      { provenBy: undefined },
      { before: { legalHold: 'OFF' } },
      { before: {} },
    ]) {
      expect(flawOf(change), JSON.stringify(change)).toBeTypeOf('string')
    }
  })
})

describe('a sample', () => {
  test('bounds the share of wrong lines by the exact limit of a binomial proportion', () => {
    // 1 - 0.05^(1/n) for zero events among n: Clopper and Pearson (1934).
    expect(boundOf({ confirmed: 1 }, 1_000)).toEqual({ confidence: 0.95, rate: 0.95, objects: 950 })
    expect(boundOf({ confirmed: 100 }, 1_000_000)).toEqual({ confidence: 0.95, rate: 0.029514, objects: 29_514 })
    expect(boundOf({ confirmed: 3_000 }, 1e9)).toMatchObject({ rate: 0.000999, objects: 998_080 })
    expect(boundOf({ confirmed: 0 }, 7)).toMatchObject({ rate: 1, objects: 7 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 1e9 }), (confirmed, objects) => {
        const bound = boundOf({ confirmed }, objects)
        // With one wrong object more than the bound, the sample is all right in less than one case of 20.
        expect((1 - bound.rate) ** confirmed).toBeLessThanOrEqual(0.05 + 1e-9)
        expect(bound.rate).toBeLessThanOrEqual(3 / confirmed + 1e-6)
        expect(bound.objects).toBeGreaterThanOrEqual(Math.min(objects, bound.rate * objects - objects * 1e-6))
      }),
    )
  })

  test('of a stream has each item with the same probability', () => {
    const drawn = Array.from({ length: 20 }, () => 0)
    for (let round = 0; round < 4_000; round += 1) {
      const reservoir = new Reservoir<number>(5)
      for (let item = 0; item < 20; item += 1) reservoir.add(item)
      expect(new Set(reservoir.items).size).toBe(5)
      for (const item of reservoir.items) drawn[item] = (drawn[item] ?? 0) + 1
    }
    // 1,000 are expected, with a standard deviation of 27.
    for (const count of drawn) expect(Math.abs(count - 1_000)).toBeLessThan(220)
  })
})

test.each([
  ['the newest of several versions', ['00', '05', '03'], ['05']],
  ['none where two may be the newest', ['00', '05.200', '05.900'], []],
  ['none where a version has no time', ['00', undefined], []],
  ['the only one', [undefined], [undefined]],
] as const)('of the rows of a key %s counts', async (_, times, expected) => {
  const key = 'o/year=2026/month=11/day=28/hour=10/conversation_id=a/r1.opus'
  const hour = Date.parse('2026-11-28T10:00:00Z')
  const recording = { kind: 'recording', recording: { recordingId: 'r1', conversationId: 'a' } } as const
  const rows: PlacedRow[] = times.map((seconds) => {
    const line = { etag: `e${seconds}`, lastModified: asOf }
    const writtenAt = seconds === undefined ? undefined : `2026-11-28T11:00:${seconds}Z`
    return { hour, conversationId: 'a', row: { kind: 'inventory', key, line, writtenAt } }
  })
  const source = async function* () {
    yield* [{ hour, conversationId: 'a', row: recording }, ...rows]
  }
  const found: unknown[] = []
  for await (const { row: one } of joined(source(), { lines: 0, absent: 0 })) {
    if (one.kind === 'inventory') found.push(one.line?.etag)
  }
  expect(found).toEqual(expected.map((seconds) => `e${seconds}`))
})

test('lines are put beside what is expected, each key once, and nothing of other conversations', async () => {
  const line: InventoryLine = { etag: 'e', lastModified: asOf }
  const folder = (conversation: string) => `o/year=2026/month=11/day=28/hour=10/conversation_id=${conversation}`
  const item = fc.record({
    conversation: fc.constantFrom('a', 'a-', 'b'),
    name: fc.constantFrom('r1.opus', 'r1.opus_metadata.json', 'r2.opus', 'r2.ogg'),
    isShown: fc.boolean(),
    isDeleted: fc.boolean(),
  })
  const expected = fc.uniqueArray(
    fc.record({ conversation: fc.constantFrom('a', 'a-', 'b'), id: fc.constantFrom('r1', 'r2') }),
    { selector: ({ conversation, id }) => `${conversation}/${id}` },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 8 }), expected, async (items, recordings) => {
      const hour = Date.parse('2026-11-28T10:00:00Z')
      const rows: PlacedRow[] = [
        ...recordings.map(({ conversation, id }) => ({
          hour,
          conversationId: conversation,
          row: { kind: 'recording', recording: { recordingId: id, conversationId: conversation } } as const,
        })),
        ...items.map(({ conversation, name, isShown, isDeleted }) => ({
          hour,
          conversationId: conversation,
          row: {
            kind: 'inventory',
            key: `${folder(conversation)}/${name}`,
            ...(isDeleted ? { isDeleted } : isShown ? { line } : {}),
          } as const,
        })),
      ]
      const counts = { lines: 0, absent: 0 }
      const found: PlacedRow[] = []
      for await (const one of joined(
        (async function* () {
          yield* rows.toSorted(compareRows)
        })(),
        counts,
      )) {
        found.push(one)
      }
      const keys = items.map(({ conversation, name }) => `${folder(conversation)}/${name}`)
      const isExpected = (conversation: string) => recordings.some((one) => one.conversation === conversation)
      const lines = items
        .filter(
          (one, at) =>
            one.isShown &&
            !one.isDeleted &&
            isExpected(one.conversation) &&
            keys.filter((key) => key === keys[at]).length === 1,
        )
        .map(({ conversation, name }) => `${folder(conversation)}/${name}`)
      const shown = found.flatMap(({ row: one }) => (one.kind === 'inventory' ? [one.key] : []))
      expect(shown.toSorted()).toEqual(lines.toSorted())
      expect(counts.lines).toBe(lines.length)
      expect(found.filter(({ row: one }) => one.kind === 'recording')).toHaveLength(recordings.length)
      const isThere = ({ conversation, id }: { conversation: string; id: string }) =>
        items.some(
          (one) =>
            one.conversation === conversation &&
            !one.isDeleted &&
            one.name.startsWith(`${id}.o`) &&
            !one.name.endsWith('.json'),
        )
      expect(counts.absent).toBe(recordings.filter((one) => !isThere(one)).length)
    }),
  )
})

import { describe, expect, test } from 'vitest'
import type { ObjectState } from '#src/index.js'
import { planRepair } from '#src/stages/repair/plan.js'
import { judge } from '#src/stages/validate.js'

const state = (over: Partial<ObjectState> = {}): ObjectState => ({
  bucket: 'b',
  key: 'k',
  sizeBytes: 1,
  metadata: {},
  headers: {},
  encryption: {},
  tags: {},
  legalHold: 'OFF',
  retention: 'none',
  ...over,
})
const all = {
  metadata: { 'legal-hold-tag': 'm-1' },
  tags: { hold: 'm-1' },
  legalHold: true,
  retainUntilDate: '2030-01-01T00:00:00Z',
}
const tagOnly = { metadata: { 'legal-hold-tag': 'm-1' } }
const verdictOf = (requirements: typeof all | typeof tagOnly, over: Partial<ObjectState>) =>
  judge(requirements, state(over), undefined).verdict

describe('a verdict', () => {
  test.each<[string, Partial<ObjectState>]>([
    ['held', { metadata: { 'legal-hold-tag': 'm-1' } }],
    ['held', { metadata: { 'legal-hold-tag': 'm-0, m-1' } }],
    ['untagged', {}],
    ['untagged', { metadata: { 'legal-hold-tag': ' ' } }],
    ['conflicting', { metadata: { 'legal-hold-tag': 'm-10' } }],
    ['conflicting', { metadata: { 'legal-hold-tag': 'M-1' } }],
    ['unreadable', { missingMetadata: 1 }],
    ['held', { missingMetadata: 1, metadata: { 'legal-hold-tag': 'm-1' } }],
  ])('is %s for %j', (verdict, over) => {
    expect(verdictOf(tagOnly, over)).toBe(verdict)
  })

  test('looks at every requirement', () => {
    const held: Partial<ObjectState> = {
      metadata: { 'legal-hold-tag': 'm-1' },
      tags: { hold: 'm-0 m-1' },
      legalHold: 'ON',
      retention: { mode: 'COMPLIANCE', retainUntilDate: '2031-01-01T00:00:00Z' },
    }
    expect(verdictOf(all, held)).toBe('held')
    expect(verdictOf(all, {})).toBe('untagged')
    expect(verdictOf(all, { ...held, metadata: {} })).toBe('mismatched')
    expect(verdictOf(all, { ...held, tags: { hold: 'm-0' } })).toBe('conflicting')
    expect(verdictOf(all, { ...held, tags: 'unreadable' })).toBe('unreadable')
    expect(verdictOf(all, { ...held, legalHold: 'OFF' })).toBe('mismatched')
    expect(verdictOf(all, { ...held, legalHold: 'unreadable' })).toBe('unreadable')
    expect(verdictOf(all, { ...held, legalHold: undefined })).toBe('unreadable')
    expect(verdictOf(all, { ...held, retention: 'none' })).toBe('mismatched')
    expect(verdictOf(all, { ...held, retention: 'unreadable' })).toBe('unreadable')
    const short = { mode: 'GOVERNANCE', retainUntilDate: '2029-01-01T00:00:00Z' } as const
    expect(verdictOf(all, { ...held, retention: short })).toBe('mismatched')
  })
})

describe('a repair plan', () => {
  test('changes in place first and copies last, and keeps all other metadata', () => {
    const before = state({ metadata: { project: 'x' }, tags: { team: 'y' } })
    const plan = planRepair(all, before, 'refuse')
    expect(plan.refused).toBeUndefined()
    if (plan.refused !== undefined) return
    expect(plan.steps.map(({ action }) => action)).toEqual([
      'merge-tags',
      'put-legal-hold',
      'put-retention',
      'replace-metadata',
    ])
    expect(plan.steps.at(-1)).toEqual({
      action: 'replace-metadata',
      metadata: { project: 'x', 'legal-hold-tag': 'm-1' },
    })
  })

  test('makes no copy where the metadata is right', () => {
    const plan = planRepair(all, state({ metadata: { 'legal-hold-tag': 'm-1' } }), 'refuse')
    expect(plan.refused === undefined && plan.steps.some(({ action }) => action === 'replace-metadata')).toBe(false)
  })

  test("refuses another matter's tag, or adds to it when asked to merge", () => {
    const before = state({ metadata: { 'legal-hold-tag': 'other' } })
    expect(planRepair(tagOnly, before, 'refuse')).toMatchObject({ conflict: true })
    expect(planRepair(tagOnly, before, 'merge')).toEqual({
      steps: [{ action: 'replace-metadata', metadata: { 'legal-hold-tag': 'other,m-1' } }],
    })
  })

  test('never overwrites a value that is no list of tags', () => {
    const requirements = { metadata: { matter: 'Smith v. Jones' } }
    expect(planRepair(requirements, state({ metadata: { matter: 'A v. B' } }), 'merge')).toMatchObject({
      conflict: true,
    })
  })

  test('never shortens or weakens a retention', () => {
    const before = state({ retention: { mode: 'COMPLIANCE', retainUntilDate: '2029-01-01T00:00:00Z' } })
    expect(planRepair({ retainUntilDate: '2030-01-01T00:00:00Z' }, before, 'refuse')).toEqual({
      steps: [{ action: 'put-retention', retention: { mode: 'COMPLIANCE', retainUntilDate: '2030-01-01T00:00:00Z' } }],
    })
    const stronger = { retainUntilDate: '2028-01-01T00:00:00Z', retentionMode: 'COMPLIANCE' as const }
    const governed = state({ retention: { mode: 'GOVERNANCE', retainUntilDate: '2029-01-01T00:00:00Z' } })
    expect(planRepair(stronger, governed, 'refuse')).toEqual({
      steps: [{ action: 'put-retention', retention: { mode: 'COMPLIANCE', retainUntilDate: '2029-01-01T00:00:00Z' } }],
    })
  })

  test('refuses what S3 would not take: too much metadata, too many tags', () => {
    const long = state({ metadata: { note: 'x'.repeat(2_040) } })
    expect(planRepair(tagOnly, long, 'refuse')).toMatchObject({ refused: expect.stringMatching(/2048/) })
    const tags = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`t${i}`, 'v']))
    expect(planRepair({ tags: { hold: 'm-1' } }, state({ tags }), 'refuse')).toMatchObject({
      refused: expect.stringMatching(/10/),
    })
  })

  test('survives hostile metadata names', () => {
    const metadata = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>
    const plan = planRepair(tagOnly, state({ metadata }), 'refuse')
    if (plan.refused !== undefined) throw new Error(plan.refused)
    const [step] = plan.steps
    expect(step?.action === 'replace-metadata' && Object.keys(step.metadata).sort()).toEqual([
      '__proto__',
      'constructor',
      'legal-hold-tag',
    ])
  })
})

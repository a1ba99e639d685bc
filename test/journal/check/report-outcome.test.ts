import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contradictionOfOutcome } from '#src/journal/check/report-check.js'
import { contradictsItself, outcomeOf } from '#src/model/report.js'

const counts = fc.record({ expected: fc.nat(3), held: fc.nat(3), repaired: fc.nat(3) })
const inventory = fc.option(fc.record({ objects: fc.nat(1) }), { nil: undefined })
const accepted = fc.subarray(['versioning-off', 'inventory-is-proof'])
const account = fc.record({ counts, coverage: fc.record({ proven: fc.boolean() }), inventory, accepted })
const outcomes = ['complete', 'incomplete', 'nothing-expected'] as const

describe('the outcome of a report', () => {
  test('is complete only where a recording was expected, all carry the hold, coverage is proven, and no inventory stands in for a HEAD unaccepted', () => {
    fc.assert(
      fc.property(account, (given) => {
        const { expected, held, repaired } = given.counts
        const isProven = (given.inventory?.objects ?? 0) === 0 || given.accepted.includes('inventory-is-proof')
        const isSound = given.coverage.proven && held + repaired === expected && isProven
        const best = expected === 0 ? 'nothing-expected' : 'complete'
        expect(outcomeOf(given)).toBe(isSound ? best : 'incomplete')
      }),
    )
  })

  test('is refused on record and in a bundle where it says more than the counts do, and never where it says incomplete', () => {
    fc.assert(
      fc.property(account, fc.constantFrom(...outcomes), (given, outcome) => {
        const isSaid = outcome === 'incomplete' || outcome === outcomeOf(given)
        expect(contradictsItself({ ...given, outcome })).toBe(!isSaid)
        const report = { ...given, outcome, dryRun: false, remediations: { planned: 0 } }
        expect(contradictionOfOutcome(report) === undefined).toBe(isSaid)
      }),
    )
  })

  test.each(['success', 'Complete', undefined, null, 1])('is refused on record where it is %j', (outcome) => {
    const report = { outcome, counts: { expected: 1, held: 1, repaired: 0 }, coverage: { proven: true } }
    expect(contradictionOfOutcome(report)).toContain('whose outcome is')
  })

  test('is refused on record where nobody accepted what nobody had answered', () => {
    const findings = [{ code: 'client-scope-unknown', severity: 'warning' }]
    const report = {
      outcome: 'complete',
      counts: { expected: 1, held: 1, repaired: 0 },
      coverage: { proven: true },
      findings,
    }
    expect(contradictionOfOutcome(report)).toContain('nobody accepted "client-scope-unknown"')
    expect(contradictionOfOutcome({ ...report, accepted: ['client-scope-unknown'] })).toBeUndefined()
  })
})

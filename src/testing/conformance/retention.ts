import type { RetentionContext, RetentionPolicyAdapter } from '../../ports/retention.js'
import { type ConformanceRunner, type ConformanceSubject, codeOf, flawsOf, onSubject } from './suite.js'

/** A policy and two situations, as the author of an adapter provides them to each test. */
export interface RetentionConformanceSubject extends ConformanceSubject {
  readonly policy: RetentionPolicyAdapter
  /** A situation in which nothing would delete, expire or strip the recordings. No blocker is expected. */
  readonly safe: RetentionContext
  /** A situation in which something would. A blocker or a warning is expected. */
  readonly dangerous: RetentionContext
}

/** Options of {@link retentionConformance}. */
export interface RetentionConformanceOptions {
  create(): Promise<RetentionConformanceSubject>
}

/** An ordinary context. Pass the properties that differ. */
export function retentionContext(given: Partial<RetentionContext> = {}): RetentionContext {
  const bucket = given.bucket ?? 'legal-hold-exports'
  const hold = given.hold ?? { tag: 'matter-1' }
  return {
    hold,
    requirements: { metadata: { 'legal-hold-tag': hold.tag } },
    request: {
      integrationId: 'integration-1',
      interval: { start: '2023-10-18T00:00:00Z', end: '2023-10-19T00:00:00Z' },
    },
    organizationId: 'organisation-1',
    bucket,
    prefix: 'organisation-1/',
    profile: { id: 'integration-1', kind: 'integration', bucket, findings: [] },
    bucketInspection: { bucket, region: 'eu-west-1', versioning: 'Enabled', objectLock: 'Enabled', findings: [] },
    now: new Date('2023-10-20T12:00:00Z'),
    ...given,
  }
}

/**
 * The contract of every `RetentionPolicyAdapter`: findings are data that a person can act on, and evaluating
 * changes nothing.
 */
export function retentionConformance(runner: ConformanceRunner, options: RetentionConformanceOptions): void {
  const { expect } = runner
  const test = onSubject(runner, () => options.create())

  runner.describe('retention conformance', () => {
    test('has a name', async ({ policy }) => {
      expect(typeof policy.name === 'string' && policy.name !== '').toEqual(true)
    })

    test('finds no blocker where nothing endangers the recordings', async ({ policy, safe }) => {
      const findings = await policy.evaluate(safe)
      expect(findings.filter(({ severity }) => severity === 'blocker')).toEqual([])
      expect(flawsOf(findings)).toEqual([])
    })

    test('finds what would delete, expire or strip the recordings, and says what to do', async (subject) => {
      const findings = await subject.policy.evaluate(subject.dangerous)
      expect(findings.some(({ severity }) => severity !== 'info')).toEqual(true)
      expect(flawsOf(findings)).toEqual([])
      expect(JSON.parse(JSON.stringify(findings))).toEqual(findings)
    })

    test('gives the same answer again, and changes nothing of what it was asked about', async (subject) => {
      const { policy, dangerous, safe } = subject
      const before = JSON.stringify(dangerous)
      const first = await policy.evaluate(dangerous)
      await policy.evaluate(safe)
      expect(await policy.evaluate(dangerous)).toEqual(first)
      expect(JSON.stringify(dangerous)).toEqual(before)
    })

    test('an aborted signal rejects with ABORTED, or the answer needed no request', async ({ policy, safe }) => {
      const code = await codeOf(policy.evaluate(safe, { signal: AbortSignal.abort(new Error('enough')) }))
      expect(code === 'ABORTED' || code === 'resolved').toEqual(true)
    })
  })
}

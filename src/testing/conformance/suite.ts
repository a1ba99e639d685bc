import { LegalHoldError, type LegalHoldErrorCode } from '../../model/errors.js'
import { type Finding, findingCodes } from '../../model/findings.js'

/**
 * The three functions of a test runner that the conformance suites need. Those of vitest and jest can be passed
 * directly. For `node:test`, with `deepStrictEqual` of `node:assert`:
 *
 * @example
 * ```ts
 * const expect = (actual: unknown) => ({ toEqual: (expected: unknown) => deepStrictEqual(actual, expected) })
 * ```
 */
export interface ConformanceRunner {
  describe(name: string, body: () => void): unknown
  test(name: string, body: () => Promise<void>): unknown
  expect(actual: unknown): { toEqual(expected: unknown): void }
}

/** The subject of a suite. It is created for each test, and closed after it. */
export interface ConformanceSubject {
  /** Called after each test. */
  close?(): Promise<void> | void
}

/** A test of a suite: makes the subject, runs, closes. */
export function onSubject<S extends ConformanceSubject>(
  runner: ConformanceRunner,
  create: () => Promise<S>,
): (name: string, body: (subject: S) => Promise<void>) => void {
  return (name, body) => {
    runner.test(name, async () => {
      const subject = await create()
      try {
        await body(subject)
      } finally {
        await subject.close?.()
      }
    })
  }
}

/** The code that a call rejects with; `resolved` if it does not, and the error itself if it is not one of ours. */
export async function codeOf(call: Promise<unknown>): Promise<LegalHoldErrorCode | 'resolved' | unknown> {
  try {
    await call
    return 'resolved'
  } catch (error) {
    return LegalHoldError.isInstance(error) ? error.code : error
  }
}

/** All that a stream yields. */
export async function allOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

/** What is wrong with findings, in words: each must have a known code and say what to do. */
export function flawsOf(findings: readonly Finding[]): string[] {
  return findings.flatMap((finding) => {
    const { code, severity, message, subject, remedy } = finding
    const texts = [message, subject, remedy].every((text) => typeof text === 'string' && text.trim() !== '')
    return [
      ...((findingCodes as readonly string[]).includes(code) ? [] : [`${code} is not a finding code`]),
      ...(['blocker', 'warning', 'info'].includes(severity) ? [] : [`${code}: ${severity} is not a severity`]),
      ...(texts ? [] : [`${code}: message, subject or remedy is empty`]),
    ]
  })
}

import '#src/testing/vitest.js'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect as jestExpect } from 'expect'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { errorCodes, LegalHoldError, LegalHoldExporter } from '#src/index.js'
import {
  buildError,
  buildReport,
  legalHoldMatchers,
  MemoryRecordingPlatform,
  MemoryStorageAdapter,
  SimulatedClock,
} from '#src/testing/index.js'

const missing = { state: 'missing' as const, recordingId: 'r7', reason: 'never delivered' }
const finding = {
  code: 'versioning-off' as const,
  severity: 'warning' as const,
  message: 'm',
  subject: 'b',
  remedy: 'r',
}

jestExpect.extend(legalHoldMatchers)
// Both have the same matchers, and only their own types.
const runners = [
  ['vitest', expect],
  ['jest', jestExpect as unknown as typeof expect],
] as const

describe.each(runners)('the matchers under %s', (_, expectOf) => {
  test('tell a complete report from one that is not, and say why', () => {
    expectOf(buildReport()).toBeComplete()
    expectOf(buildReport({ exceptions: [missing] })).not.toBeComplete()
    expect(() => expectOf(buildReport({ exceptions: [missing] })).toBeComplete()).toThrow(
      /incomplete, 1 missing, 1 expected\n {2}state "missing", recordingId "r7", reason "never delivered"/,
    )
    expect(() => expectOf(buildReport()).not.toBeComplete()).toThrow('It was not to')
    const unproven = buildReport({ coverage: { proven: false, depth: 'counts', reason: 'no index' } })
    expect(() => expectOf(unproven).toBeComplete()).toThrow('coverage is not proven: no index')
    const lying = { ...buildReport({ exceptions: [missing] }), outcome: 'complete' as const }
    expect(() => expectOf(lying).toBeComplete()).toThrow('it says more than its own counts')
    expectOf(buildReport({ counts: { held: 0 } })).not.toBeComplete()
  })

  test('compare counts by those that are named', () => {
    const report = buildReport({ counts: { held: 2, repaired: 1, missing: 1 } })
    expectOf(report).toHaveCounts({ held: 2, missing: 1, expected: 4 })
    expectOf(report).not.toHaveCounts({ held: 3 })
    expect(() => expectOf(report).toHaveCounts({ held: 3 })).toThrow(/was to count held 3/)
    expect(() => expectOf(report).toHaveCounts({ hold: 3 } as never)).toThrow('no count of hold')
    expect(() => expectOf(report).not.toHaveCounts({ hold: 3 } as never)).toThrow('no count of hold')
  })

  test('find an exception by values, patterns and matchers', () => {
    const report = buildReport({ exceptions: [missing] })
    expectOf(report).toHaveException({ state: 'missing', reason: /never/ })
    expectOf(report).toHaveException({ recordingId: expect.stringMatching(/^r\d$/) as never })
    expectOf(report).not.toHaveException({ state: 'missing', recordingId: 'r8' })
    expect(() => expectOf(report).toHaveException({ recordingId: 'r8' })).toThrow(
      /recordingId "r8". It has:\n {2}state/,
    )
    // The rest is not in the report: nobody can say that it is not so.
    const cut = { ...report, counts: { ...report.counts, missing: 2_000, expected: 2_000 } }
    expect(() => expectOf(cut).not.toHaveException({ recordingId: 'r8' })).toThrow('lists 1 of 2000 exceptions')
  })

  test('find a finding in a report, an inspection, a list and an error', () => {
    const blocked = buildError('PREFLIGHT_BLOCKED', { findings: [finding] })
    for (const one of [buildReport({ findings: [finding] }), { findings: [finding] }, [finding], blocked]) {
      expectOf(one).toHaveFinding('versioning-off')
      expectOf(one).toHaveFinding('versioning-off', { severity: 'warning', subject: /b/ })
      expectOf(one).not.toHaveFinding('versioning-off', { severity: 'blocker' })
      expect(() => expectOf(one).toHaveFinding('bucket-mismatch')).toThrow('warning versioning-off: m')
    }
  })

  test('tell errors of the library by code and members', async () => {
    const error = buildError('STORAGE_FORBIDDEN', { answer: { operation: 'HeadObject' } })
    expectOf(error).toBeLegalHoldError()
    expectOf(error).toBeLegalHoldError('STORAGE_FORBIDDEN', { retryable: false, answer: { operation: 'HeadObject' } })
    expectOf(error).not.toBeLegalHoldError('STORAGE_REJECTED')
    expectOf(new Error('x')).not.toBeLegalHoldError()
    expect(() => expectOf(new Error('x')).toBeLegalHoldError('TIMEOUT')).toThrow(/no LegalHoldError: Error: x.*TIMEOUT/)
    await expectOf(Promise.reject(error)).rejects.toBeLegalHoldError('STORAGE_FORBIDDEN')
  })

  test('ask a bucket whether it holds an object', async () => {
    const clock = new SimulatedClock()
    const storage = new MemoryStorageAdapter({ clock })
    storage.put('a', { body: 'x', metadata: { 'legal-hold-tag': 'matter-1' } })
    storage.put('b', { body: 'x' })
    await expectOf(storage).toHoldObject('a', 'matter-1')
    await expectOf(storage).not.toHoldObject('a', 'matter-2')
    await expectOf(storage).not.toHoldObject('b')
    await expect(expectOf(storage).toHoldObject('b')).rejects.toThrow('b in')
    await expect(expectOf(storage).not.toHoldObject('c')).rejects.toThrow('c is not in')
  })

  test('throw for what they are not for, negated too', () => {
    const promise = Promise.resolve(buildReport())
    for (const one of [promise, undefined, {}, 'complete', []]) {
      expect(() => expectOf(one).toBeComplete()).toThrow(TypeError)
      expect(() => expectOf(one).not.toBeComplete()).toThrow(TypeError)
      expect(() => expectOf(one).not.toHaveException({ state: 'missing' })).toThrow(TypeError)
    }
    for (const one of [promise, undefined, {}, 'x']) {
      expect(() => expectOf(one).not.toHaveFinding('versioning-off')).toThrow(TypeError)
    }
    expect(() => expectOf(promise).not.toBeLegalHoldError()).toThrow('rejects')
  })

  test('judge the report of a run as it is returned', async () => {
    const clock = new SimulatedClock()
    const storage = new MemoryStorageAdapter({ clock })
    const recordings = [{ recordingId: 'r1' }, { recordingId: 'r2', fate: 'missing' as const }]
    const platform = new MemoryRecordingPlatform({ storage, clock, recordings })
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' } })
    const report = await exporter.run(platform.request)
    expectOf(report).not.toBeComplete()
    expectOf(report).toHaveCounts({ expected: 2, repaired: 1, missing: 1 })
    expectOf(report).toHaveException({ state: 'missing', recordingId: 'r2' })
  })
})

describe('the entry for jest', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  test('adds the matchers to the global expect', async () => {
    vi.resetModules()
    const extend = vi.fn()
    vi.stubGlobal('expect', { extend })
    await import('#src/testing/jest.js')
    expect(Object.keys(extend.mock.calls[0]?.[0] ?? {})).toEqual(Object.keys(legalHoldMatchers))
  })

  test('says what to do where there is none', async () => {
    vi.resetModules()
    vi.stubGlobal('expect', undefined)
    await expect(import('#src/testing/jest.js')).rejects.toThrow(/setupFilesAfterEnv.*injectGlobals: false/)
  })
})

describe('builders', () => {
  const ajv = new Ajv2020({ allErrors: true, strictSchema: true })
  addFormats(ajv)
  const schema = new URL('../../../schemas/report.schema.json', import.meta.url)
  const isReport = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))

  test('make a report of the shape that a run returns, whose counts add up and whose outcome follows', () => {
    const state = fc.constantFrom('conflicting', 'unreadable', 'unrepaired', 'missing', 'failedAtSource')
    const exceptions = fc.array(fc.record({ state, reason: fc.string({ minLength: 1 }) }), { maxLength: 5 })
    fc.assert(
      fc.property(exceptions, fc.nat(5), fc.boolean(), (list, held, proven) => {
        const coverage = { proven, depth: 'recordings' as const }
        const built = buildReport({ exceptions: list, coverage, ...(list.length === 0 ? { counts: { held } } : {}) })
        expect(isReport(built), JSON.stringify(isReport.errors)).toBe(true)
        const { expected, ...states } = built.counts
        expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(expected)
        const whole = list.length === 0 && proven
        expect(built.outcome).toBe(whole ? (held === 0 ? 'nothing-expected' : 'complete') : 'incomplete')
      }),
    )
  })

  test('refuse a report that no run returns', () => {
    expect(() => buildReport({ exceptions: [missing], outcome: 'complete' })).toThrow(
      'is incomplete, and never complete',
    )
    expect(() => buildReport({ counts: { held: 1, expected: 2 } })).toThrow('add up')
    expect(buildReport({ hold: { tag: 't' } }).requirements.metadata).toEqual({ 'legal-hold-tag': 't' })
  })

  test('make an error of each code, which goes by itself as a rule where it does in a run', () => {
    for (const code of errorCodes) {
      const error = buildError(code)
      expect(LegalHoldError.isInstance(error)).toBe(true)
      expect(error).toMatchObject({ code, outcome: 'not-applied' })
    }
    for (const [code, hint] of [
      ['STORAGE_THROTLED', '; did you mean STORAGE_THROTTLED?'],
      ['NOPE', '.'],
    ]) {
      const wrong = () => buildError(code as never)
      expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
      expect(wrong).toThrow(`"${code}" is not a code of LegalHoldError${hint}`)
    }
    expect(buildError('STORAGE_THROTTLED')).toMatchObject({ retryable: true, stage: 'validate' })
    expect(buildError('JOB_FAILED', { message: 'm', status: 500, retryable: true })).toMatchObject({
      message: 'm',
      status: 500,
      retryable: true,
      stage: 'export',
    })
  })
})

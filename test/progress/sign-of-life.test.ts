import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LegalHoldError, type RunEvent } from '#src/index.js'
import { createProgressReporter, type ProgressStream } from '#src/node.js'
import { columnsOf, fitted } from '#src/progress/fit.js'
import { frameOf } from '#src/progress/frame.js'
import { ProgressModel } from '#src/progress/model.js'
import { at, finding, job, started, verdict } from './events.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class Recorded implements ProgressStream {
  text = ''
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
    readonly rows = 40,
  ) {}
  write(text: string): void {
    this.text += text
  }
  /** What was written since the last look. */
  take(): string {
    const { text } = this
    this.text = ''
    return text
  }
}

const retry = (ms: number, attempt: number, delayMs: number): RunEvent => {
  const iso = (later: number) => new Date(Date.parse('2023-10-01T00:00:00Z') + ms + later).toISOString()
  const error = new LegalHoldError('no answer', { code: 'NETWORK_ERROR', stage: 'inspect', retryable: true })
  const times = { nextAt: iso(delayMs), givesUpAt: iso(120_000) }
  return at(ms, {
    type: 'retry',
    stage: 'inspect',
    attempt,
    delayMs,
    error,
    subject: 'log in',
    reason: 'no answer',
    ...times,
  })
}

describe('a sign of life', () => {
  test('comes within a second of the first event, and then each second', () => {
    const stream = new Recorded(true)
    const progress = createProgressReporter({ stream, env: {} })
    // A journal is read, and nothing has happened yet.
    vi.advanceTimersByTime(999)
    expect(stream.take()).toContain('starting')
    progress.onEvent(started(10))
    progress.onEvent(at(20, { type: 'stage-started', stage: 'inspect' }))
    for (let second = 1; second <= 5; second += 1) {
      stream.take()
      vi.advanceTimersByTime(1_000)
      expect(stream.take()).toMatch(new RegExp(`${second}|${second + 1} s elapsed, inspecting`))
    }
    progress.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('counts down to the next attempt, and says when it gives up', () => {
    const stream = new Recorded(true)
    const progress = createProgressReporter({ stream, env: {} })
    progress.onEvent(started())
    progress.onEvent(retry(1_000, 3, 8_000))
    vi.advanceTimersByTime(1_200)
    expect(stream.take()).toContain('log in: NETWORK_ERROR, attempt 4 in 7 s, gives up in 2 min')
    vi.advanceTimersByTime(3_000)
    expect(stream.take()).toContain('attempt 4 in 4 s')
    vi.advanceTimersByTime(5_000)
    expect(stream.take()).toContain('attempt 4 is under way')
    // What happens next shows that the wait is over.
    progress.onEvent(finding(10_000))
    progress.onEvent(at(10_100, { type: 'stage-started', stage: 'export' }))
    vi.advanceTimersByTime(1_000)
    expect(stream.take().split('\n').at(-1)).not.toContain('attempt 4')
    progress.close()
  })

  test('is one line a minute at most where there is no terminal, however often is repeated', () => {
    const stream = new Recorded(false)
    const progress = createProgressReporter({ stream, env: {} })
    progress.onEvent(started())
    expect(stream.take()).toBe('run run-1\n')
    for (let second = 1; second <= 300; second += 1) {
      progress.onEvent(retry(second * 1_000, second, 1_000))
      vi.advanceTimersByTime(1_000)
    }
    const lines = stream.take().trimEnd().split('\n')
    expect(lines.filter((line) => line.startsWith('progress:')).length).toBeGreaterThanOrEqual(4)
    expect(lines.filter((line) => line.startsWith('progress:')).length).toBeLessThanOrEqual(5)
    expect(lines.filter((line) => !line.startsWith('progress:')).length).toBeLessThanOrEqual(5)
    // Nothing happens at all: the timer speaks.
    vi.advanceTimersByTime(180_000)
    expect(stream.take().trimEnd().split('\n')).toHaveLength(3)
    progress.close()
  })
})

describe('the time that is left', () => {
  const modelWith = (...events: RunEvent[]) => {
    const model = new ProgressModel()
    for (const event of events) model.apply(event)
    return model
  }
  const progressOf = (ms: number, etaMs: number): RunEvent =>
    at(ms, {
      type: 'job-progress',
      job: { id: 'a', state: 'PROCESSING', platformState: 'x', totals: {} },
      elapsedMs: ms,
      etaMs,
    })
  const shown = (model: ProgressModel, afterMs = 0) =>
    frameOf(model, { nowMs: model.atMs + afterMs, columns: 200 }).find((line) => line.includes('export')) ?? ''

  test('counts down between events', () => {
    const model = modelWith(progressOf(0, 60_000))
    expect(shown(model)).toContain('ETA 60 s')
    expect(shown(model, 20_000)).toContain('ETA 40 s')
    expect(shown(model, 90_000)).toContain('ETA 0 s')
  })

  test('does not grow without saying why', () => {
    expect(shown(modelWith(progressOf(0, 60_000), progressOf(1_000, 300_000)))).toContain(
      'later than it was: it goes slower',
    )
    const repeated = modelWith(progressOf(0, 60_000), retry(500, 1, 100), progressOf(1_000, 300_000))
    expect(shown(repeated)).toContain('ETA 5 min (later than it was: requests are repeated)')
    expect(shown(modelWith(progressOf(0, 60_000), progressOf(1_000, 62_000)))).not.toContain('later')
    // Made up for again, there is nothing to explain.
    expect(shown(modelWith(progressOf(0, 60_000), progressOf(1_000, 300_000), progressOf(2_000, 1_000)))).not.toContain(
      'later',
    )
  })

  test('whatever the events, a later end has its reason', () => {
    const steps = fc.array(fc.record({ gapMs: fc.nat(10_000), etaMs: fc.nat(600_000) }), {
      minLength: 2,
      maxLength: 20,
    })
    fc.assert(
      fc.property(steps, (list) => {
        const model = new ProgressModel()
        let ms = 0
        let promised = Number.POSITIVE_INFINITY
        for (const { gapMs, etaMs } of list) {
          ms += gapMs
          model.apply(progressOf(ms, etaMs))
          const isLater = ms + etaMs > promised + 5_000 && ms + etaMs - promised > 0.1 * 600_000
          if (isLater) expect(model.exportEnd.later).toBeDefined()
          promised = Math.min(promised, ms + etaMs)
        }
      }),
    )
  })
})

describe.each([60, 80, 120])('a terminal of %i columns', (columns) => {
  const key = `org/year=2023/month=10/day=20/hour=09/conversation_id=${'4c1d4e8f-9a2b-'.repeat(3)}/recording.opus`

  test('breaks no line, and no word in its middle', () => {
    const stream = new Recorded(true, columns)
    const progress = createProgressReporter({ stream, env: {} })
    const message = 'The lifecycle rule expire-after-90-days deletes the exported objects before the hold ends on them.'
    for (const event of [
      started(),
      finding(1, { message, remedy: 'Remove the rule, or exclude the prefix of the export from it.' }),
      job(2, 'PROCESSING', 50, { totals: { recordings: 1_234_567 } }),
      at(3, { type: 'expected', recordings: 1_234_567, skipped: 0 }),
      ...Array.from({ length: 30 }, (_, n) => verdict(1_000 + n * 500, n % 9 === 0 ? 'conflicting' : 'untagged', key)),
      retry(20_000, 1, 5_000),
    ]) {
      progress.onEvent(event)
      vi.advanceTimersByTime(200)
    }
    progress.close()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
    const lines = stream.text.replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '').split('\n')
    expect(Math.max(...lines.map(columnsOf))).toBeLessThan(columns)
    const words = new Set(`${message} conflicting: 1,234,567 recordings, gives up`.split(' '))
    const seen = new Set(lines.flatMap((line) => line.trim().split(' ')))
    expect([...words].filter((word) => !seen.has(word) && word !== 'up')).toEqual([])
  })
})

test('a line keeps all of its words, whatever they are, as long as they fit', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '-', '0'), minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 24, max: 120 }),
      (words, columns) => {
        const lines = fitted(`  ${words.join(' ')}`, columns)
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns)
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words)
      },
    ),
  )
})

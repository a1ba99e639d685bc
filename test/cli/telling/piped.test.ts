import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { scaleTelling } from '#src/cli/scale/telling.js'
import { runTelling } from '#src/cli/telling/run-telling.js'
import { at, finding, job, started } from '../../progress/events.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A terminal that nobody watches, and what was written to either of its streams. */
function piped(...flags: string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (line: string) => void out.push(...line.split('\n')),
    err: (line: string) => void err.push(...line.split('\n')),
    env: {},
    signal: new AbortController().signal,
  }
  const given = {
    positionals: [],
    repeated: [],
    text: () => undefined,
    list: () => [],
    flag: (name: string) => flags.includes(name),
  }
  return { out, err, terminal, given }
}

describe.each([
  ['export', runTelling],
  ['scale run', scaleTelling],
])('what %s writes into a pipe', (_, tellingOf) => {
  test('is one line a minute while it waits, however often the job is looked at', () => {
    const { out, err, terminal, given } = piped()
    const telling = tellingOf(given, terminal)
    telling.onEvent(started())
    telling.onEvent(job(100, 'PROCESSING', 0))
    const before = out.length
    for (let second = 1; second <= 600; second += 1) {
      telling.onEvent(job(second * 1_000, 'PROCESSING', second / 10))
      telling.onEvent(at(second * 1_000, { type: 'landing', pass: second, listed: 3, pending: 7 }))
      vi.advanceTimersByTime(1_000)
    }
    const minutely = out.slice(before)
    expect(minutely.length).toBeGreaterThanOrEqual(9)
    expect(minutely.length).toBeLessThanOrEqual(11)
    for (const line of minutely.slice(1)) expect(line).toMatch(/^progress: /)
    // Nothing happens at all, as where a server says nothing.
    vi.advanceTimersByTime(180_000)
    expect(out.slice(before).length - minutely.length).toBe(3)
    expect(err).toEqual([])
    telling.close()
    vi.advanceTimersByTime(600_000)
    expect(out.slice(before).length - minutely.length).toBe(3)
  })

  test('goes to standard error where JSON was asked for', () => {
    const { out, err, terminal, given } = piped('json')
    const telling = tellingOf(given, terminal)
    telling.onEvent(finding(0))
    telling.onEvent(job(100, 'PROCESSING', 0))
    expect(out).toEqual([])
    expect(err.join('\n')).toMatch(/versioning-off[\s\S]*job job-1: PROCESSING/)
    telling.close()
  })

  test.each([['quiet'], ['quiet', 'json']])('is nothing with %s', (...flags) => {
    const { out, err, terminal, given } = piped(...flags.flat())
    const telling = tellingOf(given, { ...terminal, out: flags.includes('json') ? terminal.out : () => {} })
    telling.onEvent(started())
    telling.onEvent(finding(0))
    telling.onEvent(job(100, 'PROCESSING', 0))
    vi.advanceTimersByTime(180_000)
    telling.say('done')
    expect([out, err]).toEqual([[], []])
    telling.close()
  })
})

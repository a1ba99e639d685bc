import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LegalHoldExporter, RunEvent } from '#src/index.js'
import { createProgressReporter, type ProgressStream } from '#src/node.js'
import { at, finding, job, remediation, started, verdict } from './events.js'

class FakeStream implements ProgressStream {
  text = ''
  constructor(
    readonly isTTY: boolean,
    readonly columns = 100,
    readonly rows = 40,
  ) {}

  write(text: string): boolean {
    this.text += text
    return true
  }
}

const esc = '\u001b'
const terminal = () => new FakeStream(true)

/** What stands on the terminal: the sequences that the reporter uses, and no other. */
function screen(text: string): string[] {
  const lines = ['']
  let row = 0
  let column = 0
  const put = (character: string) => {
    const line = (lines[row] ?? '').padEnd(column)
    lines[row] = line.slice(0, column) + character + line.slice(column + 1)
    column += 1
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read
  for (const [token, , count = '', action] of text.matchAll(/\u001b\[(\??)(\d*)([A-Za-z])|[\s\S]/gu)) {
    if (action === undefined) {
      if (token === '\n') [row, column] = [row + 1, 0]
      else if (token === '\r') column = 0
      else put(token)
    } else if (action === 'A') row = Math.max(0, row - Number(count || 1))
    else if (action === 'B') row += Number(count || 1)
    else if (action === 'G') column = 0
    else if (action === 'K') lines[row] = count === '2' ? '' : (lines[row] ?? '').slice(0, column)
    else if (!'mhl'.includes(action)) throw new Error(`The terminal was sent ${JSON.stringify(token)}.`)
    lines[row] ??= ''
  }
  return lines.map((line) => line.trimEnd())
}

describe('how progress is shown', () => {
  test.each([
    [true, {}, 'bars'],
    [false, {}, 'lines'],
    [true, { NO_COLOR: '1' }, 'lines'],
    [true, { NO_COLOR: '' }, 'bars'],
    [true, { CI: 'true' }, 'lines'],
    [true, { CI: 'false' }, 'bars'],
    [true, { TERM: 'dumb' }, 'lines'],
  ] as const)('terminal %s with %j: %s', (isTTY, env, mode) => {
    expect(createProgressReporter({ stream: new FakeStream(isTTY), env }).mode).toBe(mode)
  })

  test('the caller has the last word', () => {
    const stream = new FakeStream(false)
    expect(createProgressReporter({ stream, env: { CI: '1' }, mode: 'bars' }).mode).toBe('bars')
  })
})

describe('on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('bars, rates and the time that is left are redrawn beneath the lines that stay', () => {
    const stream = terminal()
    const progress = createProgressReporter({ stream, env: {} })
    for (const event of [
      started(),
      finding(1),
      job(2, 'PROCESSING', 50, { totals: { recordings: 1_000 } }),
      at(3, { type: 'expected', recordings: 1_000, skipped: 0 }),
    ]) {
      progress.onEvent(event)
    }
    for (let n = 0; n < 400; n += 1) progress.onEvent(verdict(1_000 + n * 10, 'untagged'))
    progress.onEvent(remediation(5_000, 'repaired'))
    progress.onEvent(job(5_001, 'FULFILLED', 100, { totals: { recordings: 1_000 } }))
    vi.advanceTimersByTime(100)
    const seen = screen(stream.text)
    expect(seen[0]).toBe('run run-1')
    expect(seen[1]).toBe('blocker   versioning-off: Off.')
    expect(seen.filter((line) => line.startsWith('  export'))).toEqual([`  export ${'█'.repeat(16)} 100 %  FULFILLED`])
    expect(seen.filter((line) => line.startsWith('  check'))).toEqual([
      `  check  ${'█'.repeat(6)}${'░'.repeat(10)}  40 %  400 of 1,000 recordings, 400 objects checked at 100/s, ETA 6 s`,
    ])
    expect(seen).toContain('  repair 1 repaired')
    progress.close()
    const left = screen(stream.text)
    expect(left.filter((line) => /export|check|repair/.test(line))).toEqual([])
    expect(left).toContain('job job-1: FULFILLED, 1,000 recordings')
  })

  test('a terminal that says it has no rows is shown everything all the same', () => {
    const stream = new FakeStream(true, 0, 0)
    const progress = createProgressReporter({ stream, env: {} })
    progress.onEvent(job(0, 'PROCESSING', 50))
    progress.log('hello')
    expect(screen(stream.text)).toContain('hello')
    expect(stream.text).toContain('50 %')
  })

  test('no timer outlives it, nor a run', () => {
    const stream = terminal()
    const progress = createProgressReporter({ stream, env: {} })
    progress.onEvent(job(0, 'PROCESSING', 50))
    progress.onEvent(job(1, 'PROCESSING', 51))
    progress.onEvent(job(2, 'PROCESSING', 52))
    expect(vi.getTimerCount()).toBe(1)
    progress.close()
    expect(vi.getTimerCount()).toBe(0)
    const { text } = stream
    progress.onEvent(job(3, 'PROCESSING', 53))
    progress[Symbol.dispose]()
    expect(vi.getTimerCount()).toBe(0)
    expect(stream.text).toBe(text)
  })

  test('a process that forgets to close it ends all the same', async () => {
    vi.useRealTimers()
    const entry = fileURLToPath(new URL('../../src/progress/reporter.ts', import.meta.url))
    const job = { id: 'j', state: 'PROCESSING', platformState: 'x', totals: {} }
    const event = { at: '2023-10-01T00:00:00Z', type: 'job-progress', job, elapsedMs: 0 }
    const program = `
      import { createProgressReporter } from ${JSON.stringify(entry)}
      const before = process.eventNames().length
      const progress = createProgressReporter({ mode: 'bars' })
      for (let n = 0; n < 3; n += 1) progress.onEvent(${JSON.stringify(event)})
      console.log(process.eventNames().length - before, process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)`
    const out = await new Promise<string>((resolve, reject) => {
      const args = ['--import', 'tsx', '--input-type=module', '-e', program]
      execFile(process.execPath, args, { timeout: 30_000 }, (error, out) => (error ? reject(error) : resolve(out)))
    })
    expect(out.trim()).toBe('0 0')
  })
})

describe('where there is no terminal', () => {
  const told = (events: readonly RunEvent[], lineIntervalMs = 60_000) => {
    const stream = new FakeStream(false)
    const progress = createProgressReporter({ stream, env: {}, lineIntervalMs })
    for (const event of events) progress.onEvent(event)
    progress.close()
    return stream.text.split('\n').slice(0, -1)
  }

  test('plain lines say what happens, once', () => {
    const waiting = { type: 'job-waiting', reason: 'both slots are taken', waitedMs: 1 } as const
    expect(
      told([
        started(),
        finding(1, {}, true),
        finding(2, { code: 'job-slots-busy', severity: 'warning', message: 'Busy.' }),
        at(3, waiting),
        at(4, waiting),
        job(5, 'PROCESSING', 10),
        job(6, 'PROCESSING', 90),
        verdict(7, 'conflicting', 'k'),
        remediation(8, 'failed', 'k'),
        at(9, { type: 'forced-retry', attempt: 1, untagged: 3 }),
      ]),
    ).toEqual([
      'run run-1',
      'accepted  versioning-off: Off.',
      'warning   job-slots-busy: Busy.',
      'waiting: both slots are taken',
      'job job-1: PROCESSING',
      'conflicting: k: why k',
      'repair failed: k: why k',
      '3 objects lack the tag: exporting again with the profile forced to include it',
    ])
  })

  test('a run that goes on says what is on record, and which job it has', () => {
    const resumed = { type: 'run-resumed', runId: 'run-1', resumed: 1, verdicts: 7, finished: false } as const
    const found = { id: 'job-1', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} } as const
    const { counts, objects } = { counts: {} as never, objects: {} as never }
    expect(
      told([
        at(0, resumed),
        at(1, { type: 'job-created', job: found, adopted: true }),
        verdict(2, 'untagged'),
        at(3, { type: 'reconciled', counts, objects }),
        at(4, { ...resumed, finished: true }),
      ]),
    ).toEqual([
      'run run-1, resumed once; 7 objects are on record and are not read again',
      'job job-1 is there already, and no other is created',
      'job job-1: FULFILLED',
      'on arrival: 1 of 1 object read now lacked the hold; 7 were on record (1 untagged)',
      'run run-1 is finished: 7 objects are on record, and the report is as it was; nothing is done again',
    ])
  })

  test('a run that was interrupted before it read an object says so', () => {
    const resumed = { type: 'run-resumed', runId: 'run-1', resumed: 2, verdicts: 0, finished: false } as const
    expect(told([at(0, resumed), at(1, { ...resumed, finished: true })])).toEqual([
      'run run-1, resumed 2 times; no object is on record yet',
      'run run-1 is finished: no object is on record, and the report is as it was; nothing is done again',
    ])
  })

  test('the counts are told again and again, with rate and the time that is left', () => {
    const events = [
      job(0, 'FULFILLED', 100),
      at(0, { type: 'expected', recordings: 100, skipped: 0 }),
      verdict(0, 'untagged'),
      verdict(1_000, 'untagged'),
    ]
    expect(told(events, 0).at(-1)).toBe('progress: 2 of 100 recordings, 2 objects checked at 1/s, ETA 98 s')
    expect(told(events).filter((line) => line.startsWith('progress'))).toEqual([])
  })

  test('a flood of objects with problems is counted, not told', () => {
    const lines = told(Array.from({ length: 500 }, (_, n) => verdict(n, 'unreadable', `k${n}`)))
    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toContain('only counted')
  })
})

describe('what comes from elsewhere', () => {
  // How often is drawn must not depend on how busy the machine is.
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(`${esc}[2J`, `${esc}]0;owned\u0007`, '\u009b31m', 'a\r\nb', `${esc}[31m`, 'a\u202eb', '\u2028'),
    fc.array(fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code))).map((list) => list.join('')),
  )

  const show = (key: string, mode: 'bars' | 'lines') => {
    const stream = new FakeStream(mode === 'bars', 10_000)
    const progress = createProgressReporter({ stream, env: {}, mode, lineIntervalMs: 0 })
    const more = { id: key, errorMessage: key }
    for (const event of [
      started(),
      finding(1, { message: key, remedy: key, subject: key }),
      job(2, 'PROCESSING', 10, more),
      at(2, { type: 'job-waiting', reason: key, waitedMs: 0 }),
      verdict(3, 'conflicting', key),
      remediation(4, 'refused', key),
      at(5, {
        type: 'sealed',
        evidence: { dir: key, fingerprint: key, rootHash: '', treeSize: 0, statementSha256: '' },
      }),
    ]) {
      progress.onEvent(event)
    }
    progress.close()
    return stream.text
  }

  test('no key and no message writes a control character to a log', () => {
    fc.assert(
      fc.property(hostile, (key) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
        expect(show(key, 'lines')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
      }),
    )
  })

  test('no key and no message sends a terminal any sequence of its own', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is counted
    const sequences = (text: string) => text.match(/\u001b\[[?\d;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f]/g)
    const harmless = sequences(show('key', 'bars'))
    expect(harmless).toContain(`${esc}[2K`)
    fc.assert(
      fc.property(hostile, (key) => {
        expect(sequences(show(key, 'bars'))).toEqual(harmless)
      }),
    )
  })

  test('nor does what a program logs through it', () => {
    const stream = new FakeStream(false)
    createProgressReporter({ stream, env: {} }).log(`one\n${esc}[2Jtwo`)
    expect(stream.text).toBe('one\n⟨U+001B⟩[2Jtwo\n')
  })
})

test('it is what onEvent of a run takes, and an exporter types it so', () => {
  const { onEvent } = createProgressReporter({ stream: terminal(), env: {} })
  const options: Parameters<LegalHoldExporter['run']>[1] = { onEvent }
  expect(options.onEvent).toBe(onEvent)
})

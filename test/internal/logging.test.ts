import { Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createLogger, format, transports } from 'winston'
import { LegalHoldError, LegalHoldExporter, type Logger } from '#src/index.js'
import { loggerOf } from '#src/internal/logging.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'

const token = 'Bearer 7f3c-secret'

/** An error of an HTTP client, as the Genesys SDK throws them. */
class HttpError extends Error {
  override readonly name = 'AxiosError'
  readonly config = { headers: { Authorization: token } }
}

function failure(): LegalHoldError {
  const cause = new HttpError('Request failed with status code 503')
  return new LegalHoldError('The job could not be cancelled.', { code: 'PLATFORM_UNAVAILABLE', stage: 'export', cause })
}

interface Sink {
  readonly logger: Logger
  /** What was written, one record a line. */
  lines(): Record<string, unknown>[]
}

function sinkOf(make: (stream: Writable) => Logger): Sink {
  let text = ''
  const write = (chunk: Buffer, _: string, done: () => void) => {
    text += chunk.toString()
    done()
  }
  const logger = make(new Writable({ write }))
  return {
    logger,
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  }
}

const usePino = (stream: Writable) => pino({ level: 'debug' }, stream)
const useWinston = (stream: Writable) =>
  createLogger({ level: 'debug', format: format.json(), transports: [new transports.Stream({ stream })] })

const loggers: readonly (readonly [string, (stream: Writable) => Logger, string])[] = [
  ['pino', usePino, 'msg'],
  ['a child of pino', (stream) => usePino(stream).child({ tenant: 't1' }), 'msg'],
  ['winston', useWinston, 'message'],
  ['a child of winston', (stream) => useWinston(stream).child({ tenant: 't1' }), 'message'],
]

describe.each(loggers)('%s, as it is', (_, make, message) => {
  test('gets the message and the error as data, in every level', () => {
    const { logger, lines } = sinkOf(make)
    for (const level of ['debug', 'info', 'warn', 'error'] as const) loggerOf(logger)?.[level]('It failed.', failure())
    const err = { code: 'PLATFORM_UNAVAILABLE', message: expect.stringContaining('The job could not'), stage: 'export' }
    expect(lines()).toHaveLength(4)
    for (const line of lines()) expect(line).toMatchObject({ [message]: 'It failed.', err })
  })

  test('gets a message alone, with whatever is in it', () => {
    const { logger, lines } = sinkOf(make)
    loggerOf(logger)?.info('100%s %d %o {"a":1}')
    expect(lines()).toMatchObject([{ [message]: '100%s %d %o {"a":1}' }])
  })

  test('is told what an observer of a run throws', async () => {
    const { logger, lines } = sinkOf(make)
    const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
    const exporter = new LegalHoldExporter({
      platform: new FakePlatform(),
      storage: new MemoryStorageAdapter({ clock }),
      clock,
      hold: { tag: 'matter-1' },
      logger,
    })
    const interval = { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' }
    await exporter.run(
      { integrationId: 'i', interval },
      {
        onEvent: ({ type }) => {
          if (type === 'run-started') throw new Error('observer broke')
        },
      },
    )
    const err = { message: 'observer broke', stack: expect.stringContaining('logging.test.ts') }
    expect(lines()).toMatchObject([{ [message]: 'onEvent threw; the run continues.', err }])
  })
})

describe('console, and what is called like it', () => {
  test('gets the message first', () => {
    const calls: unknown[][] = []
    const take = (...args: unknown[]) => void calls.push(args)
    const logger = loggerOf({ debug: take, info: take, warn: take, error: take })
    logger?.warn('It failed.', failure())
    logger?.info('two', 1, 2)
    expect(calls).toEqual([
      ['It failed.', { err: failure().toJSON() }],
      ['two', { detail: 1, more: [2] }],
    ])
  })

  test('is a Logger by its type', () => {
    expect(loggerOf(console)).toBeDefined()
  })
})

describe('whichever it is', () => {
  test.each([...loggers, ['console', () => console, ''] as const])(
    '%s gets no token of an underlying error',
    (_, make) => {
      const written: string[] = []
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          written.push(chunk.toString())
          done()
        },
      })
      const original = console.warn
      console.warn = (...args) => void written.push(JSON.stringify(args))
      try {
        loggerOf(make(stream))?.warn('It failed.', failure())
      } finally {
        console.warn = original
      }
      expect(written.join('')).toContain('503')
      expect(written.join('')).not.toContain(token)
    },
  )

  test('a logger that throws fails nothing', () => {
    const broken = () => {
      throw new Error('no space left on device')
    }
    expect(() =>
      loggerOf({ debug: broken, info: broken, warn: broken, error: broken })?.error('x', failure()),
    ).not.toThrow()
  })
})

import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { checkRequest } from '#src/options/request.js'
import { MemoryStorageAdapter } from '#src/testing/index.js'
import { FakePlatform } from '../fakes/platform.js'

const interval = { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' }
const mistakeOf = (request: unknown): string => {
  try {
    checkRequest(request as never, Date.parse('2024-01-01T00:00:00Z'))
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('a request', () => {
  test('that has its interval as a text is told so, with the interval it means', () => {
    const message = mistakeOf({ integrationId: 'i', interval: `${interval.start}/${interval.end}` })
    expect(message).toContain(
      `interval must be an object { start, end }, not the text "${interval.start}/${interval.end}"`,
    )
    expect(message).toContain(`give { start: '${interval.start}', end: '${interval.end}' }`)
    expect(message).not.toContain('undefined')
  })

  test.each([
    ['interval', 'last week', 'the text "last week"'],
    ['interval', 7, '7'],
    ['interval', ['a', 'b'], '["a","b"]'],
    ['interval', null, 'null'],
    ['mediaTypes', 'call', 'the text "call"'],
    ['messageTypes', 'sms', 'the text "sms"'],
    ['conversationIds', 'c1', 'the text "c1"'],
  ])('names what it was given as %s: %j', (name, value, shown) => {
    const message = mistakeOf({ integrationId: 'i', interval, [name]: value })
    expect(message).toContain(`${name} must be`)
    expect(message).toContain(`not ${shown}`)
    expect(message).not.toContain('undefined')
  })

  test('that is a text itself, is named', () => {
    expect(mistakeOf('everything')).toContain('request must be an object, not the text "everything"')
  })
})

describe('a hold', () => {
  const parts = () => ({ platform: new FakePlatform(), storage: new MemoryStorageAdapter() })

  test('given as a text is named as given', () => {
    const make = () => new LegalHoldExporter({ ...parts(), hold: 'matter-7' as never })
    expect(make).toThrow('not the text "matter-7": give { tag: "matter-7" }')
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_HOLD' }))
  })

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [['a'], '["a"]'],
  ])('given as %o is named as given', (hold, shown) => {
    const make = () => new LegalHoldExporter({ ...parts(), hold: hold as never })
    expect(make).toThrow(`The hold must be an object { tag }, not ${shown}.`)
  })

  test('given as a text beside another mistake is named with its path', () => {
    const make = () => new LegalHoldExporter({ ...parts(), hold: 'matter-7' as never, lookbackHours: -1 })
    expect(make).toThrow(
      expect.objectContaining({
        details: { mistakes: expect.arrayContaining([expect.objectContaining({ path: 'hold' })]) },
      }),
    )
  })
})

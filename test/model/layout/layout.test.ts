import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourFolders, hourRange, parseKey, roleOf, touches } from '#src/model/layout/keys.js'

const hourMs = 3_600_000
const instants = fc.integer({ min: Date.UTC(2019, 0, 1), max: Date.UTC(2031, 0, 1) })

describe('the folders of an hour', () => {
  test('are all the names under which its keys parse, each once', () => {
    expect(hourFolders('org', Date.UTC(2023, 10, 12, 13))).toEqual(['org/year=2023/month=11/day=12/hour=13/'])
    fc.assert(
      fc.property(instants, (instant) => {
        const hour = Math.floor(instant / hourMs) * hourMs
        const folders = hourFolders('org', hour)
        expect(new Set(folders).size).toBe(folders.length)
        for (const folder of folders) {
          expect(parseKey(`${folder}conversation_id=c/r.wav`)?.hour).toBe(new Date(hour).toISOString())
        }
      }),
    )
  })
})

describe('a key', () => {
  test('is read with padded and unpadded folders alike', () => {
    const padded = parseKey('org/year=2023/month=01/day=02/hour=03/conversation_id=c/r.wav')
    const unpadded = parseKey('org/year=2023/month=1/day=2/hour=3/conversation_id=c/r.wav')
    expect(padded).toEqual(unpadded)
    expect(padded).toEqual({
      organizationId: 'org',
      hour: '2023-01-02T03:00:00.000Z',
      conversationId: 'c',
      rest: 'r.wav',
    })
  })

  test.each([
    'org/year=2023/month=13/day=02/hour=03/conversation_id=c/r.wav',
    'org/year=2023/month=02/day=30/hour=03/conversation_id=c/r.wav',
    'org/year=2023/month=02/day=03/hour=24/conversation_id=c/r.wav',
    'org/year=2023/month=02/day=03/hour=02/conversation_id=c/',
    'org/year=2023/month=02/day=03/hour=02/readme.txt',
    'readme.txt',
  ])('%s is not of the layout', (key) => {
    expect(parseKey(key)).toBeUndefined()
  })

  test('tells sidecars, transcripts, media and attachments apart', () => {
    expect(roleOf('r1.opus_metadata.json')).toEqual({ role: 'sidecar', of: 'r1.opus', recordingId: 'r1' })
    expect(roleOf('r1_metadata.json')).toEqual({ role: 'sidecar', of: 'r1', recordingId: 'r1' })
    expect(roleOf('c-x.transcript.json')).toEqual({ role: 'transcript' })
    expect(roleOf('r1.json')).toEqual({ role: 'media', recordingId: 'r1' })
    expect(roleOf('attachments/a/r1.json')).toEqual({ role: 'attachment' })
    expect(roleOf('_metadata.json')).toMatchObject({ role: 'media' })
  })
})

describe('the hours of an interval', () => {
  test('hold the start of every conversation that may have activity in it, and none beyond the look-back', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 1, max: 100 * hourMs }),
        fc.integer({ min: 0, max: 48 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (start, lengthMs, lookbackHours, at) => {
          const interval = { start: new Date(start).toISOString(), end: new Date(start + lengthMs).toISOString() }
          const range = hourRange(interval, lookbackHours)
          const earliest = start - lookbackHours * hourMs
          // A conversation that began anywhere from the look-back to the last millisecond of the interval.
          const latest = start + lengthMs - 1
          const began = new Date(Math.min(latest, Math.floor(earliest + at * (latest - earliest))))
          const parts = [began.getUTCFullYear(), began.getUTCMonth() + 1, began.getUTCDate(), began.getUTCHours()]
          for (let depth = 1; depth <= 4; depth += 1) expect(touches(range, parts.slice(0, depth))).toBe(true)
          expect(range.first).toBeGreaterThan(earliest - hourMs)
          expect(range.last).toBeLessThan(start + lengthMs)
          const before = new Date(range.first - hourMs)
          const after = new Date(range.last + hourMs)
          for (const outside of [before, after]) {
            const [y, m, d, h] = [
              outside.getUTCFullYear(),
              outside.getUTCMonth() + 1,
              outside.getUTCDate(),
              outside.getUTCHours(),
            ]
            expect(touches(range, [y, m, d, h])).toBe(false)
          }
        },
      ),
    )
  })
})

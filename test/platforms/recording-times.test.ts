import { describe, expect, test } from 'vitest'
import { conversationTimes, isLater, type RecordingTimes } from '../../src/platforms/expected/recording-times.js'

const end = Date.parse('2023-10-20T12:00:00Z')
const minuteMs = 60_000
const at = (minutes: number) => end + minutes * minuteMs
const iso = (minutes: number) => new Date(at(minutes)).toISOString()

describe('a recording', () => {
  const goesOn = { goesOn: true, isCut: false }
  const ended = { goesOn: false, isCut: false }
  const cut = { goesOn: true, isCut: true }

  test.each<[string, RecordingTimes, typeof goesOn, boolean | undefined]>([
    ['that began after it', { startedAt: at(0) }, goesOn, true],
    ['that began before it', { startedAt: at(-1), endedAt: at(60) }, goesOn, false],
    ['that ended before it', { endedAt: at(0) }, goesOn, false],
    ['of a conversation that ended before it', {}, ended, false],
    ['of a session that began after it', { isOfLaterSession: true, endedAt: at(60) }, cut, true],
    ['that was created before it', { createdAt: at(-1), endedAt: at(60) }, goesOn, false],
    ['that was created after it', { createdAt: at(1) }, goesOn, true],
    ['that was created after it and before its own end', { createdAt: at(1), endedAt: at(60) }, goesOn, true],
    ['that was created when it ended', { createdAt: at(60), endedAt: at(60) }, goesOn, undefined],
    ['that was created while somebody handled it', { createdAt: at(1) }, cut, undefined],
    ['of which nothing is known', { endedAt: at(60) }, goesOn, undefined],
  ])('%s: whether it is later than the interval', (_, times, conversation, wanted) => {
    expect(isLater(times, conversation, end)).toBe(wanted)
  })
})

describe('a conversation', () => {
  const session = (sessionId: string, ...spans: [number, number?][]) => ({
    sessionId,
    segments: spans.map(([start, stop]) => ({
      segmentStart: iso(start),
      ...(stop === undefined ? {} : { segmentEnd: iso(stop) }),
    })),
  })
  const participants = (...sessions: object[]) => [
    { purpose: 'customer', sessions: [session('customer', [-60])] },
    { purpose: 'agent', sessions },
  ]

  test.each<[string, object, ReturnType<typeof conversationTimes>]>([
    [
      'that ended before the interval did',
      { conversationEnd: iso(0), participants: participants(session('a', [-60, 0])) },
      { goesOn: false, isCut: false, open: 'no', laterSessions: [] },
    ],
    [
      'of days, with nothing under way when the interval ended',
      { participants: participants(session('a', [-60, -30]), session('b', [30, 40])) },
      { goesOn: true, isCut: false, open: 'no', laterSessions: ['b'] },
    ],
    [
      'that somebody handled over the end of the interval',
      { conversationEnd: iso(10), participants: participants(session('a', [-60, 10])) },
      { goesOn: true, isCut: true, open: 'no', laterSessions: [] },
    ],
    [
      'that somebody still handles',
      { participants: participants(session('a', [-60, -30], [-20])) },
      { goesOn: true, isCut: true, open: 'yes', laterSessions: [] },
    ],
    [
      'that somebody handled until after the index ended',
      { participants: participants(session('a', [-60, 121])) },
      { goesOn: true, isCut: true, open: 'yes', laterSessions: [] },
    ],
    [
      'without an end, of which no session is known',
      {},
      { goesOn: true, isCut: false, open: 'unknown', laterSessions: [] },
    ],
    [
      'of which times cannot be read',
      { participants: [{ sessions: [{ sessionId: 'x', segments: [{ segmentStart: 'soon' }, null] }] }] },
      { goesOn: true, isCut: false, open: 'unknown', laterSessions: [] },
    ],
  ])('%s', (_, conversation, wanted) => {
    expect(conversationTimes(conversation, end, at(120))).toEqual(wanted)
  })
})

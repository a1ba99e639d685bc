import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { parseKey } from '#src/model/layout/keys.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { ConversationPlatform, type FakeConversation, keyOf } from '../../fakes/conversations.js'

const hourMs = 3_600_000
const minuteMs = 60_000
const now = Date.UTC(2024, 3, 10)

/** The same instant as somebody in another time zone writes it. */
function inZone(instant: number, offsetMinutes: number): string {
  const local = new Date(instant + offsetMinutes * minuteMs).toISOString().slice(0, 19)
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0')
  const size = Math.abs(offsetMinutes)
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}

const conversations = fc.array(
  fc.record({
    // Around the interval: long before, shortly before, inside, after.
    startsAfterMs: fc.oneof(
      fc.integer({ min: -200 * hourMs, max: 0 }),
      fc.integer({ min: -30 * hourMs, max: 60 * hourMs }),
      fc.constantFrom(0, -1, 1, hourMs, -hourMs),
    ),
    lastsMs: fc.oneof(fc.integer({ min: 0, max: 60 * minuteMs }), fc.integer({ min: 0, max: 250 * hourMs })),
    startUnknown: fc.boolean(),
    padded: fc.boolean(),
  }),
  { maxLength: 12 },
)

describe('discovery', () => {
  test('misses no key in scope and reads no hour out of scope, whatever the interval, time zone and padding', async () => {
    await fc.assert(
      fc.asyncProperty(
        // Around the turn of a year and the end of a February.
        fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 1_380, max: 1_440 })),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: minuteMs, max: 50 * hourMs }),
        fc.constantFrom(0, 330, -480, 845, -210),
        fc.integer({ min: 0, max: 30 }),
        conversations,
        async (startHour, startMinute, lengthMs, zone, lookbackHours, made) => {
          const start = Date.UTC(2024, 0, 1) + startHour * hourMs + startMinute * minuteMs
          const end = Math.floor((start + lengthMs) / 1_000) * 1_000
          const clock = new SimulatedClock({ now })
          const listed: string[] = []
          const storage = new MemoryStorageAdapter({
            clock,
            intercept: ({ operation, key = '' }) => {
              if (operation === 'list') listed.push(key)
            },
          })
          const all = made.map(({ startsAfterMs, lastsMs, startUnknown, padded }, at) => ({
            id: `c${at}`,
            start: new Date(start + startsAfterMs).toISOString(),
            end: new Date(start + startsAfterMs + lastsMs).toISOString(),
            startUnknown,
            padded,
            landsAfterMs: (at % 4) * 2_000,
          }))
          const padding = ({ id }: FakeConversation) => all.some((one) => one.id === id && one.padded)
          const platform = new ConversationPlatform(clock, storage, padding)
          platform.conversations.push(...all)
          // What other jobs delivered long ago, in every hour that a conversation began in.
          // The platform may have written its folders the other way then.
          for (const [at, { id, start: begun, padded }] of all.entries())
            storage.put(keyOf({ id: `other-${id}`, start: begun }, at % 2 === 0 ? padded : !padded))
          const report = await new LegalHoldExporter({
            platform,
            storage,
            clock,
            hold: { tag: 't' },
            lookbackHours,
            landingQuietMs: 10_000,
          }).run({ integrationId: 'i', interval: { start: inZone(start, zone), end: inZone(end, zone) } })

          const inScope = all.filter((one) => Date.parse(one.start) < end && Date.parse(one.end) >= start)
          const earliest = Math.floor((start - lookbackHours * hourMs) / hourMs) * hourMs
          const isFindable = (one: (typeof all)[number]) => !one.startUnknown || Date.parse(one.start) >= earliest
          for (const one of inScope.filter(isFindable)) {
            const [newest] = storage.versions(keyOf(one, one.padded))
            expect(newest?.state?.metadata).toEqual({ 'legal-hold-tag': 't' })
          }
          expect(report.counts.expected).toBe(inScope.length)
          expect(report.counts.repaired).toBeGreaterThanOrEqual(inScope.filter(isFindable).length)
          const hours = new Set(inScope.map((one) => Math.floor(Date.parse(one.start) / hourMs) * hourMs))
          for (const prefix of listed) {
            const hour = Date.parse(parseKey(`${prefix}conversation_id=c/r`)?.hour ?? '')
            expect((hour >= earliest && hour < end) || hours.has(hour)).toBe(true)
          }
        },
      ),
      { numRuns: 80 },
    )
  })
})

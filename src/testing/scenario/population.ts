import { hourMs } from '../../internal/durations.js'
import type { SimulatedConversation } from '../genesys/organization.js'
import { type ConversationTraits, kindFor, makeConversation, type ScopeMedia, type TimeSpan } from './conversations.js'
import { SeededRandom } from './random.js'

/** Conversations with exactly `count` recordings among them. */
export function makeInScope(
  count: number,
  media: ScopeMedia,
  span: TimeSpan,
  random: SeededRandom,
): SimulatedConversation[] {
  const traits = { sensitiveShare: 0.06, earlyShare: 0.05 }
  const conversations: SimulatedConversation[] = []
  for (let left = count; left > 0; ) {
    const conversation = makeConversation(kindFor(media, random), span, { ...traits, maxRecordings: left }, random)
    conversations.push(conversation)
    left -= conversation.recordings.length
  }
  return conversations
}

/** Picks the recordings that fail at source, and some that land a second or two after the job has ended. */
export function withFates(
  conversations: readonly SimulatedConversation[],
  failAtSource: number,
  landLate: boolean,
  seed: string,
): SimulatedConversation[] {
  const random = new SeededRandom(`${seed}/fates`)
  const ids = conversations.flatMap(({ recordings }) => recordings.map(({ id }) => id))
  const failing = new Set(random.sample(ids, failAtSource))
  const late = new Set(landLate ? random.sample(ids, Math.ceil(ids.length * 0.03)) : [])
  return conversations.map((conversation) => ({
    ...conversation,
    recordings: conversation.recordings.map((recording) => ({
      ...recording,
      ...(failing.has(recording.id) ? { failsAtSource: true } : {}),
      ...(late.has(recording.id) && !failing.has(recording.id) ? { landsLateMs: random.integer(800, 2_000) } : {}),
    })),
  }))
}

const ofNobody: ConversationTraits & { readonly maxRecordings: number } = {
  sensitiveShare: 0,
  earlyShare: 0,
  maxRecordings: 2,
}

/**
 * Conversations of the same organisation that earlier exports delivered. They are of other media in the same hours
 * (unless everything of the interval is in scope) or older. Some of the older ones are within the look-back of
 * discovery.
 */
export function makeOutOfScope(
  { media, everythingInScope }: { readonly media: ScopeMedia; readonly everythingInScope: boolean },
  count: number,
  span: TimeSpan,
  seed: string,
): SimulatedConversation[] {
  const random = new SeededRandom(`${seed}/out-of-scope`)
  const number = Math.min(100, Math.ceil(count / 4))
  const older = { startMs: span.startMs - 72 * hourMs, endMs: span.startMs - 1_000 }
  const otherMedia =
    media === 'all' || everythingInScope
      ? []
      : repeat(number, () => {
          const kind = media === 'digital' ? { media: 'call' as const } : kindFor('digital', random)
          return makeConversation(kind, span, ofNobody, random)
        })
  const past = repeat(number, () => makeConversation(kindFor('all', random), older, ofNobody, random))
  return [...otherMedia, ...past].map((conversation) => ({
    ...conversation,
    recordings: conversation.recordings.map((recording) => ({
      ...recording,
      exportedDate: new Date(Date.parse(recording.endTime) + hourMs).toISOString(),
    })),
  }))
}

/** Conversations of another organisation that delivers to the same bucket. */
export function makeForeign(media: ScopeMedia, count: number, span: TimeSpan, seed: string): SimulatedConversation[] {
  const random = new SeededRandom(`${seed}/foreign`)
  return repeat(Math.min(20, Math.ceil(count / 10)), () =>
    makeConversation(kindFor(media, random), span, ofNobody, random),
  )
}

function repeat<T>(times: number, make: () => T): T[] {
  return Array.from({ length: times }, make)
}

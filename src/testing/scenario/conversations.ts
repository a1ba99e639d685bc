import { hourMs, minuteMs } from '../../internal/durations.js'
import type { MediaType } from '../../model/request.js'
import {
  buildConversation,
  buildRecording,
  type SimulatedAttachment,
  type SimulatedConversation,
  type SimulatedRecording,
} from '../genesys/organization.js'
import type { SeededRandom } from './random.js'

/** A span in milliseconds since the epoch. */
export interface TimeSpan {
  readonly startMs: number
  readonly endMs: number
}

/** The media that a scenario has in its scope. */
export type ScopeMedia = 'digital' | 'call' | 'all'

/** What kind of conversation to make. */
export interface ConversationKind {
  readonly media: MediaType
  readonly messageType?: string | undefined
}

const digitalKinds: readonly [ConversationKind, ...ConversationKind[]] = [
  { media: 'message', messageType: 'whatsapp' },
  { media: 'message', messageType: 'whatsapp' },
  { media: 'message', messageType: 'webmessaging' },
  { media: 'message', messageType: 'webmessaging' },
  { media: 'chat' },
  { media: 'email' },
]

/** A kind of the media that a scenario has in its scope. */
export function kindFor(media: ScopeMedia, random: SeededRandom): ConversationKind {
  const isCall = media === 'call' || (media === 'all' && random.next() < 0.4)
  return isCall ? { media: 'call' } : random.pick(digitalKinds)
}

// Names as customers send them: each has something that breaks a naive key, header or URL.
const attachmentNames: readonly (readonly [name: string, contentType: string])[] = [
  ['Rechnung Müller & Söhne.pdf', 'application/pdf'],
  ['receipt+2023 (final).pdf', 'application/pdf'],
  ['photo 😀.jpg', 'image/jpeg'],
  ['déclaration signée.png', 'image/png'],
  ['100% refund #3?.txt', 'text/plain'],
  ["customer's notes=v2.txt", 'text/plain'],
  ['scan.tiff', 'image/tiff'],
  ['議事録.txt', 'text/plain'],
]

/** Shares of the recordings that have something special about them. */
export interface ConversationTraits {
  /** Made sensitive (PCI or PII). */
  readonly sensitiveShare: number
  /** Conversations that began before the span and were active in it. */
  readonly earlyShare: number
}

/** One conversation of the kind, active in the span and ended before its end, with at most `maxRecordings`. */
export function makeConversation(
  kind: ConversationKind,
  span: TimeSpan,
  { maxRecordings, ...traits }: ConversationTraits & { readonly maxRecordings: number },
  random: SeededRandom,
): SimulatedConversation {
  const { startMs, endMs } = timesIn(span, traits.earlyShare, random)
  const count = Math.min(maxRecordings, random.pick([1, 1, 1, 2, 3]))
  const id = random.uuid()
  const lengthMs = Math.floor((endMs - startMs) / count)
  const recordings = Array.from({ length: count }, (_, index) =>
    makeRecording(
      kind,
      { startMs: startMs + index * lengthMs, endMs: startMs + (index + 1) * lengthMs },
      traits,
      random,
    ),
  )
  return buildConversation({
    id,
    media: kind.media,
    ...(kind.messageType === undefined ? {} : { messageType: kind.messageType }),
    startTime: new Date(startMs).toISOString(),
    endTime: new Date(endMs).toISOString(),
    direction: random.next() < 0.8 ? 'inbound' : 'outbound',
    userIds: [random.uuid()],
    recordings,
  })
}

/**
 * Times within the span. An early one begins up to 20 hours before it, within the look-back of 24 hours that
 * discovery has by default, and ends inside.
 */
function timesIn({ startMs, endMs }: TimeSpan, earlyShare: number, random: SeededRandom): TimeSpan {
  const spanMs = endMs - startMs
  const endsAtMs = startMs + Math.floor(random.next() * spanMs)
  if (random.next() < earlyShare) {
    return { startMs: startMs - random.integer(hourMs, 20 * hourMs), endMs: endsAtMs }
  }
  const lengthMs = Math.min(random.integer(2 * minuteMs, 40 * minuteMs), endsAtMs - startMs)
  return { startMs: endsAtMs - lengthMs, endMs: endsAtMs }
}

function makeRecording(
  { media }: ConversationKind,
  { startMs, endMs }: TimeSpan,
  traits: ConversationTraits,
  random: SeededRandom,
): SimulatedRecording {
  const hasAttachments = (media === 'message' || media === 'email') && random.next() < 0.3
  const isSensitive = random.next() < traits.sensitiveShare
  return buildRecording({
    id: random.uuid(),
    communicationId: random.uuid(),
    media,
    startTime: new Date(startMs).toISOString(),
    endTime: new Date(endMs).toISOString(),
    ...(media === 'call' ? { mediaSubtype: random.pick(['Trunk', 'Station'] as const) } : {}),
    ...(isSensitive ? { sensitive: true } : {}),
    ...((media === 'message' || media === 'call') && random.next() < 0.7 ? { transcript: true } : {}),
    ...(hasAttachments ? { attachments: makeAttachments(random) } : {}),
  })
}

function makeAttachments(random: SeededRandom): SimulatedAttachment[] {
  const names = random.sample(attachmentNames, random.integer(1, 2))
  return names.map(([name, contentType]) => ({ id: random.uuid(), name, contentType, content: { kind: 'generated' } }))
}

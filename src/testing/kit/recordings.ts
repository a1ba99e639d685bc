import type { MediaType } from '../../model/request.js'
import {
  buildConversation,
  buildRecording,
  type SimulatedAttachment,
  type SimulatedConversation,
  type SimulatedRecording,
} from '../genesys/organization.js'
import { uuidFrom } from './ids.js'

/** One recording, to be given to a conversation. Every method returns another builder. */
export class RecordingBuilder {
  readonly #given: Partial<SimulatedRecording>

  constructor(given: Partial<SimulatedRecording> = {}) {
    this.#given = given
  }

  /** Any field of a {@link SimulatedRecording}, such as `id` (a UUID) or `content`. */
  having(fields: Partial<SimulatedRecording>): RecordingBuilder {
    return new RecordingBuilder({ ...this.#given, ...fields })
  }

  /** What its media file says. */
  saying(text: string): RecordingBuilder {
    return this.having({ content: { kind: 'text', text } })
  }

  /** A transcript lies beside it. */
  withTranscript(): RecordingBuilder {
    return this.having({ transcript: true })
  }

  /** A file that was sent in the conversation. `name` may be anything that a customer can type. */
  withAttachment(name: string, text = name): RecordingBuilder {
    const attachments = this.#given.attachments ?? []
    const attachment: SimulatedAttachment = {
      id: uuidFrom(`attachment ${attachments.length} ${name}`),
      name,
      contentType: 'application/octet-stream',
      content: { kind: 'text', text },
    }
    return this.having({ attachments: [...attachments, attachment] })
  }

  /** Contains card data or similar. A job leaves it out unless it asks for such recordings. */
  sensitive(): RecordingBuilder {
    return this.having({ sensitive: true })
  }

  /** The platform cannot export it, and says so. */
  failingAtSource(): RecordingBuilder {
    return this.having({ failsAtSource: true })
  }

  /** Lands this much later than the job says FULFILLED, in milliseconds. */
  landingLate(landsLateMs: number): RecordingBuilder {
    return this.having({ landsLateMs })
  }

  /** The job counts it as done, but it never lands. A reconciliation must find this. */
  neverLanding(): RecordingBuilder {
    return this.having({ neverLands: true })
  }

  /** @internal */
  build(
    path: string,
    conversation: Pick<SimulatedConversation, 'media' | 'startTime' | 'endTime'>,
  ): SimulatedRecording {
    const { media, startTime, endTime } = conversation
    const id = uuidFrom(`${path} recording`)
    return buildRecording({
      id,
      communicationId: uuidFrom(`${path} session`),
      media,
      startTime,
      endTime,
      ...this.#given,
    })
  }
}

/** A recording. By default it is complete, delivered in time and has no companion but its sidecar. */
export function aRecording(fields: Partial<SimulatedRecording> = {}): RecordingBuilder {
  return new RecordingBuilder(fields)
}

interface ConversationPlan {
  readonly fields: Partial<SimulatedConversation>
  readonly media: MediaType
  readonly startTime: string
  readonly durationMs: number
  readonly recordings: readonly RecordingBuilder[]
}

/** One conversation, to be given to an organisation. Every method returns another builder. */
export class ConversationBuilder {
  readonly #plan: ConversationPlan

  constructor(plan: ConversationPlan) {
    this.#plan = plan
  }

  /** Its recordings. By default it has one. */
  with(...recordings: readonly RecordingBuilder[]): ConversationBuilder {
    return this.#changed({ recordings: [...this.#plan.recordings, ...recordings] })
  }

  /** @param startTime ISO 8601; its hour is that of the folder on S3. @defaultValue 2023-10-19T09:05:00Z */
  startingAt(startTime: string): ConversationBuilder {
    return this.#changed({ startTime })
  }

  /** @defaultValue 1200000, twenty minutes */
  lasting(durationMs: number): ConversationBuilder {
    return this.#changed({ durationMs })
  }

  /** Any field of a {@link SimulatedConversation}, such as `id` (a UUID) or `messageType`. */
  having(fields: Partial<Omit<SimulatedConversation, 'recordings'>>): ConversationBuilder {
    return this.#changed({ fields: { ...this.#plan.fields, ...fields } })
  }

  /** @internal */
  build(path: string): SimulatedConversation {
    const { fields, durationMs, recordings } = this.#plan
    const startMs = Date.parse(fields.startTime ?? this.#plan.startTime)
    const times = { startTime: new Date(startMs).toISOString(), endTime: new Date(startMs + durationMs).toISOString() }
    const whole = { id: uuidFrom(`${path} conversation`), media: this.#plan.media, ...times, ...fields }
    const built = recordings.length === 0 ? [aRecording()] : recordings
    return buildConversation({ ...whole, recordings: built.map((one, at) => one.build(`${path}/${at}`, whole)) })
  }

  #changed(plan: Partial<ConversationPlan>): ConversationBuilder {
    return new ConversationBuilder({ ...this.#plan, ...plan })
  }
}

const kinds = {
  whatsapp: { media: 'message', messageType: 'whatsapp' },
  webmessaging: { media: 'message', messageType: 'webmessaging' },
} as const

/**
 * A conversation.
 *
 * @param kind a medium, or the type of a message
 * @defaultValue a WhatsApp conversation with one recording
 */
export function aConversation(kind: MediaType | keyof typeof kinds = 'whatsapp'): ConversationBuilder {
  const isMessage = kind === 'whatsapp' || kind === 'webmessaging'
  const { media, ...fields } = isMessage ? kinds[kind] : { media: kind }
  return new ConversationBuilder({
    fields,
    media,
    startTime: '2023-10-19T09:05:00Z',
    durationMs: 1_200_000,
    recordings: [],
  })
}

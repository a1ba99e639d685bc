import { createHash } from 'node:crypto'
import type { SimulatedConversation, SimulatedRecording } from '../organization.js'

const lines = [
  'Good morning, I am writing about order 4711.',
  'Thank you for getting in touch, let me look that up.',
  'It should have arrived on Tuesday.',
  'Ich sehe hier eine Lieferung nach München, Straße „Am Stadtwald“.',
  'That is the one. Can you send me the confirmation? 👍',
  'It is attached. Is there anything else?',
  'No, that was all. Goodbye.',
]

/** The bytes of a recording without content of its own. The same id gives the same bytes. */
export function generateRecording(
  conversation: SimulatedConversation,
  recording: SimulatedRecording,
  extension: string,
): Uint8Array {
  if (extension === '.wav') return generateWav(recording.id)
  if (extension === '.opus' || extension === '.ogg') return generateOgg(recording.id)
  if (extension === '.json') return encodeJson(messageRecording(conversation, recording))
  if (extension === '.eml') return encodeText(emailMessage(conversation, recording))
  return generateBytes(recording.id, 2_048)
}

/** A mono 8 kHz 16 bit WAV of a tenth of a second, with a header that players accept. */
export function generateWav(seed: string): Uint8Array {
  const samples = generateBytes(seed, 1_600)
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + samples.length, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(8_000, 24)
  header.writeUInt32LE(16_000, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}

// Only the identification page is real: enough for `file` to call it Ogg Opus.
function generateOgg(seed: string): Uint8Array {
  const page = Buffer.alloc(28)
  page.write('OggS', 0)
  page.writeUInt8(2, 5)
  page.writeUInt8(1, 26)
  page.writeUInt8(19, 27)
  const head = Buffer.alloc(19)
  head.write('OpusHead', 0)
  head.writeUInt8(1, 8)
  head.writeUInt8(1, 9)
  head.writeUInt32LE(48_000, 12)
  return Buffer.concat([page, head, generateBytes(seed, 1_024)])
}

/** Bytes derived from a seed by hashing. */
export function generateBytes(seed: string, length: number): Uint8Array {
  const blocks: Buffer[] = []
  for (let made = 0; made < length; made += 32) {
    blocks.push(createHash('sha256').update(`${seed}/${made}`).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** UTF-8. */
export function encodeText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** JSON, indented for a reader. */
export function encodeJson(value: unknown): Uint8Array {
  return encodeText(JSON.stringify(value, null, 2))
}

function messageRecording(conversation: SimulatedConversation, recording: SimulatedRecording): unknown {
  return {
    conversationId: conversation.id,
    recordingId: recording.id,
    messageType: conversation.messageType,
    messages: spokenLines(recording).map(({ text, at, fromCustomer }, index) => ({
      id: `${recording.id}-${index}`,
      from: fromCustomer ? 'customer' : (conversation.userIds[0] ?? 'agent'),
      purpose: fromCustomer ? 'customer' : 'agent',
      timestamp: new Date(at).toISOString(),
      messageText: text,
      messageMediaAttachments:
        index === 0
          ? (recording.attachments ?? []).map(({ id, name, contentType }) => ({ id, name, contentType }))
          : [],
    })),
  }
}

function emailMessage(conversation: SimulatedConversation, recording: SimulatedRecording): string {
  const body = spokenLines(recording).map(({ text }) => text)
  return [
    'From: customer@example.com',
    'To: service@example.com',
    `Date: ${new Date(recording.startTime).toUTCString()}`,
    `Message-ID: <${recording.id}@example.com>`,
    `Subject: Order 4711 (${conversation.id.slice(0, 8)})`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...body,
    '',
  ].join('\r\n')
}

/** A transcript in the shape of Genesys' speech and text analytics. */
export function generateTranscript(conversation: SimulatedConversation, recording: SimulatedRecording): Uint8Array {
  return encodeJson({
    organizationId: null,
    conversationId: conversation.id,
    communicationId: recording.communicationId,
    mediaType: recording.media,
    conversationStartTime: Date.parse(conversation.startTime),
    startTime: Date.parse(recording.startTime),
    transcripts: [
      {
        transcriptId: recording.id,
        language: 'en-us',
        programId: null,
        phrases: spokenLines(recording).map(({ text, at, fromCustomer }, index) => ({
          text,
          phraseIndex: index,
          startTimeMs: at,
          participantPurpose: fromCustomer ? 'external' : 'internal',
        })),
      },
    ],
  })
}

function spokenLines(recording: SimulatedRecording) {
  const startMs = Date.parse(recording.startTime)
  const stepMs = Math.max(0, Math.floor((Date.parse(recording.endTime) - startMs) / lines.length))
  return lines.map((text, index) => ({ text, at: startMs + index * stepMs, fromCustomer: index % 2 === 0 }))
}

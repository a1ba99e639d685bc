import { readFile } from 'node:fs/promises'
import type { SimulatedContent, SimulatedConversation, SimulatedRecording } from '../organization.js'
import { encodeJson, generateBytes, generateRecording, generateTranscript } from './generated-content.js'
import {
  attachmentFile,
  conversationFolder,
  type FolderPadding,
  recordingFile,
  sidecarFile,
  transcriptFile,
} from './layout.js'

/** One object that an export puts on S3. */
export interface DeliveredFile {
  readonly key: string
  readonly contentType: string
  body(): Promise<Uint8Array>
}

/** How files are laid out and named. */
export interface FileOptions {
  readonly organizationId: string
  readonly padding: FolderPadding
  /** Format asked for by a bulk export; honoured for calls only. */
  readonly format?: string | undefined
}

/** Every file that an export of one recording leaves: the sidecar last, as the recording must be there for it. */
export function filesOf(
  conversation: SimulatedConversation,
  recording: SimulatedRecording,
  options: FileOptions,
): readonly DeliveredFile[] {
  const folder = conversationFolder(options.organizationId, conversation, options.padding)
  const { extension, contentType } = formatOf(recording, options.format)
  const file = recordingFile(recording, extension)
  return [
    {
      key: `${folder}/${file}`,
      contentType,
      body: () => contentOf(recording.content, () => generateRecording(conversation, recording, extension)),
    },
    ...(recording.attachments ?? []).map((attachment) => ({
      key: `${folder}/${attachmentFile(attachment)}`,
      contentType: attachment.contentType,
      body: () => contentOf(attachment.content, () => generateBytes(attachment.id, 1_024)),
    })),
    ...(recording.transcript
      ? [
          {
            key: `${folder}/${transcriptFile(conversation.id, recording.communicationId)}`,
            contentType: 'application/json',
            body: async () => generateTranscript(conversation, recording),
          },
        ]
      : []),
    {
      key: `${folder}/${sidecarFile(file)}`,
      contentType: 'application/json',
      body: async () => encodeJson(sidecarOf(conversation, recording)),
    },
  ]
}

const callFormats: Readonly<Record<string, { extension: string; contentType: string }>> = {
  WAV: { extension: '.wav', contentType: 'audio/wav' },
  OGG_OPUS: { extension: '.opus', contentType: 'audio/ogg' },
  OPUS: { extension: '.opus', contentType: 'audio/ogg' },
}

function formatOf(recording: SimulatedRecording, format: string | undefined) {
  // A file of the caller's own stays what it is.
  const applies = recording.media === 'call' && recording.content.kind === 'generated'
  return (applies && format !== undefined ? callFormats[format.toUpperCase()] : undefined) ?? recording
}

async function contentOf(content: SimulatedContent, generate: () => Uint8Array): Promise<Uint8Array> {
  switch (content.kind) {
    case 'generated':
      return generate()
    case 'text':
      return Buffer.from(content.text, 'utf8')
    case 'base64':
      return Buffer.from(content.base64, 'base64')
    case 'file':
      return readFile(content.path)
  }
}

const sidecarMediaType = {
  call: 'Call',
  chat: 'Chat',
  email: 'Email',
  message: 'Message',
  screen: 'Screen',
} as const

/** The documented fields first; the rest is what third parties report (genesys-facts, "What lands on S3"). */
function sidecarOf(conversation: SimulatedConversation, recording: SimulatedRecording): unknown {
  return {
    mediaType: sidecarMediaType[recording.media],
    mediaSubtype: recording.mediaSubtype,
    provider: conversation.provider,
    userIds: conversation.userIds,
    conversationId: conversation.id,
    recordingId: recording.id,
    startTime: withoutColon(recording.startTime),
    endTime: withoutColon(recording.endTime),
    durationMs: Date.parse(recording.endTime) - Date.parse(recording.startTime),
    initialDirection: conversation.direction.toUpperCase(),
  }
}

function withoutColon(time: string): string {
  return new Date(time).toISOString().replace('Z', '+0000')
}

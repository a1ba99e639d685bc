import type { SimulatedAttachment, SimulatedConversation, SimulatedRecording } from '../organization.js'

/** Whether month, day and hour have a leading zero: both forms are seen (genesys-facts, "What lands on S3"). */
export type FolderPadding = 'padded' | 'unpadded'

/** Folder of a conversation: the hour of its start in UTC, whenever its recordings were made. */
export function conversationFolder(
  organizationId: string,
  conversation: Pick<SimulatedConversation, 'id' | 'startTime'>,
  padding: FolderPadding,
): string {
  const start = new Date(conversation.startTime)
  const pad = (value: number) => String(value).padStart(padding === 'padded' ? 2 : 1, '0')
  return [
    organizationId,
    `year=${start.getUTCFullYear()}`,
    `month=${pad(start.getUTCMonth() + 1)}`,
    `day=${pad(start.getUTCDate())}`,
    `hour=${pad(start.getUTCHours())}`,
    `conversation_id=${conversation.id}`,
  ].join('/')
}

/** Name of a recording; the extension comes with its dot. */
export function recordingFile(recording: Pick<SimulatedRecording, 'id'>, extension: string): string {
  return `${recording.id}${extension}`
}

/** Name of the metadata file of a recording. */
export function sidecarFile(file: string): string {
  return `${file}_metadata.json`
}

/** Name of a transcript. */
export function transcriptFile(conversationId: string, communicationId: string): string {
  return `${conversationId}-${communicationId}.transcript.json`
}

/**
 * Where attachments lie is not documented (unknown): this is a plausible place, with the sender's own file name, so
 * that names with spaces, umlauts, `&` and `+` are met.
 */
export function attachmentFile(attachment: Pick<SimulatedAttachment, 'id' | 'name'>): string {
  return `attachments/${attachment.id}/${attachment.name}`
}

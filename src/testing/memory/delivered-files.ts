import type { ExportRequest, MediaType } from '../../model/request.js'
import type { SeedObject } from '../../storage/memory/objects.js'
import { conversationFolder, recordingFile, sidecarFile } from '../genesys/delivery/layout.js'

interface CoveredRecording {
  readonly recordingId: string
  readonly conversationId: string
  readonly conversationStart: string
  readonly mediaType: MediaType
  readonly object?: SeedObject | undefined
}

const digital: readonly MediaType[] = ['chat', 'email', 'message']
const extensions: Readonly<Record<MediaType, string>> = {
  call: '.opus',
  screen: '.webm',
  chat: '.json',
  email: '.json',
  message: '.json',
}

/** Whether a request means a recording: by interval, medium and conversation. Pure. */
export function isCovered(recording: CoveredRecording, request: ExportRequest): boolean {
  const { interval, mediaTypes, conversationIds } = request
  const start = Date.parse(recording.conversationStart)
  const media = mediaTypes === 'digital' ? digital : mediaTypes
  if (start < Date.parse(interval.start) || start >= Date.parse(interval.end)) return false
  if (media !== undefined && !media.includes(recording.mediaType)) return false
  return conversationIds === undefined || conversationIds.includes(recording.conversationId)
}

/** The media file and its sidecar, laid out as Genesys Cloud does. Pure. */
export function filesOfMemoryRecording(
  organizationId: string,
  { recordingId, conversationId, conversationStart, mediaType, object = {} }: CoveredRecording,
): readonly { readonly key: string; readonly object: SeedObject }[] {
  const folder = conversationFolder(organizationId, { id: conversationId, startTime: conversationStart }, 'padded')
  const file = recordingFile({ id: recordingId }, extensions[mediaType])
  const sidecar = JSON.stringify({ recordingId, conversationId, mediaType })
  return [
    { key: `${folder}/${file}`, object },
    { key: `${folder}/${sidecarFile(file)}`, object: { ...object, body: sidecar } },
  ]
}

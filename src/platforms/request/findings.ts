import { counted } from '../../internal/text/counted.js'
import type { Finding } from '../../model/findings.js'
import type { ExportRequest } from '../../model/request.js'
import { deletionProtectionCap } from '../organization/deletion-protection.js'
import { coversMedia, mediaTypesOf } from './scope.js'

/** The caller leaves sensitive recordings out: a hole in the hold that must be seen. */
export function sensitiveFindings(request: ExportRequest): Finding[] {
  if (request.includeSensitive !== false) return []
  return [
    {
      code: 'sensitive-recordings-excluded',
      severity: 'warning',
      subject: subjectOf(request),
      message: 'Recordings with sensitive data (PCI, PII) are left out, because includeSensitive is false.',
      remedy:
        'Leave includeSensitive out, and give the OAuth client recording:recording:viewSensitiveData where redaction is on.',
    },
  ]
}

/** More conversations are named than an organisation may protect. */
export function protectionFindings(request: ExportRequest, protectSource: boolean): Finding[] {
  const count = request.conversationIds?.length ?? 0
  if (!protectSource || count <= deletionProtectionCap) return []
  return [
    {
      code: 'deletion-protection-cap',
      severity: 'warning',
      subject: subjectOf(request),
      message: `The request names ${counted(count, 'conversation')}; Genesys Cloud protects at most ${deletionProtectionCap} of an organisation from deletion.`,
      remedy: 'Split the request, or rely on the export alone and set protectSource to false.',
    },
  ]
}

const audioFormats = /^(wav|mp3|ogg|opus|ogg_opus|ogg_vorbis|vorbis|webm|flac|ulaw|wav_ulaw)$/i

/** An audio format for recordings that are not audio. */
export function formatFindings(request: ExportRequest): Finding[] {
  const { format } = request
  if (format === undefined || !audioFormats.test(format)) return []
  const silent = (['chat', 'email', 'message'] as const).filter((media) => coversMedia(request, media))
  if (silent.length === 0) return []
  const all = mediaTypesOf(request) !== undefined && !coversMedia(request, 'call')
  return [
    {
      code: 'format-not-applicable',
      severity: 'warning',
      subject: subjectOf(request),
      message: `The format ${format} does not apply to ${silent.join(', ')}${all ? '' : '; it applies to calls only'}: those recordings come in a form of their own.`,
      remedy: all ? 'Leave the format out.' : 'Nothing, if that is what you expect; else leave the format out.',
    },
  ]
}

/** What a finding about a request is about. */
export function subjectOf(request: ExportRequest): string {
  return request.profileId ?? request.integrationId ?? `${request.interval.start}/${request.interval.end}`
}

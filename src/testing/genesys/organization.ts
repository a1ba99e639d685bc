import type { MediaType } from '../../model/request.js'
import {
  defaultQueue,
  type SimulatedAuditMessage,
  type SimulatedDivision,
  type SimulatedGdprRequest,
  type SimulatedKeyConfiguration,
  type SimulatedOrphanRecording,
  type SimulatedQueue,
  type SimulatedRecordingSettings,
} from './organization-records.js'

/** Where the bytes of a file come from. Plain data, so that an organisation can be saved and loaded. */
export type SimulatedContent =
  /** Made from the file's own id: small, valid for its type, the same each time. */
  | { readonly kind: 'generated' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64'; readonly base64: string }
  /** Read when it is delivered, byte for byte. */
  | { readonly kind: 'file'; readonly path: string }

/** A file that a customer or an agent sent in a message or an email. */
export interface SimulatedAttachment {
  readonly id: string
  /** Name that the sender gave it. It may contain spaces, umlauts, `&`, `+` and similar characters. */
  readonly name: string
  readonly contentType: string
  readonly content: SimulatedContent
}

/** One recording of a conversation. */
export interface SimulatedRecording {
  readonly id: string
  readonly media: MediaType
  /** ISO 8601. */
  readonly startTime: string
  /** ISO 8601. */
  readonly endTime: string
  /** With the dot, or empty. Follows the codec (genesys-facts, "What lands on S3"). */
  readonly extension: string
  readonly contentType: string
  readonly content: SimulatedContent
  /** The id of the session, part of a transcript's name. */
  readonly communicationId: string
  readonly mediaSubtype?: string | undefined
  /** PCI or PII. A job leaves it out unless it asks for such recordings. */
  readonly sensitive?: boolean | undefined
  /** Recorded because of a policy, or as a snippet. A job can leave these out. */
  readonly origin?: 'policy' | 'snippet' | undefined
  /** Whether a `.transcript.json` lies beside it. */
  readonly transcript?: boolean | undefined
  readonly attachments?: readonly SimulatedAttachment[] | undefined
  /** The platform cannot export it. It is listed in the job's failed recordings and never delivered. */
  readonly failsAtSource?: boolean | undefined
  /** Lands this much later than the job says FULFILLED, in milliseconds. */
  readonly landsLateMs?: number | undefined
  /** The job counts it as processed, but it never lands. A reconciliation must find this. */
  readonly neverLands?: boolean | undefined
  /** ISO 8601; when a retention policy deletes it. */
  readonly deleteDate?: string | undefined
  /** ISO 8601; set on a recording that an earlier export delivered. */
  readonly exportedDate?: string | undefined
  /**
   * State of its file in the metadata. An ARCHIVED or RESTORING file lands `restoreMs` later than others. An
   * UPLOADING or ERROR file does not land.
   *
   * @defaultValue 'AVAILABLE'
   */
  readonly fileState?: SimulatedFileState | undefined
  /** ISO 8601; when it was or will be archived. */
  readonly archiveDate?: string | undefined
  /** AWS name of the region that it is stored in. @defaultValue that of the organisation */
  readonly region?: string | undefined
  /** Why it is in ERROR, for an email. */
  readonly recordingErrorStatus?: 'EMAIL_TRANSCRIPT_TOO_LARGE' | undefined
}

/** `RecordingMetadata.fileState`. */
export type SimulatedFileState = 'ARCHIVED' | 'AVAILABLE' | 'DELETED' | 'RESTORED' | 'RESTORING' | 'UPLOADING' | 'ERROR'

/** One conversation with its recordings. */
export interface SimulatedConversation {
  readonly id: string
  readonly media: MediaType
  /** `whatsapp`, `webmessaging`, …, for `message` only. */
  readonly messageType?: string | undefined
  /** ISO 8601. The folder on S3 is that of this hour. */
  readonly startTime: string
  /** ISO 8601. For an ongoing conversation, the time of its last activity. */
  readonly endTime: string
  /**
   * It has no end, like a thread of messages that continues.
   *
   * @defaultValue false
   */
  readonly ongoing?: boolean | undefined
  readonly direction: 'inbound' | 'outbound'
  readonly provider: string
  readonly userIds: readonly string[]
  readonly queueId: string
  readonly recordings: readonly SimulatedRecording[]
  /** Divisions that it belongs to. @defaultValue the home division */
  readonly divisionIds?: readonly string[] | undefined
  readonly externalTag?: string | undefined
  /** As analytics names the customer's participant, e.g. by a telephone number. */
  readonly customerName?: string | undefined
}

/** An AWS S3 recording bulk actions integration. */
export interface SimulatedIntegration {
  readonly id: string
  readonly name: string
  readonly bucket: string
  readonly roleArn: string
  readonly intendedState: 'ENABLED' | 'DISABLED' | 'DELETED'
  /** `ACTIVE`, `ACTIVATING`, `INACTIVE`, `ERROR`, … */
  readonly reportedState: string
  /**
   * Property names of `config/current`. Genesys does not publish their schema (unknown), so another set can be given.
   *
   * @defaultValue `{ bucket, roleArn }` of this integration
   */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

/** An export profile of the bulk-exports surface, in that surface's own field names. */
export interface SimulatedExportProfile {
  readonly id: string
  readonly name: string
  readonly integrationId: string
  readonly include_legal_hold_metadata: boolean
  /** `short-term` strips the hold metadata; anything else keeps it. */
  readonly retention_policy: string
}

/** A media retention policy, as the SDK's `Policy` model has it. */
export type SimulatedRetentionPolicy = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
}

/** All that the simulator knows about an organisation. Plain JSON, which may be changed while the simulator runs. */
export interface SimulatedOrganization {
  id: string
  name: string
  conversations: SimulatedConversation[]
  integrations: SimulatedIntegration[]
  exportProfiles: SimulatedExportProfile[]
  mediaRetentionPolicies: SimulatedRetentionPolicy[]
  crossplatformPolicies: SimulatedRetentionPolicy[]
  /** @defaultValue the queue `Support`, in which conversations are by default */
  queues?: SimulatedQueue[] | undefined
  /** @defaultValue one home division */
  divisions?: SimulatedDivision[] | undefined
  /** Maximum interaction data retention, in days. @defaultValue not set */
  dataRetentionDays?: number | undefined
  gdprRequests?: SimulatedGdprRequest[] | undefined
  orphanRecordings?: SimulatedOrphanRecording[] | undefined
  keyConfigurations?: SimulatedKeyConfiguration[] | undefined
  recordingSettings?: SimulatedRecordingSettings | undefined
  /** Earlier actions. Actions through the simulator are added. */
  auditMessages?: SimulatedAuditMessage[] | undefined
}

/** Plain data for a test. Omitted properties get defaults. */
export function buildOrganization(given: Partial<SimulatedOrganization> = {}): SimulatedOrganization {
  return {
    id: '8c1f5a0e-3a53-4f2e-9d0b-0a7c8f2e6b10',
    name: 'Simulated Organisation',
    conversations: [],
    integrations: [],
    exportProfiles: [],
    mediaRetentionPolicies: [],
    crossplatformPolicies: [],
    ...given,
  }
}

/** An enabled and active integration that delivers to `bucket`. */
export function buildIntegration(
  given: Partial<SimulatedIntegration> & Pick<SimulatedIntegration, 'id' | 'bucket'>,
): SimulatedIntegration {
  return {
    name: 'AWS S3 recording bulk actions',
    roleArn: 'arn:aws:iam::111122223333:role/GenesysRecordingExport',
    intendedState: 'ENABLED',
    reportedState: 'ACTIVE',
    ...given,
  }
}

/** An export profile that keeps the hold metadata. */
export function buildExportProfile(
  given: Partial<SimulatedExportProfile> & Pick<SimulatedExportProfile, 'id' | 'integrationId'>,
): SimulatedExportProfile {
  return { name: 'Export profile', include_legal_hold_metadata: true, retention_policy: 'long-term', ...given }
}

const mediaDefaults: Record<MediaType, { extension: string; contentType: string; provider: string }> = {
  call: { extension: '.wav', contentType: 'audio/wav', provider: 'Edge' },
  chat: { extension: '.json', contentType: 'application/json', provider: 'PureCloud Webchat v2' },
  email: { extension: '.eml', contentType: 'message/rfc822', provider: 'PureCloud Email' },
  message: { extension: '.json', contentType: 'application/json', provider: 'PureCloud Messaging' },
  screen: { extension: '.webm', contentType: 'video/webm', provider: 'PureCloud Screen Recording' },
}

/** A recording of `media` with generated content. Ids must be UUIDs, as the platform's are. */
export function buildRecording(
  given: Partial<SimulatedRecording> &
    Pick<SimulatedRecording, 'id' | 'media' | 'startTime' | 'endTime' | 'communicationId'>,
): SimulatedRecording {
  const { extension, contentType } = mediaDefaults[given.media]
  return { extension, contentType, content: { kind: 'generated' }, ...given }
}

/** A conversation. Provider and queue are filled in. */
export function buildConversation(
  given: Partial<SimulatedConversation> & Pick<SimulatedConversation, 'id' | 'media' | 'startTime' | 'endTime'>,
): SimulatedConversation {
  return {
    direction: 'inbound',
    provider: mediaDefaults[given.media].provider,
    userIds: ['5d1c9a41-6c7e-4b8e-a6a3-2f1f6d3b7c55'],
    queueId: defaultQueue.id,
    recordings: [],
    ...given,
  }
}

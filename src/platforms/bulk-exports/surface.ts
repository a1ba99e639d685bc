import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { ExportJob, JobState } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import { type Answer, answerOf, dateOf, fieldOf, flagOf, isAnswer, listOf, numberOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { canonical } from '../recording-jobs/query.js'
import { intervalText, isDigitalOnly, mediaTypesOf } from '../request/scope.js'

/** Paths of the bulk exports surface. `{id}` stands for the id; `null` says that the surface has no such path. */
export interface BulkExportsPaths {
  readonly create: string
  /** Lists jobs; without it a create with unknown outcome cannot be settled. */
  readonly list: string | null
  readonly job: string
  readonly failedRecordings: string | null
  readonly profiles: string
  readonly profile: string
}

/** Names of fields in requests. Answers are read in snake_case and camelCase whatever these say. */
export interface BulkExportsFields {
  readonly integrationId: string
  readonly exportProfileId: string
  readonly filters: string
  readonly mediaType: string
  readonly interval: string
  readonly messageTypes: string
  readonly conversationIds: string
  readonly divisionIds: string
  readonly includeSensitive: string
  readonly format: string
  readonly metadata: string
  readonly legalHoldTag: string
  readonly includeLegalHoldMetadata: string
  readonly retentionPolicy: string
}

/** Nothing of this surface is in the published SDK: these are the brief's words (genesys-facts). */
export const bulkExportsPaths: BulkExportsPaths = {
  create: '/api/v2/recordings/bulkexports',
  list: '/api/v2/recordings/bulkexports',
  job: '/api/v2/recordings/bulkexports/{id}',
  failedRecordings: '/api/v2/recordings/bulkexports/{id}/failedrecordings',
  profiles: '/api/v2/recordings/exportprofiles',
  profile: '/api/v2/recordings/exportprofiles/{id}',
}

export const bulkExportsFields: BulkExportsFields = {
  integrationId: 'integrationId',
  exportProfileId: 'exportProfileId',
  filters: 'filters',
  mediaType: 'mediaType',
  interval: 'interval',
  messageTypes: 'messageTypes',
  conversationIds: 'conversationIds',
  divisionIds: 'divisionIds',
  includeSensitive: 'includeRecordingsWithSensitiveData',
  format: 'format',
  metadata: 'metadata',
  legalHoldTag: 'legal_hold_tag',
  includeLegalHoldMetadata: 'include_legal_hold_metadata',
  retentionPolicy: 'retention_policy',
}

/** The body that creates a job. */
export function bulkExportBody(request: ExportRequest, hold: LegalHold, fields: BulkExportsFields): Answer {
  const mediaTypes = mediaTypesOf(request)
  const media = isDigitalOnly(request) ? 'digital' : mediaTypes?.length === 1 ? mediaTypes[0] : mediaTypes
  return withoutAbsent({
    [fields.integrationId]: request.integrationId,
    [fields.exportProfileId]: request.profileId,
    [fields.filters]: withoutAbsent({
      [fields.mediaType]: media,
      [fields.interval]: intervalText(request.interval),
      [fields.messageTypes]: nonEmpty(request.messageTypes),
      [fields.conversationIds]: nonEmpty(request.conversationIds),
      [fields.divisionIds]: nonEmpty(request.divisionIds),
      // The platform's default leaves them out silently, which is a hole in a hold (genesys-facts).
      [fields.includeSensitive]: request.includeSensitive ?? true,
    }),
    [fields.format]: request.format,
    [fields.metadata]: { [fields.legalHoldTag]: hold.tag },
  })
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

function withoutAbsent(record: Record<string, unknown>): Answer {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

/**
 * Whether a job that exists was made by this body: `undefined` if the answer does not say what the job is for.
 */
export function isSameExport(ours: Answer, theirs: Answer, fields: BulkExportsFields): boolean | undefined {
  const source = echoOf(theirs, fields)
  if (source === undefined) return undefined
  const echoed = essence(source, fields)
  const asked = essence(ours, fields)
  const named = (key: 'integrationId' | 'exportProfileId') => asked[key] === undefined || asked[key] === echoed[key]
  // A server may fill in the integration or the profile that was not named; the rest must agree.
  return (
    named('integrationId') &&
    named('exportProfileId') &&
    canonical({ ...asked, integrationId: 0, exportProfileId: 0 }) ===
      canonical({ ...echoed, integrationId: 0, exportProfileId: 0 })
  )
}

/**
 * What the answer to a create describes, if not the job of this body: no job at all, or a job of another
 * integration, profile or interval. Fields that the answer leaves out prove nothing.
 */
export function otherThanExportOf(ours: Answer, fields: BulkExportsFields): (answer: unknown) => string | undefined {
  return (answer) => {
    if (!isAnswer(answer)) return undefined
    const source = echoOf(answer, fields)
    if (source === undefined) return textOf(answer, 'status', 'state') === undefined ? 'not that of a job' : undefined
    const [echoed, asked] = [essence(source, fields), essence(ours, fields)]
    for (const name of ['integrationId', 'exportProfileId'] as const) {
      const isOther = echoed[name] !== undefined && asked[name] !== undefined && echoed[name] !== asked[name]
      if (isOther) return `that of a job of ${name} ${echoed[name]}`
    }
    return canonical(echoed.interval) === canonical(asked.interval) ? undefined : 'that of a job for another interval'
  }
}

/** The part of an answer that repeats what the job was created with. */
function echoOf(answer: Answer, fields: BulkExportsFields): Answer | undefined {
  for (const source of [answer, answerOf(answer, 'request', 'query', 'bulkExportRequest')]) {
    if (answerOf(source, fields.filters) !== undefined) return source
  }
  return undefined
}

function essence(body: Answer, fields: BulkExportsFields) {
  const filters = answerOf(body, fields.filters)
  const sorted = (name: string) => [...(listOf(filters, name) ?? [])].map(String).sort()
  const media = fieldOf(filters, fields.mediaType)
  return {
    integrationId: textOf(body, fields.integrationId),
    exportProfileId: textOf(body, fields.exportProfileId),
    media: Array.isArray(media) ? media.map(String).sort() : media,
    interval: intervalOf(fieldOf(filters, fields.interval)),
    messageTypes: sorted(fields.messageTypes),
    conversationIds: sorted(fields.conversationIds),
    divisionIds: sorted(fields.divisionIds),
    sensitive: flagOf(filters, fields.includeSensitive) ?? false,
    format: textOf(body, fields.format),
    tag: textOf(answerOf(body, fields.metadata), fields.legalHoldTag),
  }
}

function intervalOf(value: unknown): unknown {
  const [start, end] =
    typeof value === 'string' ? value.split('/') : [textOf(value, 'start', 'from'), textOf(value, 'end', 'to')]
  return [Date.parse(start ?? ''), Date.parse(end ?? '')]
}

/** The words for the states, as the closed set of the library has them. Only `completed` is known (genesys-facts). */
const stateWords: Readonly<Record<string, JobState>> = {
  created: 'PENDING',
  queued: 'PENDING',
  pending: 'PENDING',
  submitted: 'PENDING',
  ready: 'READY',
  running: 'PROCESSING',
  processing: 'PROCESSING',
  inprogress: 'PROCESSING',
  started: 'PROCESSING',
  completed: 'FULFILLED',
  complete: 'FULFILLED',
  fulfilled: 'FULFILLED',
  succeeded: 'FULFILLED',
  failed: 'FAILED',
  error: 'FAILED',
  cancelled: 'CANCELLED',
  canceled: 'CANCELLED',
}

/** A job as the surface describes it; `undefined` if it has no id. */
export function bulkExportFrom(
  client: Pick<GenesysClient, 'redact'>,
  body: Answer,
  correlationId: string | undefined,
  request: ExportRequest | undefined,
): ExportJob | undefined {
  const id = textOf(body, 'id', 'jobId', 'exportId')
  if (id === undefined) return undefined
  const platformState = textOf(body, 'status', 'state') ?? ''
  return {
    id,
    state: stateWords[platformState.toLowerCase().replace(/[^a-z]/g, '')] ?? 'UNKNOWN',
    platformState,
    percentProgress: numberOf(body, 'percentProgress', 'progress'),
    totals: {
      conversations: numberOf(body, 'totalConversations'),
      recordings: numberOf(body, 'totalRecordings'),
      processed: numberOf(body, 'processedRecordings', 'totalProcessedRecordings'),
      failed: numberOf(body, 'failedRecordings', 'totalFailedRecordings'),
      skipped: numberOf(body, 'skippedRecordings', 'totalSkippedRecordings'),
    },
    errorMessage: client.redact(textOf(body, 'errorMessage', 'error')),
    createdAt: dateOf(body, 'dateCreated', 'createdAt', 'createdDate'),
    request,
    correlationId,
  }
}

export function isAbsentPath(error: LegalHoldError): boolean {
  return error.status === 404 || error.status === 405 || error.status === 501
}

export function digitalLosesTag(subject: string): Finding {
  return {
    code: 'platform-cannot-stamp',
    severity: 'info',
    subject,
    message: 'Bulk exports lose the hold tag of digital channels (chat, email, message), whatever the profile says.',
    remedy: 'Nothing: objects without the hold are found and repaired on S3.',
  }
}

export function cannotLookUp(why: string): LegalHoldError {
  return new LegalHoldError(
    `Whether a bulk export exists cannot be looked up on this platform: ${why}. Look for it in Genesys Cloud before creating another.`,
    { code: 'UNSUPPORTED', stage: 'export' },
  )
}

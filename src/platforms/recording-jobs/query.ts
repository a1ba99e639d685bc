import { canonicalJson } from '../../internal/canonical-json.js'
import { dayMs } from '../../internal/durations.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ExportRequest } from '../../model/request.js'
import { type Answer, answerOf, isAnswer, textOf } from '../client/answer.js'
import { type ConversationQuery, conversationQuery } from '../request/conversation-query.js'
import { coversMedia, intervalText, mediaTypesOf, queryableSince } from '../request/scope.js'

/** When the platform exports: a date, or an age of each recording in days. Give one of the two. */
export interface ExportTiming {
  /** ISO 8601. @defaultValue now: at once */
  readonly actionDate?: string | undefined
  /** Days after a recording's creation. */
  readonly actionAgeDays?: number | undefined
  /** ISO 8601, for screen recordings only; passed over for a request that leaves them out. */
  readonly screenRecordingActionDate?: string | undefined
  /** Days after a screen recording's creation; passed over for a request that leaves them out. */
  readonly screenRecordingActionAgeDays?: number | undefined
}

/** The body of `POST /api/v2/recording/jobs`. */
export interface RecordingJobsQuery {
  readonly action: 'EXPORT'
  readonly integrationId: string
  readonly actionDate?: string
  readonly actionAge?: number
  readonly screenRecordingActionDate?: string
  readonly screenRecordingActionAge?: number
  readonly includeRecordingsWithSensitiveData: boolean
  readonly includeScreenRecordings: boolean
  readonly conversationQuery?: ConversationQuery
  readonly agedConversationInterval?: string
}

/** Six months at their longest. */
const agedLimitMs = 184 * dayMs

/**
 * The job for a request. Sensitive recordings are included unless the caller says no: the platform's own default
 * leaves them out silently, which is a hole in a hold (genesys-facts: recording jobs).
 *
 * @throws `INVALID_REQUEST` for what the platform has no job for.
 */
export function recordingJobsQuery(
  request: ExportRequest,
  timing: ExportTiming,
  now: number,
  stage: 'inspect' | 'export' = 'export',
): RecordingJobsQuery {
  try {
    return queryOf(request, timing, now)
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.stage === stage) throw error
    throw new LegalHoldError(error.message, { code: error.code, stage })
  }
}

function queryOf(request: ExportRequest, timing: ExportTiming, now: number): RecordingJobsQuery {
  requireNoProfile(request)
  const { integrationId } = request
  if (!integrationId) throw invalid('A recording job needs the integrationId that names bucket and role.')
  const includeScreenRecordings = coversMedia(request, 'screen')
  return {
    action: 'EXPORT',
    integrationId,
    ...actionOf(timing, now),
    // The platform refuses a date for screen recordings where they are left out (genesys-facts: recording jobs).
    ...(includeScreenRecordings ? screenActionOf(timing) : {}),
    includeRecordingsWithSensitiveData: request.includeSensitive ?? true,
    includeScreenRecordings,
    ...(isAged(request, now)
      ? { agedConversationInterval: agedInterval(request) }
      : { conversationQuery: conversationQuery(request) }),
  }
}

/** @throws `INVALID_REQUEST` for a `profileId`: the inspection would look at it, and the job would not use it. */
export function requireNoProfile({ profileId }: ExportRequest): void {
  if (profileId === undefined) return
  throw invalid(
    `profileId ${JSON.stringify(profileId)} names an export profile, which only bulk exports have (BulkExportsPlatform). A recording job has none: give the integrationId of the AWS S3 recording bulk actions integration, and no profileId.`,
  )
}

function actionOf({ actionDate, actionAgeDays }: ExportTiming, now: number) {
  return actionAgeDays === undefined
    ? { actionDate: actionDate ?? new Date(now).toISOString() }
    : { actionAge: actionAgeDays }
}

function screenActionOf({ screenRecordingActionDate, screenRecordingActionAgeDays }: ExportTiming) {
  return {
    ...(screenRecordingActionDate === undefined ? {} : { screenRecordingActionDate }),
    ...(screenRecordingActionAgeDays === undefined ? {} : { screenRecordingActionAge: screenRecordingActionAgeDays }),
  }
}

/** @throws `INVALID_REQUEST` for an interval that is aged in part: the query would miss that part without a word. */
export function isAged({ interval }: ExportRequest, now: number): boolean {
  const limit = queryableSince(now)
  if (Date.parse(interval.end) <= limit) return true
  if (Date.parse(interval.start) >= limit) return false
  throw invalid(
    `Conversations older than 5 years need a job of their own: split the interval at ${new Date(limit).toISOString()}.`,
  )
}

function agedInterval(request: ExportRequest): string {
  const { interval } = request
  const text = intervalText(interval)
  if (Date.parse(interval.end) - Date.parse(interval.start) > agedLimitMs) {
    throw invalid(
      'Conversations older than 5 years can be exported for at most 6 months in one job. Split the interval into several requests.',
    )
  }
  const { messageTypes, conversationIds, divisionIds } = request
  const conditions = [messageTypes, conversationIds, divisionIds].some((list) => list?.length)
  if (mediaTypesOf(request) !== undefined || conditions) {
    throw invalid(
      'A job for conversations older than 5 years takes an interval and no other condition. Leave mediaTypes, messageTypes, conversationIds and divisionIds out.',
    )
  }
  return text
}

function invalid(message: string): LegalHoldError {
  return new LegalHoldError(message, { code: 'INVALID_REQUEST', stage: 'export' })
}

/**
 * Whether a job that exists was made by this query: all that decides which recordings it exports must agree. What
 * the server adds is ignored, and so is the action date unless the caller fixed it, since it is the moment of creation.
 */
export function isSameQuery(ours: RecordingJobsQuery, theirs: unknown, timing: ExportTiming): boolean {
  if (!isAnswer(theirs)) return false
  return essence(ours as unknown as Answer, timing) === essence(theirs, timing)
}

/**
 * What the answer to a create is, where it is not the job of this query: one that describes no job, or that of another
 * integration or interval. What it leaves out says nothing.
 */
export function otherThanJobOf({ integrationId, conversationQuery, agedConversationInterval }: RecordingJobsQuery) {
  return (answer: unknown): string | undefined => {
    const echo = answerOf(answer, 'recordingJobsQuery')
    if (echo === undefined) return textOf(answer, 'state') === undefined ? 'not that of a job' : undefined
    const [theirs, ours] = [textOf(echo, 'integrationId'), integrationId]
    if (theirs !== undefined && theirs.toLowerCase() !== ours?.toLowerCase()) {
      return `that of a job of the integration ${theirs}`
    }
    const asked = conversationQuery?.interval ?? agedConversationInterval
    const shown = textOf(answerOf(echo, 'conversationQuery'), 'interval') ?? textOf(echo, 'agedConversationInterval')
    const isOther = shown !== undefined && canonical(interval(shown)) !== canonical(interval(asked))
    return isOther ? `that of a job for ${shown}` : undefined
  }
}

const hasOwnTiming = (timing: ExportTiming) => Object.values(timing).some((value) => value !== undefined)

function essence(query: Answer, timing: ExportTiming): string {
  const conversation = isAnswer(query.conversationQuery) ? query.conversationQuery : undefined
  return canonical({
    action: query.action,
    integrationId: query.integrationId,
    // The documented defaults, for a server that leaves them out.
    sensitive: query.includeRecordingsWithSensitiveData ?? false,
    screen: query.includeScreenRecordings ?? true,
    policyBased: query.includePolicyBasedRecordings ?? true,
    snippets: query.includeSnippetRecordings ?? true,
    aged: interval(query.agedConversationInterval),
    ...(hasOwnTiming(timing)
      ? {
          date: timing.actionDate === undefined ? undefined : instant(query.actionDate),
          age: query.actionAge,
          screenDate: instant(query.screenRecordingActionDate),
          screenAge: query.screenRecordingActionAge,
        }
      : {}),
    interval: interval(conversation?.interval),
    limit: conversation?.limit,
    filters: filterFields.map((field) => filters(conversation?.[field])),
  })
}

const filterFields = [
  'conversationFilters',
  'segmentFilters',
  'evaluationFilters',
  'surveyFilters',
  'resolutionFilters',
] as const

/** Filters in an order of their own; the defaults of a predicate filled in. */
function filters(value: unknown): unknown {
  if (!Array.isArray(value)) return []
  return value
    .filter(isAnswer)
    .map((filter) => ({
      type: filter.type,
      clauses: filters(filter.clauses),
      predicates: (Array.isArray(filter.predicates) ? filter.predicates : [])
        .filter(isAnswer)
        .map(({ dimension, metric, property, operator, value: wanted, range }) =>
          canonical({ dimension, metric, property, operator: operator ?? 'matches', value: wanted, range }),
        )
        .sort(),
    }))
    .map((filter) => canonical(filter))
    .sort()
}

function interval(value: unknown): unknown {
  return typeof value === 'string' ? value.split('/').map(instant) : undefined
}

function instant(value: unknown): unknown {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? (value ?? undefined) : time
}

/** In canonical JSON, where absent and null are the same. */
export function canonical(value: unknown): string {
  return canonicalJson(withoutNulls(value))
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item))
  if (!isAnswer(value)) return value
  const entries = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutNulls(member)]))
}

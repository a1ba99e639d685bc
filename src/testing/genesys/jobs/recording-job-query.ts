import { badRequest, isObject, type JsonObject } from '../http.js'
import { compileConversationQuery } from './conversation-query.js'
import { checkFields } from './fields.js'
import type { DueDate, ExportSchedule } from './jobs.js'
import { millisecondsOfInstant, parseInterval, type RecordingQuery, type Span } from './query.js'

/** What a job's body selects (genesys-facts, "Recording jobs: rules"). */
export function readRecordingQuery(body: JsonObject, nowMs: number, homeDivisionId: string): RecordingQuery {
  checkFields(body, 'RecordingJobsQuery', {
    action: 'text',
    actionDate: 'text',
    actionAge: 'number',
    screenRecordingActionDate: 'text',
    screenRecordingActionAge: 'number',
    integrationId: 'text',
    includeRecordingsWithSensitiveData: 'flag',
    includeScreenRecordings: 'flag',
    includePolicyBasedRecordings: 'flag',
    includeSnippetRecordings: 'flag',
    clearExport: 'flag',
    conversationQuery: 'object',
    agedConversationInterval: 'text',
  })
  const conversationQuery = body.conversationQuery ?? undefined
  const agedConversationInterval = body.agedConversationInterval ?? undefined
  if ((conversationQuery === undefined) === (agedConversationInterval === undefined)) {
    throw badRequest('Either conversationQuery or agedConversationInterval must be given, not both.')
  }
  const flags = {
    includeSensitive: readFlag(body, 'includeRecordingsWithSensitiveData', false),
    includeScreen: readFlag(body, 'includeScreenRecordings', true),
    includePolicyBased: readFlag(body, 'includePolicyBasedRecordings', true),
    includeSnippets: readFlag(body, 'includeSnippetRecordings', true),
  }
  if (conversationQuery === undefined) {
    return { interval: readAgedInterval(agedConversationInterval, nowMs), matches: () => true, ...flags }
  }
  if (!isObject(conversationQuery)) throw badRequest('conversationQuery must be an object.')
  const query = compileConversationQuery(conversationQuery, { field: 'conversationQuery.interval', homeDivisionId })
  return { interval: query.interval, matches: (conversation) => query.matches(conversation), ...flags }
}

/** For conversations older than five years, at most six months at a time. */
function readAgedInterval(value: unknown, nowMs: number): Span {
  const interval = parseInterval(value, 'agedConversationInterval')
  const fiveYearsAgo = new Date(nowMs)
  fiveYearsAgo.setUTCFullYear(fiveYearsAgo.getUTCFullYear() - 5)
  const sixMonthsOn = new Date(interval.startMs)
  sixMonthsOn.setUTCMonth(sixMonthsOn.getUTCMonth() + 6)
  if (interval.endMs > fiveYearsAgo.getTime()) {
    throw badRequest('agedConversationInterval is for conversations older than five years.')
  }
  if (interval.endMs > sixMonthsOn.getTime()) throw badRequest('agedConversationInterval may span six months at most.')
  return interval
}

function readFlag(body: JsonObject, field: string, fallback: boolean): boolean {
  const value = body[field] ?? fallback
  if (typeof value !== 'boolean') throw badRequest(`${field} must be true or false.`)
  return value
}

/** When its recordings are due: a date or an age, and of their own for screen recordings. */
export function readSchedule(body: JsonObject): ExportSchedule {
  const recordings = readDueDate(body, 'actionDate', 'actionAge')
  if (recordings === undefined) throw badRequest('Either actionDate or actionAge must be given.')
  const screenRecordings = readDueDate(body, 'screenRecordingActionDate', 'screenRecordingActionAge')
  // Its default is true, but the service wants it said (genesys-facts, "Recording jobs: rules").
  if (screenRecordings !== undefined && body.includeScreenRecordings !== true) {
    throw badRequest('screenRecordingActionDate and screenRecordingActionAge require includeScreenRecordings: true.')
  }
  return { recordings, screenRecordings: screenRecordings ?? recordings }
}

function readDueDate(body: JsonObject, dateField: string, ageField: string): DueDate | undefined {
  const date = body[dateField] ?? undefined
  const age = body[ageField] ?? undefined
  if (date !== undefined && age !== undefined) throw badRequest(`${dateField} and ${ageField} exclude each other.`)
  if (date !== undefined) {
    const dateMs = typeof date === 'string' ? millisecondsOfInstant(date) : Number.NaN
    if (Number.isNaN(dateMs)) throw badRequest(`${dateField} must be an ISO 8601 date.`)
    return { dateMs }
  }
  if (age === undefined) return undefined
  if (typeof age !== 'number' || !Number.isInteger(age) || age < 0) {
    throw badRequest(`${ageField} must be a number of days.`)
  }
  return { ageDays: age }
}

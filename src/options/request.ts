import { minuteMs } from '../internal/durations.js'
import { type Check, OptionCheck } from '../internal/option-check.js'
import type { ExportRequest } from '../model/request.js'
import { checkNames, isInstant, isOptionalFlag, isRecord, isText, valueText } from './checks.js'
import { mediaTypes, requestNames } from './exporter-options.js'

/**
 * Checks a request and returns it with its interval in UTC.
 *
 * @throws LegalHoldError `INVALID_REQUEST`, with `details.mistakes`
 */
export function checkRequest(request: ExportRequest, now: number): ExportRequest {
  const mistakes = new OptionCheck('The request', 'INVALID_REQUEST')
  const { check } = mistakes
  check(request === undefined || isRecord(request), 'request', `must be an object, not ${valueText(request)}`)
  const given: Partial<ExportRequest> = isRecord(request) ? request : {}
  checkNames(given, Object.keys(requestNames), '', check)
  check(isOptionalFlag(given.includeSensitive), 'includeSensitive', 'must be true or false')
  check(given.format === undefined || isText(given.format), 'format', 'must be a text')
  check(
    isText(given.profileId) || isText(given.integrationId),
    'profileId',
    'or integrationId must name what exports the recordings',
  )
  const { start, end } = isRecord(given.interval) ? given.interval : {}
  checkInterval(given.interval, check)
  if (isInstant(start) && isInstant(end)) {
    check(Date.parse(start) < Date.parse(end), 'interval', `is reversed or empty: ${start} is not before ${end}`)
    check(Date.parse(end) <= now + futureToleranceMs, 'interval.end', `${end} lies in the future`)
  }
  if (given.mediaTypes !== undefined && given.mediaTypes !== 'digital') {
    const list: readonly unknown[] = Array.isArray(given.mediaTypes) ? given.mediaTypes : []
    check(list.length > 0, 'mediaTypes', `must be 'digital' or a list of media, not ${valueText(given.mediaTypes)}`)
    for (const type of list) {
      check(mediaTypes.has(type), 'mediaTypes', `${JSON.stringify(type)} is not one of ${[...mediaTypes].join(', ')}`)
    }
  }
  for (const [path, list] of [
    ['messageTypes', given.messageTypes],
    ['conversationIds', given.conversationIds],
    ['divisionIds', given.divisionIds],
  ] as const) {
    if (list === undefined) continue
    const isList = Array.isArray(list) && list.length > 0 && list.every(isText)
    check(isList, path, `must be a list of texts, not empty, and not ${valueText(list)}`)
  }
  mistakes.throwIfAny()
  return { ...request, interval: { start: inUtc(request.interval.start), end: inUtc(request.interval.end) } }
}

/** One part of it that is not an instant is named by itself. */
function checkInterval(interval: unknown, check: Check): void {
  if (interval !== undefined && !isRecord(interval)) {
    check(false, 'interval', `must be an object { start, end }, not ${valueText(interval)}${splitOf(interval)}`)
    return
  }
  const { start, end } = interval ?? {}
  for (const [path, value] of Object.entries({ 'interval.start': start, 'interval.end': end })) {
    const shown = value instanceof Date ? 'a Date: give its toISOString()' : JSON.stringify(value)
    check(isInstant(value), path, `must be ISO 8601 with a time zone, not ${shown}`)
  }
}

/** ISO 8601 and the API of Genesys Cloud write an interval as START/END. */
function splitOf(interval: unknown): string {
  const [start, end, ...more] = typeof interval === 'string' ? interval.split('/') : []
  if (!isInstant(start) || !isInstant(end) || more.length > 0) return ''
  return `: give { start: '${start}', end: '${end}' }`
}

function inUtc(instant: string): string {
  return new Date(instant).toISOString()
}

// A minute, so that a client whose clock runs a little ahead can say "until now".
const futureToleranceMs = minuteMs

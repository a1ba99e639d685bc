import { minuteMs } from '../internal/durations.js'
import { OptionCheck } from '../internal/option-check.js'
import type { ExportRequest } from '../model/request.js'
import { checkNames, isInstant, isOptionalFlag, isText } from './checks.js'
import { mediaTypes, requestNames } from './exporter-options.js'

/**
 * Checks a request and returns it with its interval in UTC.
 *
 * @throws LegalHoldError `INVALID_REQUEST`, with `details.mistakes`
 */
export function checkRequest(request: ExportRequest, now: number): ExportRequest {
  const mistakes = new OptionCheck('The request', 'INVALID_REQUEST')
  const { check } = mistakes
  const given: Partial<ExportRequest> = request ?? {}
  checkNames(given, Object.keys(requestNames), '', check)
  check(isOptionalFlag(given.includeSensitive), 'includeSensitive', 'must be true or false')
  check(given.format === undefined || isText(given.format), 'format', 'must be a text')
  check(
    isText(given.profileId) || isText(given.integrationId),
    'profileId',
    'or integrationId has to name what exports the recordings',
  )
  const { start, end } = given.interval ?? {}
  for (const [path, value] of [
    ['interval.start', start],
    ['interval.end', end],
  ] as const) {
    const shown = (value as unknown) instanceof Date ? 'a Date: give its toISOString()' : JSON.stringify(value)
    check(isInstant(value), path, `must be ISO 8601 with a time zone, not ${shown}`)
  }
  if (isInstant(start) && isInstant(end)) {
    check(Date.parse(start) < Date.parse(end), 'interval', `is reversed or empty: ${start} is not before ${end}`)
    check(Date.parse(end) <= now + futureToleranceMs, 'interval.end', `${end} lies in the future`)
  }
  if (given.mediaTypes !== undefined && given.mediaTypes !== 'digital') {
    const list: readonly unknown[] = Array.isArray(given.mediaTypes) ? given.mediaTypes : []
    check(list.length > 0, 'mediaTypes', "must be 'digital' or a list of media, not empty")
    for (const type of list) {
      check(mediaTypes.has(type), 'mediaTypes', `${JSON.stringify(type)} is none of ${[...mediaTypes].join(', ')}`)
    }
  }
  for (const [path, list] of [
    ['messageTypes', given.messageTypes],
    ['conversationIds', given.conversationIds],
    ['divisionIds', given.divisionIds],
  ] as const) {
    if (list === undefined) continue
    check(Array.isArray(list) && list.length > 0 && list.every(isText), path, 'must be a list of texts, not empty')
  }
  mistakes.throwIfAny()
  return { ...request, interval: { start: inUtc(request.interval.start), end: inUtc(request.interval.end) } }
}

function inUtc(instant: string): string {
  return new Date(instant).toISOString()
}

// A minute, so that a client whose clock runs a little ahead can say "until now".
const futureToleranceMs = minuteMs

import { counted, verb } from '../../internal/text/counted.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import { answerOf, textOf } from '../client/answer.js'
import type { PlatformFailure } from '../client/failure.js'

/** Jobs of an organisation that may be pending or processing (genesys-facts: recording jobs). */
export const jobSlots = 2

/**
 * Whether a refusal means that both job slots are taken. It comes as 429, 400 or 409 with wording that nobody
 * documents (genesys-facts), and must not be taken for the rate limit, which is 429 too.
 */
export function isSlotsBusy(failure: PlatformFailure): boolean {
  const { status, body } = failure
  if ((status !== 429 && status !== 400 && status !== 409) || body === undefined) return false
  const limit = answerOf(body, 'limit')
  const text = [
    textOf(body, 'code'),
    textOf(body, 'message'),
    textOf(body, 'messageWithParams'),
    textOf(limit, 'key'),
    textOf(limit, 'namespace'),
  ]
    .filter((part) => part !== undefined)
    .join(' ')
    .replace(/[._-]+/g, ' ')
  // The code alone says nothing: `too.many.requests` goes with either.
  if (/rate limit|token rate/i.test(text)) return false
  return busyWords.some((words) => words.test(text))
}

// Narrow on purpose: a refusal for another reason must not be waited out ("the interval exceeds the limit for a job").
const busyWords = [
  /\b(concurrent|simultaneous|parallel|active|running|pending|processing|in progress|outstanding) (\w+ ){0,3}(jobs?|exports?)\b/i,
  /\b(jobs|exports) (\w+ ){0,4}(in progress|running|pending|processing|active|busy|concurrently|simultaneously)\b/i,
  /\b(job|export) (is )?already (in progress|running|pending|processing|active)\b/i,
  /\b(too many|max|maximum|maximum number of|only \w+) (\w+ ){0,3}(jobs|exports)\b/i,
  /\b(jobs?|exports?) (\w+ ){0,2}(limit|slots?|quota)\b/i,
  /\bmax\w{0,8} (\w+ )?(jobs?|exports?)\b/i,
]

/** The error for busy slots, made of the refusal: retryable, and certainly nothing was created. */
export function slotsBusy(error: LegalHoldError): LegalHoldError {
  return new LegalHoldError(
    `Both job slots of the organisation are taken (${jobSlots} jobs may be pending or processing), so this one must wait until one of them ends. Cancel one to go first. ${error.message}`,
    {
      code: 'JOB_SLOTS_BUSY',
      stage: 'export',
      retryable: true,
      outcome: 'not-applied',
      status: error.status,
      requestId: error.requestId,
      retryAfterMs: error.retryAfterMs,
      details: error.details,
    },
  )
}

/** The finding for slots that are busy before anything is created. */
export function slotFindings(active: number, subject: string): Finding[] {
  if (active < jobSlots) return []
  return [
    {
      code: 'job-slots-busy',
      severity: 'warning',
      subject,
      message: `${counted(active, 'job')} of the organisation ${verb(active, 'is', 'are')} pending or processing, and ${jobSlots} is the most it may have; a new one must wait.`,
      remedy: 'Nothing: the job is created when a slot is free. Cancel a job to go first.',
    },
  ]
}

import { dayMs } from '../../internal/durations.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { dateOf, textOf, unusableAnswer } from '../client/answer.js'
import type { GenesysClient, GenesysRequest } from '../client/client.js'
import { cursorPages, otherThanPage } from '../client/pages.js'

const stage = 'reconcile'
const operation = 'query the retention of recordings'
/** The most the platform gives in a page (genesys-facts: expected recordings). */
const pageSize = 500

/** A recording as the retention query knows it: neither its medium nor its state. */
export interface RetainedRecording {
  readonly recordingId: string
  readonly conversationId: string
  /** Milliseconds. */
  readonly createdAt: number | undefined
  /** ISO 8601. */
  readonly exportedAt: string | undefined
  /** ISO 8601. */
  readonly deleteAt: string | undefined
  /** Milliseconds; when it was or will be archived. */
  readonly archivedAt: number | undefined
}

/** The scan would have cost more than what it saves. */
export class ScanTooLong extends Error {
  override readonly name = 'ScanTooLong'
}

/** How far a scan may go. */
export interface ScanLimits {
  /** With more pages than this it is given up. */
  readonly maxPages: number
  /** Told before each request. */
  readonly onCall: () => void
}

/**
 * Every recording of the organisation that is older than a number of days, 500 per call. The query cannot be
 * narrowed to an interval.
 *
 * @param olderThan milliseconds: recordings that were made before this are asked for
 * @throws {@link ScanTooLong}
 */
export async function* retainedRecordings(
  client: GenesysClient,
  olderThan: number,
  { maxPages, onCall }: ScanLimits,
  options: CallOptions & Pick<GenesysRequest, 'retry'>,
): AsyncGenerator<RetainedRecording, void, void> {
  const days = thresholdDays(client.clock.now(), olderThan)
  let pages = 0
  const entries = cursorPages({ subject: 'the recordings of the organisation', stage }, async (cursor) => {
    if (pages >= maxPages) throw new ScanTooLong(`more than ${maxPages} pages`)
    pages += 1
    onCall()
    const { body } = await client.request(
      {
        operation,
        stage,
        retry: options.retry,
        foreign: otherThanPage(),
        send: ({ recording }) =>
          recording.getRecordingsRetentionQuery(days, { pageSize, ...(cursor === undefined ? {} : { cursor }) }),
      },
      options,
    )
    return body
  })
  for await (const entry of entries) {
    const recordingId = textOf(entry, 'recordingId', 'id')
    const conversationId = textOf(entry, 'conversationId')
    // One that cannot be told would be missing from the list; another source may know it.
    if (recordingId === undefined || conversationId === undefined) {
      throw unusableAnswer(operation, 'an entry does not name its recording and conversation', stage)
    }
    const created = dateOf(entry, 'creationTime', 'createdDate')
    const archived = dateOf(entry, 'archiveDate')
    yield {
      recordingId,
      conversationId,
      createdAt: created === undefined ? undefined : Date.parse(created),
      exportedAt: dateOf(entry, 'exportedDate'),
      deleteAt: dateOf(entry, 'deleteDate'),
      archivedAt: archived === undefined ? undefined : Date.parse(archived),
    }
  }
}

/** "Retained for more days than": a day less than what is asked for, since how days are counted is not documented. */
function thresholdDays(now: number, olderThan: number): number {
  return Math.max(0, Math.floor((now - olderThan) / dayMs) - 1)
}

/** Whether the platform does not offer the query, or not to this client, so that another source must do. */
export function isRefused(error: unknown): boolean {
  if (error instanceof ScanTooLong) return true
  return LegalHoldError.isInstance(error) && refusals.has(error.code)
}

const refusals: ReadonlySet<string> = new Set([
  'PLATFORM_FORBIDDEN',
  'PLATFORM_NOT_FOUND',
  'PLATFORM_REJECTED',
  'PLATFORM_CONFLICT',
  'PLATFORM_RESPONSE_INVALID',
  'PLATFORM_UNAVAILABLE',
  'TIMEOUT',
])

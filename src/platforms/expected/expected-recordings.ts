import { dayMs, hourMs } from '../../internal/durations.js'
import type { OptionCheck } from '../../internal/option-check.js'
import { mapWindow } from '../../internal/streams/streams.js'
import { SeenSet } from '../../internal/tables/seen.js'
import { counted, verb } from '../../internal/text/counted.js'
import type { ExpectedListing, ExpectedRecording } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { ExpectedRecordingsOptions } from '../../ports/platform.js'
import type { GenesysClient } from '../client/client.js'
import { conversationQuery } from '../request/conversation-query.js'
import { findConversations } from './analytics-conversations.js'
import { ConversationTable } from './conversation-table.js'
import { queueNames } from './queue-names.js'
import { expectedFrom, readMetadata } from './recording-metadata.js'
import { isLater, type RecordingTimes } from './recording-times.js'
import { isRefused, retainedRecordings, ScanTooLong } from './retention-query.js'
import { UndatedRecordings } from './undated-recordings.js'

/** How much it may cost to know the expected recordings. */
export interface ExpectedRecordingsLimits {
  /**
   * Calls of `recordingmetadata`, one a conversation, at 300 a minute: those of mixed media, and those that the
   * retention query says nothing of. What lands in a conversation beyond it counts as expected, and the coverage is
   * proven only if the job's totals agree.
   *
   * @defaultValue 3000 (10 minutes)
   */
  readonly maxMetadataCalls?: number | undefined
}

/** Default of {@link ExpectedRecordingsLimits.maxMetadataCalls}. */
export const defaultMaxMetadataCalls = 3_000

/** The limit that the options name. */
export function checkLimits(options: ExpectedRecordingsLimits, mistakes: OptionCheck): number {
  const { maxMetadataCalls = defaultMaxMetadataCalls } = options
  if (!Number.isInteger(maxMetadataCalls) || maxMetadataCalls < 0) {
    mistakes.add('maxMetadataCalls', `is ${maxMetadataCalls}; it must be zero or a whole number`)
  }
  return maxMetadataCalls
}

/** Conversations whose recordings are asked for side by side. */
const concurrency = 8
/** A minute's worth of calls (genesys-facts: limits): no other source is sure to be cheaper, and none tells more. */
const fewConversations = 300
/** The scan is given up when it has cost this share of what asking for each conversation would cost. */
const scanShare = 0.25

/** What a listing depends on beside the request. */
export interface ListingSettings {
  readonly maxMetadataCalls: number
  /** Whether the job delivers screen recordings. */
  readonly screens: boolean
}

/**
 * Every recording that a request covers: the conversations of the interval by analytics, which queries the same index
 * as the recording job, and all recordings of each. What the platform leaves out of the job although the request
 * covers it is marked with `skippedReason`.
 *
 * For a few conversations each is asked for its recordings. For many the retention query names them, 500 a call, and
 * only those conversations are asked for that it leaves undecided, up to `maxMetadataCalls`.
 *
 * @throws `PLATFORM_RESPONSE_INVALID` for an answer that cannot be read: it must not pass for "no recordings"
 */
export async function* expectedRecordings(
  client: GenesysClient,
  request: ExportRequest,
  options: ExpectedRecordingsOptions = {},
  settings: ListingSettings = { maxMetadataCalls: defaultMaxMetadataCalls, screens: true },
): AsyncGenerator<ExpectedRecording, void, void> {
  const listing = new Listing(client, request, options, settings)
  const seen = new SeenSet()
  for await (const recording of listing.recordings()) {
    // Under another conversation it is a contradiction, and not a repetition.
    if (seen.add(`${recording.recordingId}\n${recording.conversationId}`)) yield recording
  }
  options.onListing?.(listing.summary())
}

class Listing {
  readonly #client: GenesysClient
  readonly #request: ExportRequest
  readonly #options: ExpectedRecordingsOptions
  readonly #table: ConversationTable
  readonly #intervalEnd: number
  readonly #screens: boolean
  readonly #calls = { analytics: 0, 'retention-query': 0, 'recording-metadata': 0, queues: 0 }
  #metadataCallsLeft: number
  #source = 'recording-metadata'
  #undecided = 0
  #unknown = 0
  /** Conversations that were recorded, as analytics says, and that no recording is listed of. */
  readonly #vanished = { count: 0, first: '' }
  readonly #reasons: string[] = []
  readonly #undated = new UndatedRecordings()
  /** Conversations that ended before this have all their recordings in the retention query, in milliseconds. */
  #scannedUntil = Number.NEGATIVE_INFINITY

  constructor(
    client: GenesysClient,
    request: ExportRequest,
    options: ExpectedRecordingsOptions,
    { maxMetadataCalls, screens }: ListingSettings,
  ) {
    this.#client = client
    this.#request = request
    this.#options = options
    this.#intervalEnd = Date.parse(request.interval.end)
    this.#table = new ConversationTable(this.#intervalEnd, options.includeParticipants)
    this.#screens = screens
    this.#metadataCallsLeft = maxMetadataCalls
  }

  async *recordings(): AsyncGenerator<ExpectedRecording, void, void> {
    const conversations = findConversations(this.#client, conversationQuery(this.#request), this.#options, () => {
      this.#calls.analytics += 1
    })
    for await (const conversation of conversations) this.#table.add(conversation)
    await this.#nameQueues()
    if (this.#table.size > Math.min(fewConversations, this.#metadataCallsLeft)) yield* this.#scan()
    yield* this.#askEach()
    yield* this.#decideUndated()
    const beyond = this.#undecided - this.#unknown
    if (beyond > 0) this.#reasons.push(`maxMetadataCalls was reached with ${counted(beyond, 'conversation')} undecided`)
    if (this.#unknown > 0) {
      this.#reasons.push(
        `the platform did not know ${counted(this.#unknown, 'conversation')} that analytics lists (404)`,
      )
    }
  }

  async #nameQueues(): Promise<void> {
    const onCall = () => {
      this.#calls.queues += 1
    }
    this.#table.nameQueues(await queueNames(this.#client, this.#table.queueIds, onCall, this.#options))
  }

  summary(): ExpectedListing {
    const doubt = this.#doubt()
    return {
      source: this.#source,
      calls: this.#calls,
      conversations: this.#table.size,
      undecided: this.#undecided,
      ongoing: this.#table.ongoing,
      withoutEnd: this.#table.withoutEnd,
      ...(doubt === undefined ? {} : { doubt }),
      ...(this.#reasons.length === 0 ? {} : { reason: this.#reasons.join('; ') }),
    }
  }

  /** Why the list may lack recordings although nothing was left undecided. */
  #doubt(): string | undefined {
    const { availableUntil } = this.#table
    const { end } = this.#request.interval
    if (availableUntil !== undefined && Date.parse(availableUntil) < Date.parse(end)) {
      return `analytics listed the conversations only until ${availableUntil}`
    }
    const { count, first } = this.#vanished
    if (count === 0) return undefined
    return (
      `analytics says that ${counted(count, 'conversation')} ${verb(count, 'was', 'were')} recorded for which the platform lists nothing ` +
      `(deleted, not made yet, or not shown to this client), such as ${first}`
    )
  }

  /** The recordings of decided conversations, as the retention query names them. */
  async *#scan(): AsyncGenerator<ExpectedRecording, void, void> {
    const table = this.#table
    const now = this.#client.clock.now()
    const maxPages = Math.ceil(table.size * scanShare)
    let youngest = Number.NEGATIVE_INFINITY
    try {
      const onCall = () => {
        this.#calls['retention-query'] += 1
      }
      const limits = { maxPages, onCall }
      const retained = retainedRecordings(this.#client, table.latestEnd ?? now, limits, this.#options)
      for await (const { conversationId, createdAt, archivedAt, ...recording } of retained) {
        youngest = Math.max(youngest, createdAt ?? Number.NEGATIVE_INFINITY)
        const row = table.find(conversationId)
        if (row < 0) continue
        table.markFound(row)
        if (createdAt !== undefined && table.goesOn(row)) this.#undated.date(recording.recordingId, createdAt)
        if (!table.isClosed(row)) continue
        const found = {
          ...recording,
          conversationId,
          conversationStart: table.startAt(row),
          mediaType: table.mediumAt(row),
          isArchived: archivedAt !== undefined && archivedAt <= now,
          conversation: table.detailsAt(row),
        }
        yield marked(found, this.#isLater(row, { createdAt }))
      }
      this.#source = 'retention-query'
      // Whether it holds recordings of the last day is not documented: as far as some are seen, it does.
      this.#scannedUntil = Math.max(youngest, now - dayMs) - hourMs
    } catch (error) {
      if (!isRefused(error)) throw error
      const why = error instanceof ScanTooLong ? 'would have read the whole organisation' : 'was refused'
      this.#reasons.push(`the retention query ${why}: ${(error as Error).message}`)
    }
  }

  /** The recordings of undecided conversations. Those that are known to have some come first. */
  async *#askEach(): AsyncGenerator<ExpectedRecording, void, void> {
    const batches = mapWindow(this.#openRows(), concurrency, (row) => this.#ask(row))
    for await (const batch of batches) yield* batch
  }

  *#openRows(): Generator<number, void, void> {
    const table = this.#table
    for (const found of [true, false]) {
      for (let row = 0; row < table.size; row += 1) {
        if (table.isFound(row) === found && this.#isOpen(row)) yield row
      }
    }
  }

  #isOpen(row: number): boolean {
    const table = this.#table
    if (this.#source !== 'retention-query') return true
    const scanned = (table.endAt(row) ?? Number.POSITIVE_INFINITY) <= this.#scannedUntil
    if (!scanned) return true
    return table.isFound(row) ? !table.isClosed(row) : !table.isUnrecorded(row)
  }

  async #ask(row: number): Promise<ExpectedRecording[]> {
    const table = this.#table
    const conversationId = table.idAt(row)
    const conversationStart = table.startAt(row)
    const leaveOpen = (): ExpectedRecording[] => {
      this.#undecided += 1
      this.#options.onUndecided?.({ conversationId, conversationStart })
      return []
    }
    if (this.#metadataCallsLeft <= 0) return leaveOpen()
    this.#metadataCallsLeft -= 1
    this.#calls['recording-metadata'] += 1
    const list = await readMetadata(this.#client, conversationId, this.#options)
    if ((list === undefined || list.length === 0) && table.isRecorded(row)) {
      this.#vanished.first ||= conversationId
      this.#vanished.count += 1
    }
    if (list === undefined) {
      this.#unknown += 1
      return leaveOpen()
    }
    const facts = { conversationId, conversationStart, conversation: table.detailsAt(row) }
    return expectedFrom(list, facts, this.#request, this.#screens).flatMap(({ recording, times, sessionId }) => {
      const isOfLaterSession = sessionId !== undefined && table.laterSessions(row).has(sessionId)
      const isLaterThanInterval = this.#isLater(row, { ...times, isOfLaterSession })
      // Where somebody handled it when the interval ended, no time of creation would prove anything.
      if (isLaterThanInterval !== undefined || table.isCut(row)) return [marked(recording, isLaterThanInterval)]
      this.#undated.add({ recording, row, endedAt: times.endedAt })
      return []
    })
  }

  #isLater(row: number, times: RecordingTimes): boolean | undefined {
    const conversation = { goesOn: this.#table.goesOn(row), isCut: this.#table.isCut(row) }
    const isLaterThanInterval = isLater(times, conversation, this.#intervalEnd)
    if (isLaterThanInterval) this.#table.markWentOn(row)
    return isLaterThanInterval
  }

  /** What the metadata cannot tell the retention query may: when a recording was created. */
  async *#decideUndated(): AsyncGenerator<ExpectedRecording, void, void> {
    if (this.#source !== 'retention-query') {
      const refusal = await this.#undated.dateAll(this.#client, this.#options, () => {
        this.#calls['retention-query'] += 1
      })
      if (refusal !== undefined) this.#reasons.push(refusal)
    }
    let open = 0
    for (const { recording, row, endedAt, createdAt } of this.#undated.all()) {
      const isLaterThanInterval = this.#isLater(row, { endedAt, createdAt })
      if (isLaterThanInterval === undefined) open += 1
      yield marked(recording, isLaterThanInterval)
    }
    if (open > 0)
      this.#reasons.push(
        `of ${counted(open, 'recording')} it is not known whether ${verb(open, 'it is', 'they are')} later than the interval`,
      )
  }
}

/** One that is later was not left out of what the request covers: it is none of it. */
function marked(recording: ExpectedRecording, isLaterThanInterval: boolean | undefined): ExpectedRecording {
  if (isLaterThanInterval !== true) return recording
  const { skippedReason: _, ...rest } = recording
  return { ...rest, isLaterThanInterval }
}

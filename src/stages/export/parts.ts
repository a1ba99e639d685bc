import type { JobPart } from '../../journal/records.js'
import type { PlatformCoverage } from '../../model/platform.js'
import type { ExportRequest, Interval } from '../../model/request.js'
import type { Settings } from '../../options/exporter-options.js'

/** Whether the platform lists the recordings of this request, and the options ask for it. */
export function listsRecordings(
  { platform, reconciliation }: Pick<Settings, 'platform' | 'reconciliation'>,
  request: ExportRequest,
): boolean {
  return reconciliation.listsRecordings && (platform.listsRecordings?.(request) ?? true)
}

/** How a request is split. */
export interface SplitOptions {
  /** Longest interval of one job. */
  readonly maxJobIntervalMs: number
  /** Most conversations that one job names. @defaultValue any number */
  readonly maxConversationIds?: number | undefined
  /** Whether what the index does not cover yet is exported later, by a job of its own. */
  readonly waitForIndex: boolean
}

/**
 * Splits a request into parts that one job each can do. Pure. It splits:
 *
 * - at the end of the index, if the rest must be waited for
 * - into equal spans, if the interval is too long for one job
 * - by conversations, if the request names more than a query should carry
 *
 * The parts adjoin and do not overlap. A conversation with activity in two parts belongs to both: the platform
 * matches any activity inside an interval (genesys-facts, recording jobs), so none falls in between.
 */
export function partsOf(request: ExportRequest, coverage: PlatformCoverage, options: SplitOptions): JobPart[] {
  const start = Date.parse(request.interval.start)
  const end = Date.parse(request.interval.end)
  const indexed = coverage.availableUntil === undefined ? end : Date.parse(coverage.availableUntil)
  const cut = options.waitForIndex ? Math.min(end, Math.max(start, indexed)) : end
  const requests = splitByIds(request, options.maxConversationIds)
  const parts = (awaitIndex: boolean) => (interval: Interval) =>
    requests.map((one) => ({ request: { ...one, interval }, awaitIndex }))
  return [
    ...spans(start, cut, options.maxJobIntervalMs).flatMap(parts(false)),
    ...spans(cut, end, options.maxJobIntervalMs).flatMap(parts(true)),
  ]
}

/** A conversation is named by one of them, and each of them names some: a query without ids would mean all. */
function splitByIds(request: ExportRequest, most = Number.POSITIVE_INFINITY): readonly ExportRequest[] {
  const { conversationIds = [] } = request
  if (conversationIds.length <= most) return [request]
  const ids = [...new Set(conversationIds)]
  return Array.from({ length: Math.ceil(ids.length / most) }, (_, index) => ({
    ...request,
    conversationIds: ids.slice(index * most, (index + 1) * most),
  }))
}

function spans(start: number, end: number, longestMs: number): Interval[] {
  if (start >= end) return []
  const count = Math.max(1, Math.ceil((end - start) / longestMs))
  const at = (index: number) => new Date(Math.round(start + ((end - start) * index) / count)).toISOString()
  return Array.from({ length: count }, (_, index) => ({ start: at(index), end: at(index + 1) }))
}

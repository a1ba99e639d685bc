import type { ExportRequest } from '../../model/request.js'
import { intervalText, mediaTypesOf } from './scope.js'

/** One condition on a conversation or a segment. */
export interface QueryPredicate {
  readonly type: 'dimension'
  readonly dimension: string
  readonly operator: 'matches'
  readonly value: string
}

/** Conditions joined by AND or OR. */
export interface QueryFilter {
  readonly type: 'and' | 'or'
  readonly predicates: readonly QueryPredicate[]
}

/** A query over conversations: the same for recording jobs and for analytics. */
export interface ConversationQuery {
  readonly interval: string
  readonly order: 'asc'
  readonly orderBy: 'conversationStart'
  readonly conversationFilters?: readonly QueryFilter[]
  readonly segmentFilters?: readonly QueryFilter[]
}

/**
 * The conversations that a request covers. There is no media type `digital`. It is an OR over the segments' media
 * types, and a message type stands for the messages of that type (genesys-facts: recording jobs).
 *
 * With `screen` among the media types no media condition is set, since a screen recording belongs to a
 * conversation of any medium. One conversation too many is better than one too few.
 */
export function conversationQuery(request: ExportRequest): ConversationQuery {
  const segments = segmentPredicates(request)
  return {
    interval: intervalText(request.interval),
    order: 'asc',
    orderBy: 'conversationStart',
    ...conversationFilters(request),
    ...(segments === undefined ? {} : { segmentFilters: [anyOf(segments)] }),
  }
}

/** Both are dimensions of a conversation, and not of a segment; the filters of a list are joined by AND. */
function conversationFilters({ conversationIds = [], divisionIds = [] }: ExportRequest) {
  const filters = [
    ...(conversationIds.length === 0 ? [] : [anyOf(conversationIds.map((id) => matching('conversationId', id)))]),
    ...(divisionIds.length === 0 ? [] : [anyOf(divisionIds.map((id) => matching('divisionId', id)))]),
  ]
  return filters.length === 0 ? {} : { conversationFilters: filters }
}

function segmentPredicates(request: ExportRequest): QueryPredicate[] | undefined {
  const mediaTypes = mediaTypesOf(request)
  const messageTypes = request.messageTypes ?? []
  if (mediaTypes?.includes('screen')) return undefined
  if (mediaTypes === undefined && messageTypes.length === 0) return undefined
  const wanted = mediaTypes ?? ['call', 'chat', 'email', 'message']
  return wanted.flatMap((media) => {
    if (media === 'message' && messageTypes.length > 0) return messageTypes.map((type) => matching('messageType', type))
    return [matching('mediaType', media === 'call' ? 'voice' : media)]
  })
}

function anyOf(predicates: readonly QueryPredicate[]): QueryFilter {
  return { type: 'or', predicates }
}

function matching(dimension: string, value: string): QueryPredicate {
  return { type: 'dimension', dimension, operator: 'matches', value }
}

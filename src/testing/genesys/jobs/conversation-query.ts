import { badRequest, type JsonObject } from '../http.js'
import type { SimulatedConversation } from '../organization.js'
import { checkFields, wordOf } from './fields.js'
import { analyticsMediaType, parseInterval, type Span } from './query.js'
import {
  conversationDimensions,
  conversationMetrics,
  orderKeys,
  orders,
  propertyTypes,
  segmentDimensions,
  segmentMetrics,
} from './vocabulary.js'

/** A query over conversations, understood. */
export interface CompiledQuery {
  readonly interval: Span
  readonly order: 'asc' | 'desc' | 'unordered'
  matches(conversation: SimulatedConversation): boolean
}

/** Where a query stands, and what it is asked of. */
export interface QueryPlace {
  /** The field that holds its interval, for refusals. */
  readonly field: string
  /** The division of what is assigned to no other. */
  readonly homeDivisionId: string
}

/** Reads an `AsyncConversationQuery`, and refuses what its model and Genesys' query language do not have. */
export function compileConversationQuery(query: JsonObject, { field, homeDivisionId }: QueryPlace): CompiledQuery {
  checkFields(query, 'AsyncConversationQuery', {
    conversationFilters: 'objects',
    segmentFilters: 'objects',
    evaluationFilters: 'objects',
    surveyFilters: 'objects',
    resolutionFilters: 'objects',
    order: 'text',
    orderBy: 'text',
    interval: 'text',
    limit: 'number',
    startOfDayIntervalMatching: 'flag',
  })
  for (const unsupported of ['evaluationFilters', 'surveyFilters', 'resolutionFilters']) {
    // Rather refused than passed over: the simulator has neither evaluations nor surveys.
    if (listOf(query, unsupported).length > 0) throw badRequest(`${unsupported} are not simulated.`)
  }
  const interval = parseInterval(query.interval, field)
  wordOf(query, 'orderBy', orderKeys)
  const order = wordOf(query, 'order', orders) ?? 'asc'
  const filters = [
    ...listOf(query, 'conversationFilters').map((filter) =>
      compileFilter(filter, { ...conversationLevel, homeDivisionId }),
    ),
    ...listOf(query, 'segmentFilters').map((filter) => compileFilter(filter, { ...segmentLevel, homeDivisionId })),
  ]
  return {
    interval,
    order: order as CompiledQuery['order'],
    matches: (conversation) => filters.every((matches) => matches(conversation)),
  }
}

type Predicate = (conversation: SimulatedConversation) => boolean

interface Level {
  readonly name: 'Conversation' | 'Segment'
  readonly dimensions: ReadonlySet<string>
  readonly metrics: ReadonlySet<string>
  readonly homeDivisionId: string
}

const types: ReadonlySet<string> = new Set(['dimension', 'property', 'metric'])
const conversationLevel = {
  name: 'Conversation',
  dimensions: conversationDimensions,
  metrics: conversationMetrics,
} as const
const segmentLevel = { name: 'Segment', dimensions: segmentDimensions, metrics: segmentMetrics } as const

function listOf(object: JsonObject, field: string): readonly JsonObject[] {
  const value = object[field]
  return Array.isArray(value) ? (value as JsonObject[]) : []
}

const joints: ReadonlySet<string> = new Set(['and', 'or'])

/** A filter may hold predicates and clauses, a clause predicates only: two levels (the SDK's models). */
function compileFilter(filter: JsonObject, level: Level): Predicate {
  checkFields(filter, `${level.name}DetailQueryFilter`, { type: 'text', clauses: 'objects', predicates: 'objects' })
  return joined(filter, [
    ...listOf(filter, 'predicates').map((predicate) => compilePredicate(predicate, level)),
    ...listOf(filter, 'clauses').map((clause) => {
      checkFields(clause, `${level.name}DetailQueryClause`, { type: 'text', predicates: 'objects' })
      return joined(
        clause,
        listOf(clause, 'predicates').map((predicate) => compilePredicate(predicate, level)),
      )
    }),
  ])
}

function joined(filter: JsonObject, parts: readonly Predicate[]): Predicate {
  const type = wordOf(filter, 'type', joints)
  if (type === undefined) throw badRequest("A filter's type is required: and, or.")
  if (parts.length === 0) throw badRequest('A filter needs predicates or clauses.')
  return type === 'or'
    ? (conversation) => parts.some((matches) => matches(conversation))
    : (conversation) => parts.every((matches) => matches(conversation))
}

const operators: ReadonlySet<string> = new Set(['matches', 'exists', 'notExists'])

function compilePredicate(predicate: JsonObject, level: Level): Predicate {
  checkFields(predicate, `${level.name}DetailQueryPredicate`, {
    type: 'text',
    dimension: 'text',
    metric: 'text',
    operator: 'text',
    value: 'text',
    range: 'object',
    ...(level.name === 'Segment' ? { property: 'text', propertyType: 'text' } : {}),
  } as const)
  const type = wordOf(predicate, 'type', types)
  wordOf(predicate, 'propertyType', propertyTypes)
  const operator = wordOf(predicate, 'operator', operators) ?? 'matches'
  const kinds = ['dimension', 'metric', 'property'].filter((kind) => typeof predicate[kind] === 'string')
  const [kind] = kinds
  if (kinds.length !== 1 || (type !== undefined && type !== kind)) {
    throw badRequest('A predicate has one left hand side: the dimension, metric or property that its type names.')
  }
  const read = readerOf(predicate, level)
  if (operator === 'exists') return (conversation) => read(conversation).length > 0
  if (operator === 'notExists') return (conversation) => read(conversation).length === 0
  const { value } = predicate
  if (typeof value === 'string') return (conversation) => read(conversation).includes(value)
  if (predicate.range === undefined || predicate.range === null)
    throw badRequest('A predicate needs a value or a range.')
  // No simulated dimension is measured.
  return () => false
}

function readerOf(predicate: JsonObject, level: Level): (conversation: SimulatedConversation) => readonly string[] {
  const nothing = () => []
  if (typeof predicate.metric === 'string') {
    wordOf(predicate, 'metric', level.metrics)
    return nothing
  }
  const dimension = wordOf(predicate, 'dimension', level.dimensions)
  if (dimension === 'divisionId') return (conversation) => divisionsOf(conversation, level.homeDivisionId)
  return dimension === undefined ? nothing : (values[dimension] ?? nothing)
}

/** What the simulated conversations have of Genesys' dimensions; they have nothing of the others. */
const values: Readonly<Record<string, (conversation: SimulatedConversation) => readonly string[]>> = {
  conversationId: ({ id }) => [id],
  conversationStart: ({ startTime }) => [startTime],
  conversationEnd: ({ endTime, ongoing }) => (ongoing ? [] : [endTime]),
  externalTag: ({ externalTag }) => (externalTag === undefined ? [] : [externalTag]),
  mediaType: ({ media, recordings }) =>
    [media, ...recordings.map((one) => one.media)].map((one) => analyticsMediaType[one]),
  messageType: ({ messageType }) => (messageType === undefined ? [] : [messageType]),
  direction: ({ direction }) => [direction],
  originatingDirection: ({ direction }) => [direction],
  participantName: ({ customerName }) => (customerName === undefined ? [] : [customerName]),
  purpose: () => ['customer', 'agent'],
  queueId: ({ queueId }) => [queueId],
  recording: ({ recordings }) => [String(recordings.length > 0)],
  screenRecording: ({ recordings }) => [String(recordings.some(({ media }) => media === 'screen'))],
  segmentType: () => ['interact'],
  snippetRecording: ({ recordings }) => [String(recordings.some(({ origin }) => origin === 'snippet'))],
  userId: ({ userIds }) => userIds,
  provider: ({ provider }) => [provider],
}

/** Divisions that a conversation belongs to. */
export function divisionsOf({ divisionIds }: SimulatedConversation, homeDivisionId: string): readonly string[] {
  return divisionIds === undefined || divisionIds.length === 0 ? [homeDivisionId] : divisionIds
}

import { sleepOrAbort } from '../../internal/abort.js'
import { hourMs, minuteMs } from '../../internal/durations.js'
import { LegalHoldError } from '../../model/errors.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, dateOf, fieldOf, isAnswer, textOf, unusableAnswer } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { cursorPages, otherThanPage } from '../client/pages.js'
import { tellOfPoll } from '../client/poll.js'
import type { ConversationQuery } from '../request/conversation-query.js'

const stage = 'reconcile'
const firstPollMs = 500
const longestPollMs = 15_000
/** A details job is given up after this long. */
const deadlineMs = hourMs
const pageSize = 1_000
const operation = 'list the conversations of the interval'

/** A conversation as analytics knows it, with how far the index reached when it was listed. */
export interface FoundConversation {
  readonly conversationId: string
  readonly conversation: Answer
  /** ISO 8601. */
  readonly availableUntil: string | undefined
}

/**
 * The conversations that a query matches, by an asynchronous conversation details job: the same index that the
 * recording job queries, so that both see the same. `onCall` is told of each request.
 */
export async function* findConversations(
  client: GenesysClient,
  query: ConversationQuery,
  options: CallOptions = {},
  onCall: () => void = () => {},
): AsyncGenerator<FoundConversation, void, void> {
  onCall()
  const jobId = await startJob(client, query, options)
  await waitForJob(client, jobId, onCall, options)
  let availableUntil: string | undefined
  const conversations = cursorPages(
    { subject: 'the conversations of the interval', stage, elements: 'conversations' },
    async (cursor) => {
      onCall()
      const { body } = await client.request(
        {
          operation,
          stage,
          // An answer of no known shape must not pass for an interval without conversations.
          foreign: (answer) =>
            fieldOf(answer, 'conversations') === undefined && dateOf(answer, 'dataAvailabilityDate') !== undefined
              ? undefined
              : otherThanPage({ elements: 'conversations' })(answer),
          send: ({ analytics }) =>
            analytics.getAnalyticsConversationsDetailsJobResults(jobId, {
              pageSize,
              ...(cursor === undefined ? {} : { cursor }),
            }),
        },
        options,
      )
      availableUntil = dateOf(body, 'dataAvailabilityDate')
      return fieldOf(body, 'conversations') === undefined ? { ...body, conversations: [] } : body
    },
  )
  for await (const conversation of conversations) {
    const conversationId = textOf(conversation, 'conversationId', 'id')
    if (!isAnswer(conversation) || conversationId === undefined) {
      throw unusableAnswer(operation, 'a conversation has no id', stage)
    }
    yield { conversationId, conversation, availableUntil }
  }
}

async function startJob(client: GenesysClient, query: ConversationQuery, options: CallOptions): Promise<string> {
  const { body, correlationId } = await client.request(
    {
      operation: 'query the conversations of the interval',
      stage,
      // It makes nothing that lasts: a second one costs a query and no more.
      effect: 'repeatable',
      // AsyncQueryResponse has nothing but this.
      foreign: (answer) => (textOf(answer, 'jobId') === undefined ? 'not that of a query' : undefined),
      send: ({ analytics }) => analytics.postAnalyticsConversationsDetailsJobs(query),
    },
    options,
  )
  const jobId = textOf(body, 'jobId')
  if (jobId !== undefined) return jobId
  throw unusableAnswer('query the conversations of the interval', 'the answer names no job', stage, correlationId)
}

async function waitForJob(
  client: GenesysClient,
  jobId: string,
  onCall: () => void,
  options: CallOptions,
): Promise<void> {
  const { clock } = client
  const { signal } = options
  const startedAt = clock.now()
  const giveUpAt = startedAt + deadlineMs
  for (let pollMs = firstPollMs; ; pollMs = Math.min(longestPollMs, pollMs * 2)) {
    onCall()
    const { body, correlationId } = await client.request(
      {
        operation: `read the conversation query ${jobId}`,
        stage,
        send: ({ analytics }) => analytics.getAnalyticsConversationsDetailsJob(jobId),
      },
      options,
    )
    const state = textOf(body, 'state')
    if (state === 'FULFILLED') return
    if (state === 'FAILED' || state === 'CANCELLED' || state === 'EXPIRED') {
      throw new LegalHoldError(
        `The conversation query ${jobId} ended as ${state}: ${client.redact(textOf(body, 'errorMessage')) ?? 'no reason given'}.`,
        { code: 'PLATFORM_REJECTED', stage, requestId: correlationId },
      )
    }
    if (clock.now() + pollMs > giveUpAt) {
      throw new LegalHoldError(
        `The conversation query ${jobId} did not end within ${deadlineMs / minuteMs} minutes; it is in state ${state ?? 'none'}.`,
        { code: 'TIMEOUT', stage, requestId: correlationId },
      )
    }
    tellOfPoll({ stage, subject: `conversation query ${jobId}`, state, startedAt, giveUpAt }, { clock, signal })
    await sleepOrAbort(pollMs, { clock, signal }, stage)
  }
}

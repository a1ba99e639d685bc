import type { CallOptions } from '../../ports/runtime.js'
import { listOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { otherThanPage } from '../client/pages.js'
import { ask } from '../source/question.js'

/** Without it queues are known by their ids only. */
export const viewsQueues = 'routing:queue:view'

/** Queues of a request: their ids make an address of some 4 kB. */
const pageSize = 100
/** Queues of a request have names for at most this many of these; more are known by their ids. */
const mostRequests = 20
/** One that is not a UUID would make Genesys refuse the whole request. */
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/**
 * The names of queues: nobody recognises one by its id. No run depends on them: a queue that is deleted, that the
 * client does not see, or whose name could not be read has none.
 *
 * @param onCall told of each request
 */
export async function queueNames(
  client: GenesysClient,
  ids: readonly string[],
  onCall: () => void,
  options?: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  const askable = ids.filter((id) => uuid.test(id)).slice(0, mostRequests * pageSize)
  for (let at = 0; at < askable.length; at += pageSize) {
    const asked = askable.slice(at, at + pageSize)
    onCall()
    const { body, finding } = await ask(client, questionFor(asked), options)
    if (finding !== undefined) break
    const wanted = new Set(asked.map((id) => id.toLowerCase()))
    for (const queue of listOf(body, 'entities') ?? []) {
      const id = textOf(queue, 'id')?.toLowerCase()
      const name = textOf(queue, 'name')
      if (id !== undefined && name !== undefined && wanted.has(id)) names.set(id, name)
    }
  }
  return names
}

function questionFor(id: readonly string[]) {
  const call = { method: 'GET', path: '/api/v2/routing/queues', query: { id, pageSize, pageNumber: 1 } } as const
  return {
    operation: 'read the names of queues',
    unknown: 'how queues are called',
    permission: viewsQueues,
    call,
    foreign: otherThanPage({ pageNumber: 1 }),
  }
}

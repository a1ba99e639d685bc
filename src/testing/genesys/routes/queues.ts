import { badRequest, type JsonObject, json, listParameter } from '../http.js'
import type { SimulatedQueue } from '../organization-records.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

const viewsQueues = 'routing:queue:view'

/** Queues: those of divisions that the client may see. */
export const queueRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v2/routing/queues',
    operation: 'listQueues',
    permission: viewsQueues,
    answer: (context) => {
      const ids = listParameter(context.query, 'id')
      if (ids.some((id) => !/^[\da-f-]{36}$/i.test(id))) throw badRequest('id must be a UUID.')
      const queues = visibleQueues(context)
        .filter(({ id }) => ids.length === 0 || ids.includes(id))
        .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
      return json(
        200,
        entityPage(
          context,
          queues.map((queue) => toQueue(queue, context)),
          { defaultSize: 25, maxSize: 100 },
        ),
      )
    },
  },
]

function visibleQueues({ state, client }: RouteContext): readonly SimulatedQueue[] {
  const granted = state.grantedDivisions(client, viewsQueues)
  return state.queues.filter(
    ({ divisionId = state.homeDivisionId }) => granted === undefined || granted.includes(divisionId),
  )
}

function toQueue({ id, name, divisionId }: SimulatedQueue, { state }: RouteContext): JsonObject {
  const division = state.divisions.find((one) => one.id === (divisionId ?? state.homeDivisionId))
  return {
    id,
    name,
    ...(division === undefined
      ? {}
      : {
          division: { id: division.id, name: division.name, selfUri: `/api/v2/authorization/divisions/${division.id}` },
        }),
    mediaSettings: {},
    skillEvaluationMethod: 'BEST',
    memberCount: 0,
    selfUri: `/api/v2/routing/queues/${id}`,
  }
}

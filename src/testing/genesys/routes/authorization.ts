import { badRequest, type JsonObject, json, listParameter, Refusal } from '../http.js'
import type { SimulatedDivision } from '../organization-records.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

/** Divisions, and in which of them the caller has what (genesys-facts, "divisionspermitted"): no permission is needed. */
export const authorizationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v2/authorization/divisions',
    operation: 'listDivisions',
    answer: (context) => {
      const ids = listParameter(context.query, 'id')
      const name = context.query.get('name')?.toLowerCase() ?? ''
      const divisions = context.state.divisions.filter(
        (division) => (ids.length === 0 || ids.includes(division.id)) && division.name.toLowerCase().includes(name),
      )
      return json(200, entityPage(context, divisions.map(toDivision), { defaultSize: 25, maxSize: 100 }))
    },
  },
  {
    method: 'GET',
    path: '/api/v2/authorization/divisionspermitted/paged/me',
    operation: 'listPermittedDivisions',
    answer: permittedDivisions,
  },
  {
    method: 'GET',
    path: '/api/v2/authorization/subjects/me',
    operation: 'getSubject',
    answer: (context) => json(200, subjectOf(context)),
  },
]

function toDivision({ id, name, homeDivision = false }: SimulatedDivision): JsonObject {
  return { id, name, description: '', homeDivision, selfUri: `/api/v2/authorization/divisions/${id}` }
}

function grantedIn({ state, client, may }: RouteContext, permission: string): readonly SimulatedDivision[] {
  if (!may(permission)) return []
  const granted = state.grantedDivisions(client, permission)
  return granted === undefined ? state.divisions : state.divisions.filter(({ id }) => granted.includes(id))
}

function permittedDivisions(context: RouteContext): Response {
  const { query, state, client, may } = context
  if (!state.settings.answersDivisionsPermitted) {
    throw new Refusal(400, 'bad.request', 'The requested operation is not supported for a client credentials grant.')
  }
  const permission = query.get('permission')
  if (permission === null || !/^\w+:\w+:\w+$/.test(permission)) {
    throw badRequest('permission is required, as domain:entity:action.')
  }
  const divisions = grantedIn(context, permission).map(toDivision)
  return json(200, {
    ...entityPage(context, divisions, { defaultSize: 25, maxSize: 100 }),
    allDivsPermitted: may(permission) && state.grantedDivisions(client, permission) === undefined,
  })
}

/** Every permission as a role of its own would grant it; `*` is a role's word for all. */
function subjectOf(context: RouteContext): JsonObject {
  const { client, state } = context
  const { divisionIds, divisionsByPermission = {} } = client
  const narrowed = new Set(Object.keys(divisionsByPermission))
  const own = client.permissions?.filter((permission) => !narrowed.has(permission))
  const policies = own?.map(toPolicy) ?? [{ domain: '*', entityName: '*', actions: ['*'], condition: '' }]
  const grant = (role: string, granted: readonly string[] | undefined, policiesOfRole: readonly JsonObject[]) =>
    // What is granted in all divisions stands under the division `*`.
    (granted ?? ['*']).map((divisionId) => ({
      subjectId: client.clientId,
      division: toDivision(state.divisions.find(({ id }) => id === divisionId) ?? { id: divisionId, name: divisionId }),
      role: { id: role, name: role, policies: policiesOfRole, default: false },
      grantMadeAt: '2023-01-01T00:00:00.000Z',
    }))
  return {
    id: client.clientId,
    name: client.clientId,
    grants: [
      ...grant('role', divisionIds, policies),
      ...Object.entries(divisionsByPermission)
        .filter(([permission]) => context.may(permission))
        .flatMap(([permission, ids]) => grant(`role ${permission}`, ids, [toPolicy(permission)])),
    ],
    version: 1,
    selfUri: `/api/v2/authorization/subjects/${client.clientId}`,
  }
}

function toPolicy(permission: string): JsonObject {
  const [domain = '', entityName = '', action = ''] = permission.split(':')
  return { domain, entityName, actions: [action], condition: '' }
}

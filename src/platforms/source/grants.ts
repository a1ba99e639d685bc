import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, isAnswer, listOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { ask } from './question.js'

/** What the roles of the caller grant. */
export interface Grants {
  /** Whether a role grants the permission in any division. */
  has(permission: string): boolean
  /** Divisions in which a role grants it, `all` for every one. */
  divisionsOf(permission: string): ReadonlySet<string> | 'all'
}

interface Grant {
  readonly divisionId: string
  readonly policies: readonly Answer[]
}

/** Genesys' word for every division, and for every domain, entity or action. */
const every = '*'

/**
 * The roles of the caller with their permissions and divisions. One request.
 *
 * @returns why they are not known, where they could not be read
 */
export async function readGrants(client: GenesysClient, options?: CallOptions): Promise<Grants | string> {
  const answer = await ask(
    client,
    {
      operation: 'read the roles of the OAuth client',
      unknown: 'which permissions the OAuth client has',
      call: { method: 'GET', path: '/api/v2/authorization/subjects/me' },
    },
    options,
  )
  if (answer.finding !== undefined) return answer.reason
  const grants = grantsFrom(answer.body)
  return grants ?? 'the answer of /api/v2/authorization/subjects/me names no permissions'
}

/** Reads an `AuthzSubject`; `undefined` if it does not say what its roles permit. Pure. */
export function grantsFrom(subject: Answer): Grants | undefined {
  const grants: Grant[] = []
  for (const grant of listOf(subject, 'grants') ?? []) {
    const divisionId = textOf(answerOf(grant, 'division'), 'id')
    const policies = listOf(answerOf(grant, 'role'), 'policies')?.filter(isAnswer)
    // A role without its policies may permit anything.
    if (divisionId === undefined || policies === undefined) return undefined
    grants.push({ divisionId: divisionId.toLowerCase(), policies })
  }
  if (grants.length === 0) return undefined
  const granting = (permission: string) =>
    grants.filter(({ policies }) => policies.some((policy) => permits(policy, permission)))
  return {
    has: (permission) => granting(permission).length > 0,
    divisionsOf: (permission) => {
      const ids = new Set(granting(permission).map(({ divisionId }) => divisionId))
      return ids.has(every) ? 'all' : ids
    },
  }
}

function permits(policy: Answer, permission: string): boolean {
  const [domain = '', entity = '', action = ''] = permission.split(':')
  const fits = (given: unknown, wanted: string) =>
    typeof given === 'string' && (given === every || given.toLowerCase() === wanted.toLowerCase())
  const actions = listOf(policy, 'actions', 'actionSet') ?? []
  return (
    fits(textOf(policy, 'domain'), domain) &&
    fits(textOf(policy, 'entityName'), entity) &&
    actions.some((one) => fits(one, action))
  )
}

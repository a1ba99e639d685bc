import type { Finding } from '../../model/findings.js'
import type { ClientScope, Division } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, flagOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { coversMedia } from '../request/scope.js'
import type { Grants } from './grants.js'
import { listSource } from './listing.js'

/** Pages of 100 divisions that are read of the organisation, and for each permission. */
const mostPages = 20
/** Divisions that a message names. */
const namedAtMost = 10

/** Where a permission is granted: in these divisions, in all, or why it is not known. */
type Reach = { readonly divisions: ReadonlySet<string> | 'all' } | { readonly unknown: string }

/** What is known of one permission. */
export interface PermissionReach {
  readonly permission: string
  readonly reach: Reach
}

/** The permissions that the lists of a request rest on: what lies outside of one of them is left out without a word. */
export function listingPermissions(request: ExportRequest): readonly string[] {
  return [
    'analytics:conversationDetail:view',
    'recording:recording:view',
    ...(coversMedia(request, 'call') ? ['recording:snippetRecording:view'] : []),
    ...(coversMedia(request, 'screen') ? ['recording:screenRecording:view'] : []),
  ]
}

/**
 * In which divisions the client sees recordings, against all that there are. At most 20 requests for the divisions and for
 * each of four permissions; of an ordinary organisation one each. Where Genesys does not answer a client-credentials grant,
 * its roles say the same.
 */
export async function inspectScope(
  client: GenesysClient,
  request: ExportRequest,
  grants: () => Promise<Grants | string>,
  options?: CallOptions,
): Promise<{ readonly scope: ClientScope; readonly findings: readonly Finding[] }> {
  const [divisions, ...permissions] = await Promise.all([
    listDivisions(client, options),
    ...listingPermissions(request).map((permission) => reachOf(client, permission, options)),
  ])
  const known = await Promise.all(
    permissions.map(async ({ permission, reach }): Promise<PermissionReach> => {
      if ('divisions' in reach) return { permission, reach }
      const byRoles = await grants()
      const unknown = { unknown: `${reach.unknown}; ${byRoles}` }
      return {
        permission,
        reach: typeof byRoles === 'string' ? unknown : { divisions: byRoles.divisionsOf(permission) },
      }
    }),
  )
  return judgeScope(divisions, known, request)
}

async function listDivisions(client: GenesysClient, options?: CallOptions): Promise<readonly Division[] | string> {
  const listed = await listSource(
    client,
    {
      operation: 'list the divisions of the organisation',
      unknown: 'which divisions the organisation has',
      call: { method: 'GET', path: '/api/v2/authorization/divisions' },
    },
    mostPages,
    options,
  )
  if ('finding' in listed) return listed.reason
  if (listed.isCut) return `the organisation has more than ${mostPages * 100} divisions`
  const divisions = listed.entities.flatMap(divisionFrom)
  // Every organisation has a home division: a list without one, or with an entry that is not named, hides divisions.
  const isWhole = divisions.length > 0 && divisions.length === listed.entities.length
  return isWhole ? divisions : 'the list of the divisions of the organisation does not name them all'
}

function divisionFrom(entity: Answer): Division[] {
  const id = textOf(entity, 'id')
  if (id === undefined) return []
  const name = textOf(entity, 'name')
  return [{ id, ...(name === undefined ? {} : { name }) }]
}

async function reachOf(client: GenesysClient, permission: string, options?: CallOptions): Promise<PermissionReach> {
  const listed = await listSource(
    client,
    {
      operation: `list the divisions in which the OAuth client has ${permission}`,
      unknown: `in which divisions the OAuth client has ${permission}`,
      call: { method: 'GET', path: '/api/v2/authorization/divisionspermitted/paged/me', query: { permission } },
    },
    mostPages,
    options,
  )
  if ('finding' in listed) return { permission, reach: { unknown: listed.reason } }
  if (flagOf(listed.first, 'allDivsPermitted') === true) return { permission, reach: { divisions: 'all' } }
  const ids = listed.entities.flatMap((entity) => textOf(entity, 'id')?.toLowerCase() ?? [])
  return { permission, reach: { divisions: new Set(ids) } }
}

/** What the reach of the permissions means for a request. Pure. */
export function judgeScope(
  divisions: readonly Division[] | string,
  permissions: readonly PermissionReach[],
  request: ExportRequest,
): { readonly scope: ClientScope; readonly findings: readonly Finding[] } {
  const reaches = permissions.flatMap(({ permission, reach }) =>
    'divisions' in reach ? [{ permission, granted: reach.divisions }] : [],
  )
  const [unread] = permissions.flatMap(({ reach }) => ('unknown' in reach ? [reach.unknown] : []))
  const named = request.divisionIds?.length ? request.divisionIds : undefined
  const wanted = wantedDivisions(divisions, named)
  const everywhere = reaches.every(({ granted }) => granted === 'all')
  const unlisted = wanted === undefined && !everywhere && typeof divisions === 'string' ? divisions : undefined
  const reason = unread ?? unlisted
  const known = typeof divisions === 'string' ? undefined : new Set(divisions.map(({ id }) => id.toLowerCase()))
  const isKnown = ({ id }: Division) => known?.has(id.toLowerCase()) ?? true
  const isGranted = (granted: ReadonlySet<string> | 'all', { id }: Division) =>
    granted === 'all' || granted.has(id.toLowerCase())
  const isSeen = (division: Division) =>
    isKnown(division) && reaches.every(({ granted }) => isGranted(granted, division))
  const seen = reason === undefined ? (wanted ?? []).filter(isSeen) : []
  const hidden = (wanted ?? []).filter((division) => !isSeen(division))
  const existing = (wanted ?? []).filter(isKnown)
  const narrowed = reaches.flatMap(({ permission, granted }) => {
    const missing = existing.filter((division) => !isGranted(granted, division))
    return missing.length === 0 ? [] : [narrow(permission, missing, existing)]
  })
  const findings = [...narrowed, ...(wanted ?? []).filter((division) => !isKnown(division)).map(noDivision)]
  // What is known to be hidden is not less so because something else is not known.
  if (reason !== undefined && findings.length === 0) return unknownScope(reason)
  const reach = findings.length > 0 ? 'narrow' : named === undefined ? 'whole' : 'requested'
  if (reason === undefined) return { scope: { reach, seen, hidden }, findings }
  return { scope: { reach, seen, hidden, reason }, findings: [...findings, ...unknownScope(reason).findings] }
}

/** The divisions that must be seen; `undefined` if it is not known which there are. */
function wantedDivisions(
  divisions: readonly Division[] | string,
  named: readonly string[] | undefined,
): readonly Division[] | undefined {
  if (named === undefined) return typeof divisions === 'string' ? undefined : divisions
  const known = typeof divisions === 'string' ? [] : divisions
  return named.map((id) => known.find((division) => division.id.toLowerCase() === id.toLowerCase()) ?? { id })
}

function unknownScope(reason: string): { readonly scope: ClientScope; readonly findings: readonly Finding[] } {
  return {
    scope: { reach: 'unknown', seen: [], hidden: [], reason },
    findings: [
      {
        code: 'client-scope-unknown',
        severity: 'warning',
        subject: 'divisions of the OAuth client',
        message: `In which divisions the OAuth client sees recordings could not be read, so nothing proves that the lists hold those of all divisions: ${reason}`,
        remedy:
          'Have an administrator confirm that its role is granted in all divisions that the matter covers, and keep that with the report; then accept the finding by its code. Without that the run ends incomplete.',
      },
    ],
  }
}

/** A mistyped id selects nothing: what lies in the division that was meant is in no list. */
function noDivision({ id }: Division): Finding {
  return {
    code: 'client-scope-narrow',
    severity: 'blocker',
    subject: id,
    message: `The request names the division ${id}, which the organisation does not have: what lies in the division that is meant is in no list, without a word.`,
    remedy: 'Correct the id in the request (divisionIds), or accept the finding by its code.',
  }
}

function narrow(permission: string, missing: readonly Division[], wanted: readonly Division[]): Finding {
  const names = missing.slice(0, namedAtMost).map(({ id, name }) => (name === undefined ? id : `${name} (${id})`))
  const more = missing.length - names.length
  const where = missing.length === wanted.length ? 'in none' : `in ${wanted.length - missing.length}`
  return {
    code: 'client-scope-narrow',
    severity: 'blocker',
    subject: permission,
    message: `The OAuth client has ${permission} ${where} of ${wanted.length} divisions: what lies in the others is in no list, without a word. It lacks ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
    remedy: `Grant its role with ${permission} in these divisions, or name the divisions of the matter in the request (divisionIds), or accept the finding by its code.`,
  }
}

import { counted, figure } from '../../internal/text/counted.js'
import type { ClientScope, Division } from '../../model/platform.js'
import type { AuditReport, ProtectionReport } from '../../model/report.js'
import { utc } from './text.js'

/** Names on the page; the report has them all. */
const namedAtMost = 20

/** In which divisions recordings were seen, and in which not. Pure. */
export function divisionsText(scope: ClientScope | undefined): string | undefined {
  if (scope === undefined) return undefined
  const { reach, seen, hidden, reason } = scope
  if (reach === 'unknown') return `not known: ${reason ?? 'they could not be read'}`
  const of = { whole: 'all', requested: 'those that the request names', narrow: 'not all' }[reach]
  const outside = hidden.length === 0 ? '' : `; not seen: ${namesOf(hidden)}`
  return `${of}${seen.length === 0 ? '' : `: ${namesOf(seen)}`}${outside}`
}

function namesOf(divisions: readonly Division[]): string {
  const names = divisions.slice(0, namedAtMost).map(({ id, name }) => name ?? id)
  const more = divisions.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${figure(more)} more` : ''}`
}

/** How many conversations Genesys Cloud protects, and which not. Pure. */
export function protectionText(protection: ProtectionReport | undefined): string | undefined {
  if (protection === undefined) return undefined
  const { requested, protectedConversations, failed } = protection
  const names = failed
    .slice(0, namedAtMost)
    .map(({ conversationId, code }) => `${conversationId} (${code ?? 'no code'})`)
  const more = requested - protectedConversations - names.length
  const open = names.length === 0 ? '' : `; not: ${names.join(', ')}${more > 0 ? ` and ${figure(more)} more` : ''}`
  return `${figure(protectedConversations)} of ${counted(requested, 'conversation')}${open}`
}

/** What was done to recordings since the interval began. Pure. */
export function auditText(audit: AuditReport | undefined): string | undefined {
  if (audit === undefined) return undefined
  const actions = Object.entries(audit.actions).map(([what, count]) => `${what} ${figure(count)}`)
  const told = actions.length === 0 ? 'nothing was done to recordings' : actions.join(', ')
  return `${utc(audit.since)} to ${utc(audit.until)}: ${told}${audit.isWhole ? '' : ` (not read as a whole: ${audit.reason ?? 'unknown'})`}`
}

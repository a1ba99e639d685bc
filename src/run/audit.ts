import { counted } from '../internal/text/counted.js'
import type { Finding } from '../model/findings.js'
import type { AuditEntry } from '../model/platform.js'
import type { AuditReport } from '../model/report.js'
import type { Settings } from '../options/exporter-options.js'
import type { SettledLedger } from '../stages/account/ledger-view.js'
import { persist, type StageContext } from '../stages/context.js'

/** Entries that a report holds. */
const mostEntries = 1_000
/** What is done to recordings by the thousand, and by every export: counted, and not listed. */
const countedOnly: ReadonlySet<string> = new Set(['Read', 'Download', 'Export', 'View', 'Create'])

/** Audited kinds that are recordings; the bulk actions are jobs. */
const recordingTypes: ReadonlySet<unknown> = new Set(['Recording', 'ScreenRecording', 'SnippetRecording'])
/** Deleted recordings that a finding names. */
const namedDeletions = 20

/** What the audit trail is read for. */
export interface AuditSubject {
  readonly settings: Settings
  readonly ledger: Pick<SettledLedger, 'deletedAtSource' | 'isNamed' | 'listed'>
  /** ISO 8601; the interval's start. */
  readonly since: string
  /** Milliseconds since 1970; when the run began. */
  readonly startedAt: number
  /** The conversations that the request names; absent for all. */
  readonly conversationIds?: readonly string[] | undefined
  readonly jobIds: ReadonlySet<string>
}

/** What the audit trail says, and what to report about it. */
export interface Audited {
  readonly report: AuditReport | undefined
  readonly findings: readonly Finding[]
}

/**
 * Reads who did what to recordings since the interval began. Whoever deleted what did not land is the reason of it. What the
 * exports of this run left in the trail is listed with its transaction ids.
 */
export async function readAudit(subject: AuditSubject, context: StageContext): Promise<Audited> {
  const { settings, since } = subject
  const { platform, clock, audit } = settings
  const trail = platform.auditTrail?.bind(platform)
  if (!audit || trail === undefined) return { report: undefined, findings: [] }
  const until = new Date(clock.now()).toISOString()
  return persist(context, 'report', 'the audit trail', async () => {
    const doubts: string[] = []
    const summary = new Summary(subject)
    const options = { signal: context.signal, onDoubt: (doubt: string) => doubts.push(doubt) }
    for await (const entry of trail({ since, until }, options)) summary.add(entry)
    const [doubt] = doubts
    const report = {
      since,
      until,
      isWhole: doubt === undefined,
      ...(doubt === undefined ? {} : { reason: doubt }),
      ...summary.result(),
    }
    return { report, findings: [...summary.findings(), ...(doubt === undefined ? [] : [unavailable(doubt)])] }
  })
}

class Summary {
  readonly #subject: AuditSubject
  readonly #actions = new Map<string, number>()
  readonly #entries: AuditEntry[] = []
  readonly #deleted = new Map<string, string>()
  readonly #conversationIds: ReadonlySet<string> | undefined

  constructor(subject: AuditSubject) {
    this.#subject = subject
    this.#conversationIds = subject.conversationIds && new Set(subject.conversationIds.map((id) => id.toLowerCase()))
  }

  add(entry: AuditEntry): void {
    const { ledger, jobIds } = this.#subject
    const { action, entityType = 'unknown', entityId } = entry
    const kind = `${entityType} ${action}`
    this.#actions.set(kind, (this.#actions.get(kind) ?? 0) + 1)
    if (/delete/i.test(action) && entityId !== undefined && entry.status !== 'FAILURE') {
      ledger.deletedAtSource(entityId, `deleted at the source by ${actorOf(entry)} at ${entry.at}`)
      if (this.#isOnNoList(entry, entityId))
        this.#deleted.set(entityId, `${entityId} by ${actorOf(entry)} at ${entry.at}`)
    }
    const isOwn = entityId !== undefined && jobIds.has(entityId)
    if ((isOwn || !countedOnly.has(action)) && this.#entries.length < mostEntries) this.#entries.push(entry)
  }

  /** A recording that was deleted before it could be listed: nothing else in a run knows that it existed. */
  #isOnNoList({ entityType, at, conversationId }: AuditEntry, recordingId: string): boolean {
    const { ledger, startedAt } = this.#subject
    if (!ledger.listed || !recordingTypes.has(entityType)) return false
    const isOther = conversationId !== undefined && this.#conversationIds?.has(conversationId.toLowerCase()) === false
    if (isOther) return false
    const isNamed = ledger.isNamed(recordingId)
    return isNamed === undefined ? Date.parse(at) < startedAt : !isNamed
  }

  findings(): readonly Finding[] {
    return this.#deleted.size === 0 ? [] : [deletedBefore([...this.#deleted.values()])]
  }

  result(): Pick<AuditReport, 'actions' | 'entries'> {
    const entries = this.#entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    return { actions: Object.fromEntries([...this.#actions].sort()), entries }
  }
}

/** Who did it, as far as Genesys says. */
function actorOf({ userName, userId, clientId, level }: AuditEntry): string {
  if (userName !== undefined) return userId === undefined ? userName : `${userName} (${userId})`
  if (userId !== undefined) return `the user ${userId}`
  if (clientId !== undefined) return `the OAuth client ${clientId}`
  return level === undefined || level === 'USER' ? 'somebody whom Genesys Cloud does not name' : 'Genesys Cloud itself'
}

function deletedBefore(deleted: readonly string[]): Finding {
  const shown = deleted.slice(0, namedDeletions).join('; ')
  const more = deleted.length > namedDeletions ? `; and ${deleted.length - namedDeletions} more` : ''
  const were = deleted.length === 1 ? 'was' : 'were'
  return {
    code: 'recordings-deleted',
    severity: 'warning',
    subject: 'audit trail',
    message: `${counted(deleted.length, 'recording')} ${were} deleted in Genesys Cloud since the interval began, and no list names ${deleted.length === 1 ? 'it' : 'them'} any more: ${shown}${more}.`,
    remedy:
      'Find out whether they belong to the matter, and who has a copy. A run proves what exists when it lists; it cannot export what was deleted before.',
  }
}

function unavailable(doubt: string): Finding {
  return {
    code: 'audit-unavailable',
    severity: 'warning',
    subject: 'audits:audit:view',
    message: `The audit trail of recordings was not read as a whole: ${doubt}.`,
    remedy: 'Give the role of the OAuth client the permission audits:audit:view, or read the rest in Genesys Cloud.',
  }
}

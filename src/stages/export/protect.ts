import { counted } from '../../internal/text/counted.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { ProtectionFailure } from '../../model/platform.js'
import type { ProtectionReport } from '../../model/report.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'

/** Genesys limits one call to 100 conversations (genesys-facts, deletion protection). */
const batchSize = 100
/** Conversations that a report names. */
const failuresNamed = 1_000

/** What else the protection needs to know. */
export interface ProtectionSubject {
  readonly platform: RecordingPlatform
  /** Conversations that this run has protected before. */
  readonly protectedByRun: number
  /** Told before anything is put that not all of them fit. */
  readonly onBeyondCap: (finding: Finding) => Promise<void>
}

/** Switches deletion protection on for the conversations of a job; opt-in (`protectSource` of the platform). */
export async function protectConversations(
  { platform, protectedByRun, onBeyondCap }: ProtectionSubject,
  conversationIds: Iterable<string>,
  context: StageContext,
): Promise<ProtectionReport | undefined> {
  const protect = platform.protect?.bind(platform)
  if (!platform.protectSource || protect === undefined) return undefined
  const ids = [...conversationIds]
  const already = await protectedBefore(platform, ids, context)
  const due = already === undefined ? ids : ids.filter((id) => !already.has(id))
  const beyondCap = beyond(platform, protectedByRun + ids.length)
  if (beyondCap > 0) await onBeyondCap(capFinding(ids.length, already?.size ?? 0, beyondCap, platform))
  let protectedConversations = already?.size ?? 0
  const failed: ProtectionFailure[] = []
  for (let from = 0; from < due.length; from += batchSize) {
    const batch = due.slice(from, from + batchSize)
    const result = await persist(context, 'protect', counted(batch.length, 'conversation'), () =>
      protect(batch, { signal: context.signal }),
    )
    protectedConversations += result.protectedConversations
    failed.push(...result.failed)
  }
  context.emit({ type: 'protected', result: { protectedConversations, failed } })
  return {
    requested: ids.length,
    protectedConversations,
    ...(already === undefined ? {} : { alreadyProtected: already.size }),
    ...(beyondCap > 0 ? { beyondCap } : {}),
    failed: failed.slice(0, failuresNamed),
  }
}

/** Which are protected before anything is put; `undefined` if the platform does not say. */
async function protectedBefore(
  platform: RecordingPlatform,
  ids: readonly string[],
  context: StageContext,
): Promise<ReadonlySet<string> | undefined> {
  const ask = platform.protectedAmong?.bind(platform)
  if (ask === undefined) return undefined
  const found = new Set<string>()
  try {
    for (let from = 0; from < ids.length; from += batchSize) {
      const batch = ids.slice(from, from + batchSize)
      const known = await persist(context, 'protect', 'what is protected already', () =>
        ask(batch, { signal: context.signal }),
      )
      for (const id of known) found.add(id)
    }
    return found
  } catch (error) {
    // Without it all are put: that needs no answer to this.
    if (!LegalHoldError.isInstance(error) || error.code === 'ABORTED') throw error
    return undefined
  }
}

/** How many do not fit, whatever else of the organisation is protected. */
function beyond({ protectionCap = Number.POSITIVE_INFINITY }: RecordingPlatform, all: number): number {
  return Math.max(0, all - protectionCap)
}

function capFinding(
  count: number,
  already: number,
  beyondCap: number,
  { name, protectionCap = 0 }: RecordingPlatform,
): Finding {
  return {
    code: 'deletion-protection-cap',
    severity: 'warning',
    subject: name,
    message: `${counted(count, 'conversation')} ${count === 1 ? 'is' : 'are'} to be protected from deletion at the source; ${already} already ${already === 1 ? 'is' : 'are'}. An organisation may protect ${protectionCap}, including those of other matters: at least ${beyondCap} will not fit.`,
    remedy: 'Release the protection of matters that are over (releaseSource), or rely on what lies on S3.',
  }
}

/** What the parts of a run say together; `undefined` if no protection was requested. Pure. */
export function protectionOf(parts: readonly (ProtectionReport | undefined)[]): ProtectionReport | undefined {
  const reports = parts.filter((part) => part !== undefined)
  if (reports.length === 0) return undefined
  const sum = (of: (report: ProtectionReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  const alreadyProtected = sum((report) => report.alreadyProtected ?? 0)
  const beyondCap = sum((report) => report.beyondCap ?? 0)
  return {
    requested: sum(({ requested }) => requested),
    protectedConversations: sum((report) => report.protectedConversations),
    ...(reports.every((report) => report.alreadyProtected !== undefined) ? { alreadyProtected } : {}),
    ...(beyondCap > 0 ? { beyondCap } : {}),
    failed: reports.flatMap((report) => report.failed).slice(0, failuresNamed),
  }
}

import { counted } from '../internal/text/counted.js'
import { provenText } from '../internal/text/inventory.js'
import type { Finding } from '../model/findings.js'
import type { Residency } from '../model/inspection.js'
import type { InventoryFacts } from '../model/inventory/report.js'
import type { ProtectionReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { RecordingLedger } from '../stages/account/ledger.js'
import type { UnnamedRecordings } from '../stages/account/settlement.js'

/** Ids that a message names; the request has them all. */
const namedAtMost = 5

/** What only the end of a run shows. Pure. */
export function lateFindings(
  request: ExportRequest,
  ledger: Pick<RecordingLedger, 'size' | 'knows'>,
  unnamed: UnnamedRecordings,
  protection: ProtectionReport | undefined,
): readonly Finding[] {
  return [...nothingExpected(request, ledger, unnamed), ...notProtected(request, protection)]
}

/**
 * What the report repeats of what was said before anything was put: more was to be protected than an organisation may. Pure.
 */
export function toldBefore(request: ExportRequest, protection: ProtectionReport | undefined): readonly Finding[] {
  const { requested = 0, beyondCap = 0 } = protection ?? {}
  if (beyondCap === 0) return []
  return [
    {
      code: 'deletion-protection-cap',
      severity: 'warning',
      subject: subjectOf(request),
      message: `${counted(requested, 'conversation')} ${requested === 1 ? 'was' : 'were'} to be protected from deletion at the source, at least ${beyondCap} more than an organisation may protect.`,
      remedy: 'Release the protection of matters that are over (releaseSource), or rely on what lies on S3.',
    },
  ]
}

/** Recordings that are stored outside of the residency. Pure. */
export function storedElsewhere(
  residency: Residency | undefined,
  { regions }: Pick<RecordingLedger, 'regions'>,
): readonly Finding[] {
  if (residency === undefined) return []
  const allowed = residency.regions
  return [...regions]
    .filter(([region]) => !allowed.includes(region))
    .map(([region, { count, first }]) => ({
      code: 'region-mismatch' as const,
      severity: 'warning' as const,
      subject: region,
      message: `${counted(count, 'recording')} ${count === 1 ? 'is' : 'are'} stored in ${region}, outside ${allowed.join(', ')}: ${first.join(', ')}${count > first.length ? ' and more' : ''}.`,
      remedy:
        'Have the owner of the organisation say why (regionalRecordingStorageEnabled, the media region of a trunk), or correct the residency.',
    }))
}

/**
 * That objects were not read. An inventory shows the past: whoever lifts a hold afterwards changes neither the time nor
 * the ETag of the object. Pure.
 */
export function provenByInventory(
  inventory: InventoryFacts | undefined,
  { byInventory }: { readonly byInventory: number },
  { bucket }: { readonly bucket: string },
): readonly Finding[] {
  if (inventory === undefined || byInventory === 0) return []
  return [
    {
      code: 'inventory-is-proof',
      severity: 'blocker',
      subject: bucket,
      message: provenText(inventory, byInventory),
      remedy:
        'Run without the inventory to read each object, or accept: a hold that was lifted after the inventory began is then seen by the sample only.',
    },
  ]
}

/** Who asked for protection at the source relies on it. */
function notProtected(request: ExportRequest, protection: ProtectionReport | undefined): readonly Finding[] {
  const { requested = 0, protectedConversations = 0, failed = [] } = protection ?? {}
  const open = requested - protectedConversations
  if (open <= 0) return []
  const named = failed
    .slice(0, namedAtMost)
    .map(({ conversationId, code = 'no code' }) => `${conversationId} (${code})`)
  const unnamed = open - named.length
  const list = [...named, ...(unnamed > 0 ? [`${unnamed} more`] : [])].join(', ')
  return [
    {
      code: 'deletion-protection-incomplete',
      severity: 'warning',
      subject: subjectOf(request),
      message: `Of ${counted(requested, 'conversation')} ${counted(open, 'is', 'are')} not protected from deletion at the source, or not known to be: ${list}.`,
      remedy:
        'Look at the codes in the report (protection.failed). An organisation protects 1,000 conversations; release others, or rely on what lies on S3.',
    },
  ]
}

function subjectOf({ profileId, integrationId }: ExportRequest): string {
  return profileId ?? integrationId ?? 'the request'
}

/**
 * An empty expectation is not a fault of the run, and every check of nothing passes. It must be reported:
 * otherwise a mistyped filter looks like a complete hold. The same holds for a single conversation that the
 * request names.
 */
function nothingExpected(
  request: ExportRequest,
  ledger: Pick<RecordingLedger, 'size' | 'knows'>,
  { missing, failed, skipped }: UnnamedRecordings,
): readonly Finding[] {
  const { interval, conversationIds = [] } = request
  const about = { code: 'nothing-expected', severity: 'warning', subject: subjectOf(request) } as const
  if (ledger.size + missing + failed + skipped === 0) {
    return [
      {
        ...about,
        message: `No recording matched the request between ${interval.start} and ${interval.end}, so nothing was put under the hold.`,
        remedy: `Check the interval, and ${narrowing(request)}, before you rely on this report: beyond that nothing matched, it proves nothing.`,
      },
    ]
  }
  const unknown = conversationIds.filter((id) => !ledger.knows(id) && !ledger.knows(id.toLowerCase()))
  if (unknown.length === 0) return []
  const named = unknown.slice(0, namedAtMost).join(', ')
  const more = unknown.length > namedAtMost ? ` and ${unknown.length - namedAtMost} more` : ''
  return [
    {
      ...about,
      message: `No recording matched ${unknown.length} of the ${counted(conversationIds.length, 'conversation')} that the request names: ${named}${more}.`,
      remedy: `Check these ids, the interval, and ${narrowing({ ...request, conversationIds: undefined })}: none of their recordings was put under the hold.`,
    },
  ]
}

/** What of a request leaves recordings out. */
function narrowing({ mediaTypes, messageTypes, conversationIds, divisionIds }: ExportRequest): string {
  const given = Object.entries({ mediaTypes, messageTypes, conversationIds, divisionIds }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  )
  const rights = 'that the OAuth client may see the recordings (divisions)'
  return given.length === 0 ? rights : `${given.join(', ')}, and ${rights}`
}

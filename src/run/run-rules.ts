import { toolName, toolVersion } from '../internal/package/version.js'
import { serverName } from '../internal/server-name.js'
import { counted } from '../internal/text/counted.js'
import { type Checkpoint, journalledVerdicts } from '../journal/checkpoint.js'
import type { RunPolicy } from '../journal/record-data.js'
import { LegalHoldError } from '../model/errors.js'
import { type Finding, type FindingCode, unansweredFindings } from '../model/findings.js'
import type { ExportRequest } from '../model/request.js'
import type { Settings } from '../options/exporter-options.js'
import type { Journal } from '../ports/journal.js'
import type { InspectionSubject } from '../stages/inspect/inspect.js'
import type { FormerDelivery } from './deliver.js'

/** What was accepted once, and is on record, needs not be accepted again. */
export function withAcceptances(settings: Settings, checkpoint: Checkpoint | undefined): Settings {
  if (checkpoint === undefined) return settings
  return { ...settings, accept: new Set([...settings.accept, ...checkpoint.accepted]) }
}

/** Findings that concern what a resumed run has still to do, and that were not there when it began. */
export function newDangers(present: readonly Finding[], former: readonly Finding[]): Finding[] {
  return newIn(present, former).filter(({ code, severity }) => severity === 'blocker' && dangersToRepairs.has(code))
}

/** What leaves a resumed run incomplete without an acceptance: it reads the lists again, perhaps as another client. */
export function newlyUnanswered(present: readonly Finding[], former: readonly Finding[]): Finding[] {
  return newIn(present, former).filter(({ code }) => unansweredFindings.has(code))
}

function newIn(present: readonly Finding[], former: readonly Finding[]): readonly Finding[] {
  const known = new Set(former.map(({ code, subject }) => `${code}\n${subject}`))
  return present.filter(({ code, subject }) => !known.has(`${code}\n${subject}`))
}

const dangersToRepairs: ReadonlySet<string> = new Set<FindingCode>([
  'bucket-unreachable',
  'bucket-policy-denies',
  'permission-missing',
  'versioning-off',
  'object-lock-unavailable',
  'object-tags-unavailable',
  'lifecycle-expires-objects',
  'lifecycle-expires-noncurrent',
  'region-mismatch',
  'client-scope-narrow',
])

/** By what rules the run went, beside its hold, requirements and request; the evidence carries a digest of it all. */
export function policyOf(settings: Settings): RunPolicy {
  const { platform, storage, retention, residency, remediation, accept, lookbackHours, operator, command } = settings
  return {
    tool: { name: toolName, version: toolVersion },
    platform: { name: platform.name, region: platform.region },
    storage: { name: storage.name, bucket: storage.bucket, endpoint: serverName(storage.endpoint) },
    retention: retention.map(({ name }) => name),
    residency,
    remediation,
    accept: [...accept].sort(),
    lookbackHours,
    operator,
    command,
    clientId: platform.clientId,
  }
}

/** What a run inspects before it creates anything. */
export function inspectionSubject(settings: Settings, request: ExportRequest, remediate: boolean): InspectionSubject {
  const { platform, storage, retention, hold, requirements, residency, remediation, reconciliation } = settings
  return {
    platform,
    storage,
    retention,
    hold,
    requirements,
    request,
    residency,
    waitForIndex: reconciliation.waitForIndex,
    audit: settings.audit,
    needs: {
      metadata: Object.keys(requirements.metadata ?? {}).length > 0,
      tags: Object.keys(requirements.tags ?? {}).length > 0,
      legalHold: requirements.legalHold === true || remediation.versions === 'all',
      retention: requirements.retainUntilDate !== undefined,
      remediate,
      protectOriginal: remediation.protectOriginal,
    },
  }
}

/** The error of a run that inspection stops. */
export function preflightBlocked(blockers: readonly Finding[], findings: readonly Finding[]): LegalHoldError {
  const list = blockers.map(({ code, message, remedy }) => `${code}: ${message} ${remedy}`).join('\n  ')
  return new LegalHoldError(
    `Nothing was created, because inspection found ${counted(blockers.length, 'blocker')}:\n  ${list}\n` +
      'Remove them, or accept them by their codes with the option `accept`.',
    { code: 'PREFLIGHT_BLOCKED', stage: 'inspect', findings },
  )
}

/** How often a run may force the profile and export again. */
export function forcedRetriesOf({ platform }: Settings, { profileId }: ExportRequest): number {
  if (!platform.capabilities.stampsHoldMetadata || platform.forceHoldMetadata === undefined) return 0
  return profileId === undefined ? 0 : (platform.forcedRetries ?? 0)
}

/** What a former part of the run found out in this attempt. */
export function formerDelivery(
  journal: Journal | undefined,
  checkpoint: Checkpoint | undefined,
  attempt: number,
  signal: AbortSignal | undefined,
): FormerDelivery | undefined {
  if (journal === undefined || checkpoint === undefined) return undefined
  if (checkpoint.jobs.at(-1)?.attempt !== attempt) return undefined
  return {
    verdicts: () => journalledVerdicts(journal, checkpoint, { signal }),
    begun: checkpoint.begun.values(),
    watermarks: checkpoint.watermarks,
  }
}

import { contradictionOfPlace } from '../../journal/check/place-check.js'
import { isSame, membersOf, quoted } from '../../journal/form/untrusted.js'
import type { Untrusted } from '../../journal/records.js'
import { contradictionOf } from '../../journal/verdict-record.js'
import { parseKey } from '../../model/layout/keys.js'
import type { JournalRecord } from '../../model/record.js'
import type { RunReport } from '../../model/report.js'
import type { CustodyPredicate } from './contents.js'

/** What a statement says that the report on record says otherwise. */
export function contradictionOfStatement(
  predicate: CustodyPredicate,
  report: Untrusted<RunReport>,
): string | undefined {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['run', predicate.runId, report.runId],
    ['dry run', predicate.dryRun, report.dryRun],
    ['hold', predicate.hold, report.hold],
    ['requirements', predicate.requirements, report.requirements],
    ['platform', predicate.platform, report.platform],
    ['storage', predicate.storage, report.storage],
    ['interval', predicate.interval, report.interval],
    ['outcome', predicate.outcome, report.outcome],
    ['inventory', predicate.inventory, report.inventory],
    ['recordings', predicate.counts.recordings, report.counts],
    ['objects', predicate.counts.objects, report.objects],
  ]
  const differs = pairs.find(([, signed, recorded]) => !isSame(signed, recorded))
  if (differs === undefined) return undefined
  const [what, signed, recorded] = differs
  return `The statement says of its ${what} ${quoted(signed)}, and the report on record ${quoted(recorded)}.`
}

/** Why a record, looked at by itself, is not one of the run that a statement is about. */
export function contradictionOfRecord(
  { runId, type, data }: JournalRecord,
  predicate: CustodyPredicate,
): string | undefined {
  if (runId !== predicate.runId)
    return `It is of the run ${quoted(runId)}, and the statement of ${quoted(predicate.runId)}.`
  const { hold, object, place } = data
  if (hold !== undefined && hold !== predicate.hold.tag) return `It is about the hold ${quoted(hold)}.`
  if (type !== 'verdict') return undefined
  const { bucket, key } = membersOf(object)
  if (bucket !== predicate.storage.bucket) return `It is about the bucket ${quoted(bucket)}.`
  const organizationId = parseKey(String(key))?.organizationId
  if (organizationId !== predicate.platform.organizationId) {
    return `It is about an object of the organisation ${quoted(organizationId)}.`
  }
  const contradiction = contradictionOfPlace(object, place) ?? contradictionOf(data, predicate.requirements)
  return contradiction === undefined ? undefined : `It ${contradiction}.`
}

import { parseKey } from '../../model/layout/keys.js'
import { isSame, type Members, membersOf, quoted } from '../form/untrusted.js'
import { ownJournalOf } from '../own-journal.js'
import type { JournalData, Untrusted, UntrustedEntry } from '../records.js'

/**
 * Whether each record belongs to the one run of the journal, by its run id and by the hold, bucket and
 * organisation that it names. No report counts the records of another run, so they must not be there.
 */
export class RunIdentity {
  #runId: string | undefined
  #started: Untrusted<JournalData['run-started']> = {}
  /** What the inspection found; `undefined` until there is one. */
  #organization: Members | undefined
  #bucket: Members = {}
  #resumes = 0
  #isOver = false

  /** What the run was begun with. */
  get started(): Untrusted<JournalData['run-started']> {
    return this.#started
  }

  /** Takes the next record; says why it is not one of this run. */
  add(record: UntrustedEntry): string | undefined {
    const { type, runId, data } = record
    if (this.#runId === undefined) return this.#begin(record)
    if (runId !== this.#runId) {
      return `is of the run ${quoted(runId)}${hint(runId)}, and the journal is that of ${quoted(this.#runId)}`
    }
    if (type === 'run-started') return 'begins a run in the journal of a run that was begun before'
    if (this.#isOver && type !== 'run-stopped') return 'comes after the report, which ends the run'
    switch (type) {
      case 'run-resumed':
        return this.#resume(data)
      case 'inspection':
        return this.#inspect(data)
      case 'report':
        this.#isOver = true
        return this.#contradictionOfReport(data)
      case 'release':
        return 'is of a release, which belongs to a journal of its own'
      default:
        return this.#contradictionOf(membersOf(data))
    }
  }

  #begin({ type, runId, data }: UntrustedEntry): string | undefined {
    if (type !== 'run-started') return `is of the run ${quoted(runId)}${hint(runId)}, which was not begun before it`
    this.#runId = runId
    this.#started = data
    return requiresNothing(data.requirements) ? 'begins a run that requires nothing of any object' : undefined
  }

  #resume({ resumed, platform, storage }: Untrusted<JournalData['run-resumed']>): string | undefined {
    this.#resumes += 1
    if (resumed !== this.#resumes) return `resumes the run for the ${this.#resumes}. time and says ${quoted(resumed)}`
    const [{ name, region }, { bucket, name: storageName }] = [membersOf(platform), membersOf(storage)]
    const { platform: before, storage: there } = this.#started
    const differs =
      isOther(name, membersOf(before).name) ||
      isOther(region, membersOf(before).region) ||
      isOther(bucket, membersOf(there).bucket) ||
      isOther(storageName, membersOf(there).name)
    return differs ? 'resumes the run on another platform or in another bucket' : undefined
  }

  #inspect({ organization, bucket }: Untrusted<JournalData['inspection']>): string | undefined {
    const before = this.#organization?.id
    const isOfAnother = this.#organization !== undefined && membersOf(organization).id !== before
    this.#organization = membersOf(organization)
    this.#bucket = membersOf(bucket)
    return isOfAnother ? `is an inspection of another organisation than ${quoted(before)}` : undefined
  }

  /** What a record names beside its run. What it does not name is not compared. */
  #contradictionOf({ hold, object }: Members): string | undefined {
    const { tag } = membersOf(this.#started.hold)
    if (isOther(hold, tag)) return `is about the hold ${quoted(hold)}, and the run is about ${quoted(tag)}`
    if (object === undefined) return undefined
    const { bucket, key } = membersOf(object)
    const own = membersOf(this.#started.storage).bucket
    if (isOther(bucket, own)) return `is about the bucket ${quoted(bucket)}, and the run is about ${quoted(own)}`
    const organizationId = typeof key === 'string' ? parseKey(key)?.organizationId : undefined
    const of = this.#organization?.id
    if (!isOther(organizationId, of)) return undefined
    return `is about an object of the organisation ${quoted(organizationId)}, and the run is about ${quoted(of)}`
  }

  #contradictionOfReport(report: Untrusted<JournalData['report']>): string | undefined {
    const started = this.#started
    const [platform, storage] = [membersOf(report.platform), membersOf(report.storage)]
    const [platformThen, storageThen] = [membersOf(started.platform), membersOf(started.storage)]
    const pairs: readonly (readonly [string, unknown, unknown])[] = [
      ['run', report.runId, this.#runId],
      ['hold', report.hold, started.hold],
      ['requirements', report.requirements, started.requirements],
      ['interval', report.interval, membersOf(started.request).interval],
      ['dryRun', report.dryRun, started.dryRun],
      ['platform', platform.name, platformThen.name],
      ['region of the platform', platform.region, platformThen.region],
      ['organisation', platform.organizationId, this.#organization?.id],
      ['name of the organisation', platform.organizationName, this.#organization?.name],
      ['storage', storage.name, storageThen.name],
      ['bucket', storage.bucket, storageThen.bucket],
      ['region of the bucket', storage.region, this.#bucket.region],
      ['number of times it was resumed', report.resumed, this.#resumes],
      ['version of its form', report.schemaVersion, 1],
    ]
    const differs = pairs.find(([, now, then]) => !isSame(now, then))
    if (differs === undefined) return undefined
    const [what, now, then] = differs
    return `is a report whose ${what} is ${quoted(now)}, and on record is ${quoted(then)}`
  }
}

/** Whether a value is given, and is another than one that is known. */
function isOther(given: unknown, known: unknown): boolean {
  return given !== undefined && known !== undefined && given !== known
}

function hint(runId: string): string {
  const what = ownJournalOf(runId)
  return what === undefined ? '' : ` (${what}, which needs its own journal)`
}

/** Under requirements that ask for nothing every object would count as held. */
function requiresNothing(requirements: unknown): boolean {
  if (requirements === undefined) return false
  const { metadata, tags, legalHold, retainUntilDate } = membersOf(requirements)
  const asked = Object.keys(membersOf(metadata)).length + Object.keys(membersOf(tags)).length
  return asked === 0 && legalHold !== true && typeof retainUntilDate !== 'string'
}

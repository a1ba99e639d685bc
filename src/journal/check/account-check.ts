import { flawOfForm, hasForm } from '../form/data-form.js'
import { requirements as isRequirements } from '../form/model-forms.js'
import type { CheckedRecord, JournalData, Untrusted, UntrustedEntry, UntrustedRecord } from '../records.js'
import { contradictionOf } from '../verdict-record.js'
import { JobAccount } from './job-account.js'
import { MutationCheck } from './mutation-check.js'
import { ObjectAccount } from './object-account.js'
import { contradictionOfPlace } from './place-check.js'
import { RecordingLines } from './recording-lines.js'
import { contradictionOfAttempt, contradictionOfOutcome, FindingsOnRecord } from './report-check.js'
import { RunIdentity } from './run-identity.js'
import { ShardSums } from './shard-sums.js'
import { contradictionOfStates } from './verdict-states.js'
import { VerdictSums } from './verdict-sums.js'

/**
 * Checks, as the records of one run go by, whether they contradict each other. Each verdict is compared with the
 * key of its object and the states in it. Each recording that is recorded as held or repaired is compared with the
 * last verdicts on its objects, and the report with everything before it. Whoever makes one line claim more than
 * was found must therefore make up all lines that it rests on.
 *
 * A recording that is recorded as worse than its verdicts is not a contradiction: listings, the platform and
 * missing sidecars are reasons that no verdict shows. Some 70 bytes for a recording.
 *
 * @internal
 */
export class AccountCheck {
  readonly #run = new RunIdentity()
  readonly #jobs = new JobAccount()
  readonly #mutations = new MutationCheck()
  readonly #findings = new FindingsOnRecord()
  #lines = new RecordingLines()
  #objects = new ObjectAccount()
  #sums = new VerdictSums()
  #shards = new ShardSums()

  /** Takes the next record: as it may be relied on, or why it may not. */
  take(record: UntrustedRecord): CheckedRecord | string {
    const contradiction = this.add(record)
    if (contradiction !== undefined) return contradiction
    if (!hasForm(record)) return flawOfForm(record)
    return (record.type === 'verdict' ? contradictionOfStates(record.data) : undefined) ?? record
  }

  /** Takes the next record; says why it cannot stand after those before it. */
  add(record: UntrustedEntry): string | undefined {
    // Out of a journal of somebody else's, which checks no lines.
    if (typeof record.data !== 'object' || record.data === null) return 'is a record without data'
    try {
      return this.#run.add(record) ?? this.#add(record)
    } catch (error) {
      if (error instanceof RangeError) return 'is nested deeper than any record'
      throw error
    }
  }

  #add({ type, data }: UntrustedEntry): string | undefined {
    if (this.#lines.any && atWork.has(type)) return 'comes after the states of the recordings'
    switch (type) {
      case 'run-started':
        this.#jobs.started(data)
        this.#findings.started(data)
        return undefined
      case 'run-resumed':
        return this.#resume(data)
      case 'inspection':
        this.#jobs.inspected(data)
        this.#findings.inspected(data)
        return undefined
      case 'finding':
        this.#findings.found(data)
        return undefined
      case 'acceptance':
        this.#findings.accepted(data)
        return undefined
      case 'job-intent':
        return this.#intend(data)
      case 'job':
        this.#findings.worked()
        return this.#jobs.job(data)
      case 'listing':
        this.#findings.worked()
        return this.#jobs.listed(data)
      case 'withdrawal':
        return this.#jobs.withdrawn(data)
      case 'intent':
        this.#mutations.intent(data)
        return data.place === undefined ? undefined : contradictionOfPlace(data.object, data.place)
      case 'outcome':
        return this.#mutations.outcome(data)
      case 'verdict':
        return this.#judge(data)
      case 'shard-plan':
        this.#shards.isPlanned = true
        return undefined
      case 'shard':
        return this.#shards.add(data)
      case 'recording':
        return this.#lines.add(data) ?? (this.#isOfShard(data) ? undefined : this.#objects.settle(data))
      case 'report':
        return this.#report(data)
      default:
        return undefined
    }
  }

  /** The verdicts that a shard's exception rests on are in the journal of the shard. */
  #isOfShard({ state }: Untrusted<JournalData['recording']>): boolean {
    return this.#shards.isPlanned && state !== 'held' && state !== 'repaired'
  }

  #resume(data: Untrusted<JournalData['run-resumed']>): string | undefined {
    this.#lines = new RecordingLines()
    // A run that is resumed takes in all of its shards again.
    this.#shards = new ShardSums()
    this.#objects.unsettle()
    this.#jobs.resumed()
    this.#findings.started(data)
    return this.#sums.resumed(data)
  }

  #intend(data: Untrusted<JournalData['job-intent']>): string | undefined {
    const { attempt } = this.#jobs
    const contradiction = this.#jobs.intended(data)
    if (this.#jobs.attempt !== attempt) {
      // What was found before the export was repeated is of other versions.
      this.#objects = new ObjectAccount()
      this.#sums = new VerdictSums()
    }
    return contradiction
  }

  #judge(data: Untrusted<JournalData['verdict']>): string | undefined {
    const { requirements } = this.#run.started
    const contradiction =
      contradictionOfPlace(data.object, data.place) ??
      contradictionOf(data, isRequirements(requirements) ? requirements : undefined)
    const unannounced = this.#mutations.verdict(data)
    this.#objects.enter(data)
    this.#sums.add(data)
    return contradiction ?? unannounced
  }

  #report(data: Untrusted<JournalData['report']>): string | undefined {
    return (
      this.#lines.report(data, this.#shards) ??
      // What is withdrawn may be the recording of an id that a file of another conversation bears.
      (this.#jobs.hasWithdrawn ? undefined : this.#objects.report()) ??
      this.#jobs.report(data, this.#shards.with(this.#lines.sums)) ??
      this.#sums.report(data, this.#shards) ??
      this.#mutations.report() ??
      contradictionOfAttempt(data, this.#jobs.attempt) ??
      this.#findings.report(data) ??
      contradictionOfOutcome(data)
    )
  }
}

/** Records of work that is over when the states of the recordings are said. */
const atWork: ReadonlySet<string> = new Set([
  'inspection',
  'job-intent',
  'job',
  'listing',
  'withdrawal',
  'intent',
  'outcome',
  'verdict',
  'shard-plan',
  'shard-job',
  'shard',
])

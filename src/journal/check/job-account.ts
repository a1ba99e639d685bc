import { canonicalJson } from '../../internal/canonical-json.js'
import { IdDigest } from '../../internal/tables/id-digest.js'
import { covers } from '../../model/report.js'
import { coverage as isCoverage, interval as isInterval } from '../form/model-forms.js'
import { isCount, isSame, itemsOf, type Members, membersOf, quoted } from '../form/untrusted.js'
import type { JournalData, Untrusted } from '../records.js'
import type { RecordingSums } from './recording-lines.js'

/** The last word of a list on what its job was to export. */
interface Listing extends Untrusted<JournalData['listing']> {
  readonly expected: number
  readonly skipped: number
}

/** The jobs of a run, what was expected of each, and whether its report may rest on them. */
export class JobAccount {
  /** What the run was asked for, except for its interval. */
  #wanted: string | undefined
  #interval: unknown
  #parts: readonly unknown[] | undefined
  #attempt = -1
  /** How far the index reached when the job of each request of the last attempt was asked for, by the request. */
  #intents = new Map<string, Members>()
  /** The last word on each job, by its id. */
  readonly #jobs = new Map<unknown, unknown>()
  readonly #listings = new Map<unknown, Listing>()
  #withdrawn = 0

  /** The last attempt at the export; -1 before the first. */
  get attempt(): number {
    return this.#attempt
  }

  /** Whether recordings of the lists have no line, since the platform said that they are not meant. */
  get hasWithdrawn(): boolean {
    return this.#withdrawn > 0
  }

  started({ request }: Untrusted<JournalData['run-started']>): void {
    const { interval, ...rest } = membersOf(request)
    this.#wanted = request === undefined ? undefined : canonicalJson(rest)
    this.#interval = interval
  }

  /** A run that is resumed reads its lists again. */
  resumed(): void {
    this.#listings.clear()
    this.#withdrawn = 0
  }

  inspected({ parts }: Untrusted<JournalData['inspection']>): void {
    this.#parts = Array.isArray(parts) ? parts.map((part) => membersOf(part).request) : undefined
  }

  intended({ attempt, request, coverage }: Untrusted<JournalData['job-intent']>): string | undefined {
    const { interval, ...rest } = membersOf(request)
    const isNext = attempt === this.#attempt + 1
    if (!isNext && attempt !== this.#attempt) return `is of the attempt ${quoted(attempt)}, after ${this.#attempt}`
    if (isNext) {
      this.#intents = new Map()
      this.#attempt += 1
    }
    this.#intents.set(canonicalJson(request), membersOf(coverage))
    if (this.#wanted === undefined || canonicalJson(rest) === this.#wanted) return undefined
    return `asks for a job of ${quoted(rest)}, and the run is of ${this.#wanted}`
  }

  job(job: Untrusted<JournalData['job']>): string | undefined {
    if (this.#attempt < 0) return 'is a job that nobody had asked for'
    this.#jobs.set(job.id, job)
    return undefined
  }

  listed(listing: Untrusted<JournalData['listing']>): string | undefined {
    const { jobId, expected, skipped, repeated = 0 } = listing
    if (!this.#jobs.has(jobId)) return `lists the recordings of the job ${quoted(jobId)}, which is not on record`
    if (!isCount(expected) || !isCount(skipped) || !isCount(repeated) || skipped > expected || repeated > expected) {
      return `lists ${quoted(expected)} recordings, ${quoted(skipped)} of them left out and ${quoted(repeated)} known before`
    }
    this.#listings.set(jobId, { ...listing, expected, skipped })
    return undefined
  }

  withdrawn({ recordings }: Untrusted<JournalData['withdrawal']>): string | undefined {
    if (!isCount(recordings) || recordings === 0) return `withdraws ${quoted(recordings)} recordings`
    this.#withdrawn = recordings
    return undefined
  }

  /** Says why a report cannot rest on these jobs. */
  report(report: Untrusted<JournalData['report']>, sums: RecordingSums): string | undefined {
    const jobs = itemsOf(report.jobs).map(membersOf)
    return this.#contradictionOfJobs(report, jobs) ?? this.#contradictionOfDepth(report, jobs, sums)
  }

  #contradictionOfJobs(
    { job, jobs: given }: Untrusted<JournalData['report']>,
    jobs: readonly Members[],
  ): string | undefined {
    if (jobs.length === 0 || !isSame(job, jobs[0])) return 'is a report whose job is not the first of its jobs'
    if (new Set(jobs.map(({ id }) => id)).size < jobs.length) return 'is a report that names a job twice'
    const unknown = jobs.find((one) => !this.#jobs.has(one.id) || !isSame(one, this.#jobs.get(one.id)))
    if (unknown !== undefined) return `is a report that says of the job ${quoted(unknown.id)} what is not on record`
    if (jobs.length !== this.#intents.size) {
      return `is a report of ${jobs.length} jobs, and ${this.#intents.size} were asked for`
    }
    const stray = jobs.find(({ request }) => request !== undefined && !this.#intents.has(canonicalJson(request)))
    if (stray !== undefined) return `is a report whose job ${quoted(stray.id)} was not asked for so`
    const parts = this.#parts
    if (parts === undefined || itemsOf(given).length === parts.length) return undefined
    return `is a report of ${jobs.length} jobs, and the request was split into ${parts.length}`
  }

  #contradictionOfDepth(
    report: Untrusted<JournalData['report']>,
    jobs: readonly Members[],
    sums: RecordingSums,
  ): string | undefined {
    const { depth, proven, provenUntil } = membersOf(report.coverage)
    const isListed = this.#listings.size > 0
    if (depth !== (isListed ? 'recordings' : 'counts') || membersOf(report.reconciliation).depth !== depth) {
      return `is a report that compared ${quoted(depth)}, and the recordings were ${isListed ? '' : 'not '}listed`
    }
    const contradiction = isListed ? this.#contradictionOfLists(jobs, sums) : contradictionOfTotals(jobs, sums)
    if (contradiction !== undefined || proven !== true) return contradiction
    if (provenUntil !== undefined && provenUntil !== membersOf(this.#interval).end) {
      return `is a report that is proven until ${quoted(provenUntil)}, and the run is of another interval`
    }
    return this.#doubtOf(jobs, sums, isListed)
  }

  /** Each recording that a list names has a line, except for those that the platform withdrew. */
  #contradictionOfLists(
    jobs: readonly Members[],
    { listed, unnamed, digestOfListed }: RecordingSums,
  ): string | undefined {
    const listings = jobs.map(({ id }) => this.#listings.get(id))
    if (listings.some((listing) => listing === undefined))
      return 'is a report of a job whose recordings were not listed'
    if (unnamed > 0) return `is a report of ${unnamed} recordings without a name, where each was listed`
    // Journals of versions that did not say what their lists repeat cannot be added up.
    if (listings.some((listing) => listing?.repeated === undefined)) return undefined
    const named = listings.reduce((sum, listing) => sum + Number(listing?.expected) - Number(listing?.repeated), 0)
    if (listed > named || listed < named - this.#withdrawn) {
      const withdrawn = this.#withdrawn === 0 ? '' : `, of which ${this.#withdrawn} were withdrawn`
      return `is a report of ${listed} recordings that were listed, and the lists name ${named}${withdrawn}`
    }
    // Which of them were withdrawn is not on record.
    if (listed < named || listings.some((listing) => typeof listing?.digest !== 'string')) return undefined
    const digest = new IdDigest()
    for (const listing of listings) digest.addAll(String(listing?.digest))
    return digest.hex === digestOfListed ? undefined : 'is a report of other recordings than the lists name'
  }

  /** What speaks against a coverage that is said to be proven. */
  #doubtOf(jobs: readonly Members[], sums: RecordingSums, isListed: boolean): string | undefined {
    const says = 'is a report that says that its coverage is proven, and'
    const asked = [...this.#intents].map(([request, coverage]) => ({ request: JSON.parse(request), coverage }))
    const short = asked.find(({ request, coverage }) => {
      const { interval } = membersOf(request)
      return !(isCoverage(coverage) && isInterval(interval) && covers(coverage, interval))
    })
    if (short !== undefined) return `${says} the index reached only until ${quoted(short.coverage.availableUntil)}`
    if (!isListed) return jobs.every(isCounted) ? undefined : `${says} the recordings were neither listed nor counted`
    const listings = jobs.map(({ id }) => membersOf(this.#listings.get(id)))
    const doubt = listings.find((listing) => listing.doubt !== undefined)?.doubt
    if (doubt !== undefined) return `${says} the platform itself doubts its list: ${quoted(doubt)}`
    // What continued after an earlier part of the interval belongs to the next part as well.
    const ongoing = listings.at(-1)?.ongoing ?? 0
    if (ongoing !== 0) return `${says} ${quoted(ongoing)} conversations had not ended`
    if (sums.listed + sums.offList === 0 && !jobs.every(isCounted)) return `${says} nothing was listed or counted`
    const more = jobs.reduce((sum, { totals }, at) => {
      const { expected = 0, skipped = 0 } = listings[at] ?? {}
      return sum + Math.max(0, Number(membersOf(totals).recordings ?? 0) - (Number(expected) - Number(skipped)))
    }, 0)
    if (more <= sums.offList) return undefined
    return `${says} the jobs count ${more} recordings more than were listed, and ${sums.offList} came of themselves`
  }
}

function isCounted({ totals }: Members): boolean {
  return isCount(membersOf(totals).recordings)
}

/** Where recordings are not listed, there are as many as the jobs count. */
function contradictionOfTotals(jobs: readonly Members[], { total }: RecordingSums): string | undefined {
  if (!jobs.every(isCounted)) return undefined
  const counted = jobs.reduce((sum, { totals }) => sum + Number(membersOf(totals).recordings), 0)
  return total >= counted ? undefined : `is a report of ${total} recordings, and the jobs count ${counted}`
}

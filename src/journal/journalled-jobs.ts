import { canonicalJson } from '../internal/canonical-json.js'
import type { ExportJob } from '../model/platform.js'
import type { ProtectionReport } from '../model/report.js'
import type { JobIntent } from './record-data.js'

/** One job that a run intended, and what is known of it. */
export interface JournalledJob extends JobIntent {
  /** Milliseconds: before this the job was not asked for. */
  readonly intendedAt: number
  /** As it was last seen; absent if the run ended before it knew whether there is one. */
  job: ExportJob | undefined
  /** The run was about to cancel it. */
  cancelling: boolean
  /** What became of deletion protection at the source; `undefined` if it was not asked about afterwards. */
  protection: ProtectionReport | undefined
  /** Recordings that the platform listed for it, later ones too, when it listed most; `undefined` if no list was read to its end. */
  listed: number | undefined
}

/** The jobs of a journal, found without going through all of them at each record. */
export class JournalledJobs {
  /** In the order in which they were intended. */
  readonly list: JournalledJob[] = []
  readonly #attempts = new Set<number>()
  readonly #byId = new Map<string, JournalledJob[]>()
  /** Those that no job is known of yet, by their request. */
  readonly #unknown = new Map<string, JournalledJob[]>()

  /**
   * @param at when it was recorded, in milliseconds
   * @returns whether it is the first of its attempt
   */
  intend({ attempt, request, coverage, takenUp }: JobIntent, at: number): boolean {
    const unknown = { job: undefined, cancelling: false, protection: undefined, listed: undefined }
    const entry: JournalledJob = { attempt, request, coverage, takenUp, intendedAt: at, ...unknown }
    this.list.push(entry)
    put(this.#unknown, canonicalJson(request), entry)
    const isFirst = !this.#attempts.has(attempt)
    this.#attempts.add(attempt)
    return isFirst
  }

  /** A job is that of the last intent for its request, or one that is known and seen again. */
  see(job: ExportJob): void {
    const [known] = this.of(job.id)
    const entry = known ?? this.#unknown.get(canonicalJson(job.request))?.pop()
    if (entry === undefined) return
    entry.job = job
    if (known === undefined) put(this.#byId, job.id, entry)
  }

  /** What is known of a job. */
  of(jobId: string): readonly JournalledJob[] {
    return this.#byId.get(jobId) ?? []
  }
}

function put(lists: Map<string, JournalledJob[]>, name: string, entry: JournalledJob): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [entry])
  else list.push(entry)
}

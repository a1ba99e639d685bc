import { hasForm } from '../../journal/form/data-form.js'
import { ownJournalOf } from '../../journal/own-journal.js'
import type { RecordedRelease } from '../../journal/record-data.js'
import type { UntrustedRecord } from '../../journal/records.js'
import { LegalHoldError } from '../../model/errors.js'
import type { LegalHold } from '../../model/hold.js'
import type { JournalRecord } from '../../model/record.js'
import type { JournalStatus } from './journal-status.js'

/** What `status --json` prints of the journal of releases, or of repairs outside of a run. */
export interface RepairJournalStatus extends Pick<JournalStatus, 'journal' | 'state' | 'writer' | 'lastMoved'> {
  readonly schemaVersion: 1
  readonly kind: 'release' | 'remediation'
  readonly records: number
  /** The tag. Of a release also the rest of the hold. */
  readonly hold: LegalHold
  /** How many releases the journal records; what follows is of the last one. */
  readonly releases?: number | undefined
  readonly startedAt: string
  readonly reason?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly allowUnlock?: boolean | undefined
  /** Changes by what became of them: `unknown` were begun, and nobody wrote down how they ended. */
  readonly changes: { readonly made: number; readonly failed: number; readonly unknown: number }
  /** Objects by outcome, once a release has ended. */
  readonly counts?: RecordedRelease['counts']
  readonly source?: RecordedRelease['source']
}

/** Reads the records of a journal that is not that of a run. Memory holds the changes that are under way, and no more. */
export class RepairJournalTally {
  readonly #kind: RepairJournalStatus['kind']
  #records = 0
  #last: JournalRecord | undefined
  #startedAt = ''
  #tag = ''
  #releases = 0
  #release: RecordedRelease | undefined
  #changes = { made: 0, failed: 0 }
  readonly #open = new Map<string, number>()

  /** @param runId that the records of the journal bear @returns `undefined` for the journal of a run */
  static of(runId: string): RepairJournalTally | undefined {
    if (ownJournalOf(runId) === undefined) return undefined
    return new RepairJournalTally(runId === 'release' ? 'release' : 'remediation')
  }

  private constructor(kind: RepairJournalStatus['kind']) {
    this.#kind = kind
  }

  /** @throws LegalHoldError `JOURNAL_CORRUPT` */
  add(entry: JournalRecord): void {
    const record: UntrustedRecord = entry
    this.#records += 1
    this.#last = entry
    if (this.#startedAt === '') this.#startedAt = record.time
    if (!hasForm(record)) throw corrupt(this.#records)
    if (record.type === 'release') this.#takeRelease(record.data, record.time)
    if (record.type === 'intent') {
      this.#tag = record.data.hold
      this.#count(changeOf(record.data.object, record.data.step.action), 1)
    }
    if (record.type === 'outcome') {
      const { object, action, result, error } = record.data
      if (result === undefined && error === undefined) return
      this.#count(changeOf(object, action), -1)
      this.#changes[error === undefined ? 'made' : 'failed'] += 1
    }
  }

  /** @param now milliseconds */
  status(journal: string, writer: JournalStatus['writer'], now: number): RepairJournalStatus {
    const release = this.#release
    const { time = '', type = 'release' } = this.#last ?? {}
    const unknown = [...this.#open.values()].reduce((sum, count) => sum + count, 0)
    // A repair outside of a run writes down no end: what is not under way, and left nothing open, is over.
    const isOver = this.#kind === 'release' ? release?.phase === 'ended' : unknown === 0
    return {
      schemaVersion: 1,
      kind: this.#kind,
      journal,
      state: writer !== undefined ? 'running' : isOver ? 'finished' : 'interrupted',
      writer,
      hold: release?.hold ?? { tag: this.#tag },
      releases: this.#kind === 'release' ? this.#releases : undefined,
      startedAt: this.#startedAt,
      records: this.#records,
      lastMoved: { at: time, agoMs: Math.max(0, now - Date.parse(time)), record: type },
      reason: release?.reason,
      dryRun: release?.dryRun,
      allowUnlock: release?.allowUnlock,
      changes: { ...this.#changes, unknown },
      counts: release?.counts,
      source: release?.source,
    }
  }

  #takeRelease(release: RecordedRelease, time: string): void {
    this.#release = release
    if (release.phase === 'ended') return
    this.#releases += 1
    this.#startedAt = time
    this.#changes = { made: 0, failed: 0 }
    this.#open.clear()
  }

  #count(change: string, by: number): void {
    const count = (this.#open.get(change) ?? 0) + by
    if (count > 0) this.#open.set(change, count)
    else this.#open.delete(change)
  }
}

function changeOf(
  { key, versionId }: { readonly key: string; readonly versionId?: string | undefined },
  action: string,
) {
  return JSON.stringify([key, versionId, action])
}

function corrupt(line: number): LegalHoldError {
  return new LegalHoldError(
    `Record ${line} of the journal does not have the form of its type. Something other than this library changed it: keep it as it is.`,
    { code: 'JOURNAL_CORRUPT', stage: 'journal', details: { line } },
  )
}

import { FileJournal } from '../../custody/journal/file-journal.js'
import { LegalHoldExporter } from '../../exporter.js'
import { counted, figure } from '../../internal/text/counted.js'
import type { PriceTable } from '../../model/prices.js'
import type { Given } from '../arguments.js'
import { byKeysOfFile, connect, type Need } from '../config/connect.js'
import { type Resolved, resolveMatter } from '../config/resolve.js'
import { placesOf } from '../files/places.js'
import { loggerOf, tellNotes } from '../telling/log.js'
import { shown, type Terminal } from '../terminal.js'

/** Objects that JSON lists, and that a terminal shows. */
const most = { json: 1_000, terminal: 50 }

/** One object that a person should hear of. */
export interface Noted {
  readonly outcome: string
  readonly key: string
  readonly versionId?: string | undefined
  readonly reason?: string | undefined
}

/** Counts objects by what became of them, and keeps the first of those that a person should hear of. */
export class ObjectTally {
  readonly counts: Record<string, number> = {}
  readonly noted: Noted[] = []
  #more = 0

  add(outcome: string, noted?: Noted): void {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1
    if (noted === undefined) return
    if (this.noted.length < most.json) this.noted.push(noted)
    else this.#more += 1
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0)
  }

  count(...outcomes: readonly string[]): number {
    return outcomes.reduce((sum, outcome) => sum + (this.counts[outcome] ?? 0), 0)
  }

  /** The part of `--json` that each of these commands has. */
  json(): {
    readonly counts: Readonly<Record<string, number>>
    readonly objects: readonly Noted[]
    readonly more: number
  } {
    return { counts: this.counts, objects: this.noted, more: this.#more }
  }

  tell(terminal: Terminal): void {
    for (const { outcome, key, reason } of this.noted.slice(0, most.terminal)) {
      terminal.out(`${outcome} ${shown(key)}${reason === undefined ? '' : `: ${shown(reason)}`}`)
    }
    const more = this.noted.length - most.terminal + this.#more
    if (more > 0) terminal.out(`… and ${figure(more)} more (--json lists ${figure(most.json)})`)
    const list = Object.entries(this.counts).map(([name, count]) => `${figure(count)} ${name}`)
    terminal.out(`${counted(this.total, 'object')}${list.length === 0 ? '' : `: ${list.join(', ')}`}`)
  }
}

/** What a command works with that looks at a bucket and not at an export. */
export interface BucketWork {
  readonly exporter: LegalHoldExporter
  readonly resolved: Resolved
  readonly prices: PriceTable | undefined
  /** Closes what was opened, the journal included. */
  close(): Promise<void>
}

/** Opens the bucket of a matter; with `journal` what is changed is written down there. */
export async function openBucket(
  given: Given,
  terminal: Terminal,
  journal: 'remediations' | 'releases' | undefined,
  need: Need = 'storage',
): Promise<BucketWork> {
  const resolved = await resolveMatter(given, terminal)
  tellNotes(resolved, given, terminal)
  const { options, close } = await connect(resolved, need, loggerOf(given, resolved, terminal))
  const place = journal === undefined ? undefined : (given.text('journal') ?? placesOf(resolved)[journal])
  const kept = place === undefined ? undefined : new FileJournal(place)
  const exporter = byKeysOfFile(resolved, '', () => new LegalHoldExporter({ ...options, journal: kept }))
  return {
    exporter,
    resolved,
    prices: options.remediation?.prices,
    close: async () => {
      close()
      await kept?.close()
    },
  }
}

import { styleText } from 'node:util'
import type { RunEvent, RunReport } from 'genesys-legal-hold-exporter'
import { createProgressReporter, type ProgressReporter } from 'genesys-legal-hold-exporter/node'
import { counted, verb } from './counted.ts'

/** Why the quickstart accepts a finding. */
export type Acceptances = ReadonlyMap<string, string>

const headings: Partial<Record<RunEvent['type'], string>> = {
  finding: '1  Inspect: what would go wrong',
  'job-waiting': '2  Export',
  'job-created': '2  Export',
  landing: '3  Validate and repair, object by object as they land',
}

/** The library's own progress, under headings, with the account at its end. */
export class Display {
  readonly #quiet: boolean
  readonly acceptances: Acceptances
  readonly #progress: ProgressReporter = createProgressReporter({ stream: process.stdout })
  #section = ''

  constructor(quiet: boolean, acceptances: Acceptances) {
    this.#quiet = quiet
    this.acceptances = acceptances
  }

  /** The first line, before anything is loaded that takes a while. */
  title(): void {
    this.print(this.#paint('bold', 'A legal hold, from order to proof'))
  }

  /** Facts before the run, as aligned pairs. */
  header(facts: readonly (readonly [string, string])[]): void {
    for (const [name, value] of facts) this.print(`  ${this.#paint('dim', name.padEnd(10))} ${value}`)
  }

  readonly onEvent = (event: RunEvent): void => {
    if (this.#quiet) return
    const heading = headings[event.type]
    if (heading !== undefined && heading > this.#section) {
      this.#section = heading
      this.#progress.log(`\n${heading}`, 'heading')
    }
    // The account and the evidence have sections of their own.
    if (event.type === 'run-finished' || event.type === 'sealed') return
    this.#progress.onEvent(event)
    if (event.type === 'finding' && event.accepted) {
      const why = this.acceptances.get(event.finding.code) ?? 'accepted by --accept'
      this.#progress.log(`          why: ${why}`, 'quiet')
    }
  }

  /** Takes the bars away. */
  close(): void {
    this.#progress.close()
  }

  /** The closing table. */
  result(report: RunReport): void {
    this.close()
    this.print('')
    this.print(this.#paint('bold', '4  Result'))
    this.print(
      this.#paint(
        'dim',
        '  in recordings; each is only as well off as the worst of its companions (sidecar, transcripts, attachments)',
      ),
    )
    const { counts, objects, coverage, remediations, timings } = report
    const rows: [string, number, string][] = [
      ['expected', counts.expected, 'recordings the platform lists for the hold'],
      ['held', counts.held, 'carried the hold on arrival, companions too'],
      ['repaired', counts.repaired, 'got it here, read back and compared property by property'],
      ['conflicting', counts.conflicting, "another matter's tag is there"],
      ['unreadable', counts.unreadable, 'could not be checked'],
      [
        'unrepaired',
        counts.unrepaired,
        report.dryRun ? 'a repair is planned (dry run)' : 'a repair failed or was refused',
      ],
      ['missing', counts.missing, 'expected and not delivered'],
      ['failedAtSource', counts.failedAtSource, 'could not be exported by the platform'],
      ['skippedAtSource', counts.skippedAtSource, 'left out by the platform'],
    ]
    for (const [name, count, meaning] of rows) {
      const bad = count > 0 && !['expected', 'held', 'repaired'].includes(name)
      const line = `  ${name.padEnd(15)}${String(count).padStart(8)}  ${this.#paint('dim', meaning)}`
      this.print(bad ? this.#paint('red', line) : line)
    }
    this.print(
      `  ${this.#paint(
        'dim',
        `${counted(objects.listed, 'object')}: ${counted(objects.recordings, 'recording')}, ${counted(objects.sidecars, 'sidecar')}, ` +
          `${counted(objects.transcripts, 'transcript')}, ${counted(objects.attachments, 'attachment')}; ${objects.unexpected} of other exports left alone`,
      )}`,
    )
    const repairs = report.dryRun
      ? `${counted(remediations.planned, 'repair')} planned`
      : `${counted(remediations.repaired, 'object')} repaired`
    this.print(
      `  ${this.#paint('dim', `${repairs}, ${remediations.failed} failed, in ${((timings.total ?? 0) / 1000).toFixed(1)} s`)}`,
    )
    if (report.dryRun) {
      const { dollars, prices, bytesCopied } = remediations.cost
      const once = `${verb(remediations.planned, 'it', 'they')} would copy ${counted(bytesCopied, 'byte')} and cost ${dollars.total} dollars on Amazon S3`
      this.print(
        `  ${this.#paint('dim', `${once} (${prices.region}, prices of ${prices.asOf}), and ${dollars.storagePerMonth} a month for the originals`)}`,
      )
    }
    this.print(
      coverage.proven
        ? `  ${this.#paint('dim', `coverage proven until ${coverage.provenUntil}`)}`
        : this.#paint('yellow', `  coverage not proven: ${coverage.reason}`),
    )
    for (const line of sourceLines(report)) this.print(`  ${this.#paint('dim', printable(line))}`)
    for (const exception of report.exceptions.slice(0, 5)) {
      const { recordingId, conversationId, count = 1 } = exception
      const what = recordingId === undefined ? counted(count, 'recording') : `recording ${recordingId}`
      const of = conversationId === undefined ? '' : ` of conversation ${conversationId}`
      this.print(this.#paint('yellow', `  ${exception.state}: ${printable(what + of)}: ${printable(exception.reason)}`))
    }
    if (report.exceptions.length > 5)
      this.print(this.#paint('yellow', `  … ${report.exceptions.length - 5} more in the report`))
    const colour = ({ complete: 'green', incomplete: 'red', 'nothing-expected': 'dim' } as const)[report.outcome]
    const verdict = this.#paint(colour, report.outcome.toUpperCase().replace('-', ' '))
    this.print(`\n${this.#paint('bold', verdict)}  ${sentence(report)}`)
  }

  /** A section whose lines are known. */
  section(heading: string, lines: readonly string[]): void {
    this.print(`\n${this.#paint('bold', heading)}`)
    for (const line of lines) this.print(line)
  }

  print(line: string): void {
    if (!this.#quiet) process.stdout.write(`${line}\n`)
  }

  #paint(style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): string {
    return this.#progress.mode === 'bars' ? styleText(style, text, { validateStream: false }) : text
  }
}

/** What of the organisation is worth knowing beside the numbers. */
function sourceLines({ coverage: { scope }, reconciliation, findings }: RunReport): string[] {
  const { withoutEnd = 0 } = reconciliation
  const archived = findings.find(({ code }) => code === 'recordings-archived')
  const names = (scope?.seen ?? []).map(({ id, name }) => name ?? id).join(', ')
  return [
    ...(scope === undefined
      ? []
      : [
          scope.reach === 'whole'
            ? `divisions: the client sees all ${scope.seen.length} (${names}), so no list leaves one out`
            : `divisions: ${scope.reach}; seen: ${names}`,
        ]),
    ...(archived === undefined ? [] : [`archive: ${archived.message}`]),
    ...(withoutEnd === 0
      ? []
      : [
          `ongoing: ${counted(withoutEnd, 'conversation')} had no end yet; what is recorded later belongs to a later interval`,
        ]),
  ]
}

function sentence({ counts, coverage, dryRun, hold }: RunReport): string {
  if (counts.expected === 0 && coverage.proven)
    return 'No recording matched the request, so nothing was put under the hold.'
  const good = counts.held + counts.repaired
  if (good === counts.expected && coverage.proven) {
    return counts.expected === 1
      ? `The one recording and its companions carry the hold ${hold.tag}.`
      : `All ${counted(counts.expected, 'recording')} and their companions carry the hold ${hold.tag}.`
  }
  const open = counts.expected - good
  if (open === 0) {
    const delivered = counted(counts.expected, 'delivered recording')
    return `${verb(counts.expected, delivered, `All ${delivered}`)} ${verb(counts.expected, 'carries', 'carry')} the hold, but coverage is not proven.`
  }
  return `${open} of ${counted(counts.expected, 'recording')} ${verb(open, 'is', 'are')} not under the hold${dryRun ? ' (dry run: nothing was changed)' : ''}.`
}

/** Keys and the platform's messages are hostile input: nothing in them may move the cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}

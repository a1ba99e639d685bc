import type { RunEvent, RunReport } from 'genesys-legal-hold-exporter'

const ordinary = process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.CI === undefined
const paint = (code: number) => (text: string) => (ordinary ? `\u001b[${code}m${text}\u001b[0m` : text)
const bold = paint(1)
const dim = paint(2)
const red = paint(31)
const green = paint(32)
const yellow = paint(33)

/** Why the quickstart accepts a finding. */
export type Acceptances = ReadonlyMap<string, string>

/** Draws a run on the terminal; plain lines where it is none. */
export class Display {
  readonly #quiet: boolean
  readonly #acceptances: Acceptances
  readonly #arrived = { held: 0, untagged: 0, mismatched: 0, conflicting: 0, unreadable: 0, absent: 0 }
  #repaired = 0
  #pending: number | undefined
  #expected = 0
  #lastState = ''
  #section = ''
  #drawnAt = 0
  #lineOpen = false
  #onRecord = 0
  #isOver = false
  #toldLate = false

  constructor(quiet: boolean, acceptances: Acceptances) {
    this.#quiet = quiet
    this.#acceptances = acceptances
  }

  /** Facts before the run, as aligned pairs. */
  header(facts: readonly (readonly [string, string])[]): void {
    this.print(bold('A legal hold, from order to proof'))
    for (const [name, value] of facts) this.print(`  ${dim(name.padEnd(10))} ${value}`)
  }

  readonly onEvent = (event: RunEvent): void => {
    switch (event.type) {
      case 'run-resumed':
        this.#resumed(event)
        break
      case 'finding':
        this.#heading('1  Inspect: what would go wrong')
        this.#finding(event)
        break
      case 'job-waiting':
        this.#heading('2  Export')
        this.print(`  waiting: ${event.reason}`)
        break
      case 'job-created':
        if (!event.adopted) break
        this.#heading('2  Export')
        this.print(`  job ${event.job.id} is there already, and no other is created`)
        break
      case 'job-progress':
        this.#job(event)
        break
      case 'expected':
        this.#expected = event.recordings
        break
      case 'landing':
        this.#pending = event.pending
        this.#late(event.pending)
        break
      case 'verdict':
        this.#heading('3  Validate and repair, object by object as they land')
        this.#arrived[event.verdict.verdict] += 1
        this.#progress()
        break
      case 'remediation':
        if (event.remediation.outcome === 'repaired') this.#repaired += 1
        this.#progress()
        break
      case 'forced-retry':
        this.print(`  ${event.untagged} objects lack the tag: exporting again with the profile forced to include it`)
        break
      case 'retry':
        this.print(
          `  ${dim(`${event.error.code} on ${printable(event.subject)}: trying again in ${event.delayMs} ms`)}`,
        )
        break
      default:
        break
    }
  }

  /** The closing table. */
  result(report: RunReport): void {
    this.#closeLine()
    if (!this.#isOver) this.#onArrival()
    this.print('')
    this.print(bold('4  Result'))
    this.print(
      dim(
        '  in recordings; each is only as well off as the worst of its companions (sidecar, transcripts, attachments)',
      ),
    )
    const { counts, objects, coverage, remediations, timings } = report
    const rows: [string, number, string][] = [
      ['expected', counts.expected, 'recordings the platform lists for the hold'],
      ['held', counts.held, 'carried the hold on arrival, companions too'],
      ['repaired', counts.repaired, 'got it here, read back and compared property by property'],
      ['conflicting', counts.conflicting, "another matter's tag stands there"],
      ['unreadable', counts.unreadable, 'could not be checked'],
      [
        'unrepaired',
        counts.unrepaired,
        report.dryRun ? 'a repair is planned (dry run)' : 'a repair failed or was refused',
      ],
      ['missing', counts.missing, 'expected and not delivered'],
      ['failed', counts.failedAtSource, 'failed at the source'],
      ['skipped', counts.skippedAtSource, 'left out at the source'],
    ]
    for (const [name, count, meaning] of rows) {
      const bad = count > 0 && !['expected', 'held', 'repaired'].includes(name)
      const line = `  ${name.padEnd(12)}${String(count).padStart(8)}  ${dim(meaning)}`
      this.print(bad ? red(line) : line)
    }
    this.print(
      `  ${dim(
        `${objects.listed} objects: ${objects.recordings} recordings, ${objects.sidecars} sidecars, ` +
          `${objects.transcripts} transcripts, ${objects.attachments} attachments; ${objects.unexpected} of other exports left alone`,
      )}`,
    )
    const repairs = report.dryRun
      ? `${remediations.planned} repairs planned`
      : `${remediations.repaired} objects repaired`
    this.print(
      `  ${dim(`${repairs}, ${remediations.failed} failed, in ${((timings.total ?? 0) / 1000).toFixed(1)} s`)}`,
    )
    if (report.dryRun) {
      const { dollars, prices, bytesCopied } = remediations.cost
      const once = `they would copy ${bytesCopied} bytes and cost ${dollars.total} dollars on Amazon S3`
      this.print(
        `  ${dim(`${once} (${prices.region}, prices of ${prices.asOf}), and ${dollars.storagePerMonth} a month for the originals`)}`,
      )
    }
    this.print(
      coverage.proven
        ? `  ${dim(`coverage proven until ${coverage.provenUntil}`)}`
        : yellow(`  coverage not proven: ${coverage.reason}`),
    )
    for (const exception of report.exceptions.slice(0, 5)) {
      const { recordingId, conversationId, count = 1 } = exception
      const what = recordingId === undefined ? `${count} recordings` : `recording ${recordingId}`
      const of = conversationId === undefined ? '' : ` of conversation ${conversationId}`
      this.print(yellow(`  ${exception.state}: ${printable(what + of)}: ${printable(exception.reason)}`))
    }
    if (report.exceptions.length > 5) this.print(yellow(`  … ${report.exceptions.length - 5} more in the report`))
    const verdict = report.outcome === 'complete' ? green('COMPLETE') : red('INCOMPLETE')
    this.print(`\n${bold(verdict)}  ${sentence(report)}`)
  }

  /** A section whose lines are known. */
  section(heading: string, lines: readonly string[]): void {
    this.#heading(heading)
    for (const line of lines) this.print(line)
  }

  print(line: string): void {
    if (this.#quiet) return
    this.#closeLine()
    process.stdout.write(`${line}\n`)
  }

  #heading(section: string): void {
    if (this.#section === section) return
    this.#section = section
    this.print('')
    this.print(bold(section))
  }

  #resumed({ finished, resumed, verdicts }: Extract<RunEvent, { type: 'run-resumed' }>): void {
    this.#onRecord = verdicts
    this.#isOver = finished
    const objects = `${verdicts} objects are on record`
    const times = resumed === 1 ? 'once' : `${resumed} times`
    if (finished)
      this.print(`  ${dim('finished'.padEnd(10))} ${objects}, and the report is as it was; nothing is done again`)
    else this.print(`  ${dim('resumed'.padEnd(10))} ${times} by now; ${objects} and are not read again`)
  }

  #finding({ finding, accepted }: Extract<RunEvent, { type: 'finding' }>): void {
    const colours = { blocker: accepted ? yellow : red, warning: yellow, info: dim }
    const label = accepted ? 'accepted' : finding.severity
    this.print(`  ${colours[finding.severity](label.padEnd(9))} ${bold(finding.code)}  ${printable(finding.message)}`)
    const why = this.#acceptances.get(finding.code)
    if (accepted && why !== undefined) this.print(`            ${dim(`why: ${why}`)}`)
    else if (accepted) this.print(`            ${dim('why: accepted by --accept')}`)
    else if (finding.severity === 'blocker') this.print(`            ${dim(printable(finding.remedy))}`)
  }

  #job({ job }: Extract<RunEvent, { type: 'job-progress' }>): void {
    const totals = job.totals.recordings === undefined ? '' : `, ${job.totals.recordings} recordings`
    const quarter = Math.floor((job.percentProgress ?? 0) / 25) * 25
    const state = `${job.state}${job.state === 'PROCESSING' && quarter > 0 ? ` ${quarter} %` : ''}${totals}`
    if (state === this.#lastState) return
    if (this.#section === '' || this.#section.startsWith('1')) this.#heading('2  Export')
    this.print(this.#lastState === '' ? `  job ${job.id}: ${state}` : `  job: ${state}`)
    this.#lastState = state
  }

  /** FULFILLED does not prove landing: how much was still to come is worth a line. */
  #late(pending: number | undefined): void {
    if (this.#toldLate || !this.#lastState.startsWith('FULFILLED') || (pending ?? 0) === 0) return
    this.#toldLate = true
    this.print(`  the job says it is done, but ${pending} recordings have not landed: waiting for them`)
  }

  #progress(): void {
    if (this.#quiet || !ordinary) return
    const now = Date.now()
    if (now - this.#drawnAt < 80) return
    this.#drawnAt = now
    const seen = Object.values(this.#arrived).reduce((sum, count) => sum + count, 0)
    const waiting =
      this.#pending === undefined ? '' : `, ${this.#pending} of ${this.#expected} recordings not landed yet`
    process.stdout.write(`\r\u001b[K  ${seen} objects read, ${this.#repaired} repaired${waiting}`)
    this.#lineOpen = true
  }

  #onArrival(): void {
    const { held, ...rest } = this.#arrived
    const seen = held + Object.values(rest).reduce((sum, count) => sum + count, 0)
    const [of, before] = this.#onRecord === 0 ? ['', ''] : [' read now', `; ${this.#onRecord} were on record`]
    this.print(`  on arrival: ${seen - held} of ${seen} objects${of} lacked the hold${before}`)
    for (const [verdict, count] of Object.entries(rest)) {
      if (count > 0) this.print(`    ${String(count).padStart(6)} ${verdict}`)
    }
    if (this.#repaired > 0) this.print(`    ${String(this.#repaired).padStart(6)} repaired and read back`)
  }

  #closeLine(): void {
    if (!this.#lineOpen) return
    process.stdout.write('\r\u001b[K')
    this.#lineOpen = false
  }
}

function sentence({ counts, coverage, dryRun, hold }: RunReport): string {
  const good = counts.held + counts.repaired
  if (good === counts.expected && coverage.proven) {
    return `All ${counts.expected} recordings and their companions carry the hold ${hold.tag}.`
  }
  const open = counts.expected - good
  if (open === 0) return `All ${counts.expected} delivered recordings carry the hold, but coverage is not proven.`
  return `${open} of ${counts.expected} recordings are not under the hold${dryRun ? ' (dry run: nothing was changed)' : ''}.`
}

/** Keys and the platform's messages are hostile input: nothing in them may move the cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}

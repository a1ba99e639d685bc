import { minuteMs } from '../internal/durations.js'
import { counted, times, verb } from '../internal/text/counted.js'
import type { RunEvent } from '../model/events.js'
import type { RunReport } from '../model/report.js'
import type { ProgressModel } from './model.js'
import { durationText, numberText } from './text.js'

/** How a line looks on a terminal with colours. */
export type ProgressStyle = 'plain' | 'heading' | 'quiet' | 'good' | 'notice' | 'bad'

/** One line that stays. */
export interface ProgressLine {
  readonly text: string
  readonly style: ProgressStyle
}

// What is wrong with single objects is told one by one up to here; the report and the journal name them all.
const mostProblems = 20

/** What is worth a line that stays. Texts from elsewhere are made harmless where lines are written. */
export class Narrative {
  readonly #jobStates = new Map<string, string>()
  #waiting: string | undefined
  #problems = 0
  #toldLate = false
  #onRecord = 0
  #seldomToldAt = Number.NEGATIVE_INFINITY

  linesOf(event: RunEvent, model: ProgressModel): ProgressLine[] {
    switch (event.type) {
      case 'run-started':
        return [quiet(`run ${event.runId}${event.dryRun ? ', dry run: nothing is changed' : ''}`)]
      case 'run-resumed':
        this.#onRecord = event.verdicts
        return [plain(resumedText(event))]
      case 'finding':
        return findingLines(event)
      case 'protected':
        return protectedLines(event)
      case 'job-waiting':
      case 'index-waiting':
        return this.#waits(event)
      case 'job-created':
      case 'job-progress':
        return this.#job(event)
      case 'landing':
        return this.#late(model)
      case 'verdict':
        return this.#verdict(event)
      case 'remediation':
        return this.#remediation(event)
      case 'forced-retry':
        return [
          notice(
            `${counted(event.untagged, 'object')} ${verb(event.untagged, 'lacks', 'lack')} the tag: exporting again with the profile forced to include it`,
          ),
        ]
      case 'retry':
        // Those of the storage come by the thousand when S3 throttles, and are only counted.
        return ['discover', 'validate', 'remediate'].includes(event.stage)
          ? []
          : this.#seldom(event, `${event.error.code} on ${event.subject}: trying again until ${event.givesUpAt}`)
      case 'waiting':
        return this.#seldom(event, `waiting for ${event.subject}: ${event.reason}`)
      case 'reconciled':
        return arrivals(model, this.#onRecord)
      case 'run-finished':
        return [summary(event.report)]
      case 'sealed':
        return [plain(`evidence: ${event.evidence.dir}, signed with ${event.evidence.fingerprint}`)]
      default:
        return []
    }
  }

  /** Events of every second are printed once a minute. The counts beneath show the present state. */
  #seldom(event: RunEvent, text: string): ProgressLine[] {
    const atMs = Date.parse(event.at)
    if (atMs - this.#seldomToldAt < minuteMs) return []
    this.#seldomToldAt = atMs
    return [quiet(text)]
  }

  #waits(event: Extract<RunEvent, { type: 'job-waiting' | 'index-waiting' }>): ProgressLine[] {
    const why =
      event.type === 'job-waiting'
        ? event.reason
        : `the platform's index reaches ${event.availableUntil ?? 'nowhere yet'}; the rest is exported once it reaches ${event.until}`
    // A wait is told at each poll.
    if (why === this.#waiting) return []
    this.#waiting = why
    return [notice(`waiting: ${why}`)]
  }

  #job(event: Extract<RunEvent, { type: 'job-created' | 'job-progress' }>): ProgressLine[] {
    const { job } = event
    const lines: ProgressLine[] = []
    if (event.type === 'job-created' && event.adopted) {
      lines.push(plain(`job ${job.id} is there already, and no other is created`))
    }
    if (this.#jobStates.get(job.id) !== job.state) {
      this.#jobStates.set(job.id, job.state)
      const { recordings } = job.totals
      const totals = recordings === undefined ? '' : `, ${counted(recordings, 'recording')}`
      lines.push(plain(`job ${job.id}: ${job.state}${totals}`))
    }
    return lines
  }

  /** FULFILLED does not prove landing: how much is still to come is worth a line. */
  #late({ exported, pending = 0 }: ProgressModel): ProgressLine[] {
    if (this.#toldLate || !exported || pending === 0) return []
    this.#toldLate = true
    return [
      notice(
        `the job says it is done, but ${counted(pending, 'recording')} ${verb(pending, 'has', 'have')} not landed: waiting`,
      ),
    ]
  }

  #verdict({ verdict }: Extract<RunEvent, { type: 'verdict' }>): ProgressLine[] {
    if (!['conflicting', 'unreadable', 'absent'].includes(verdict.verdict)) return []
    return this.#problem(`${verdict.verdict}: ${verdict.object.key}: ${verdict.reason ?? ''}`)
  }

  #remediation({ remediation }: Extract<RunEvent, { type: 'remediation' }>): ProgressLine[] {
    const { outcome, object, reason } = remediation
    if (outcome !== 'refused' && outcome !== 'failed') return []
    return this.#problem(`repair ${outcome}: ${object.key}: ${reason ?? ''}`)
  }

  #problem(text: string): ProgressLine[] {
    this.#problems += 1
    if (this.#problems > mostProblems) return []
    const more = {
      text: 'further objects with problems are only counted; the report names them',
      style: 'quiet',
    } as const
    return [{ text, style: 'bad' }, ...(this.#problems === mostProblems ? [more] : [])]
  }
}

function findingLines({ finding, accepted }: Extract<RunEvent, { type: 'finding' }>): ProgressLine[] {
  const { severity, code, message, remedy } = finding
  const label = accepted ? 'accepted' : severity
  const style = severity === 'info' ? 'quiet' : severity === 'blocker' && !accepted ? 'bad' : 'notice'
  const line: ProgressLine = { text: `${label.padEnd(9)} ${code}: ${message}`, style }
  return style === 'bad' ? [line, plain(`${' '.repeat(10)}${remedy}`)] : [line]
}

function protectedLines({ result }: Extract<RunEvent, { type: 'protected' }>): ProgressLine[] {
  const { protectedConversations, failed } = result
  const line = plain(
    `${counted(protectedConversations, 'conversation')} ${verb(protectedConversations, 'is', 'are')} protected at the source`,
  )
  return failed.length === 0
    ? [line]
    : [line, notice(`${numberText(failed.length)} could not be protected at the source`)]
}

function arrivals(model: ProgressModel, onRecord: number): ProgressLine[] {
  const { lacking, objects, verdicts, remediations } = model
  if (objects === 0) return []
  const kinds = [...verdicts].filter(([kind]) => kind !== 'held').map(([kind, count]) => `${numberText(count)} ${kind}`)
  const [now, before] =
    onRecord === 0 ? ['', ''] : [' read now', `; ${numberText(onRecord)} ${verb(onRecord, 'was', 'were')} on record`]
  const arrived = `on arrival: ${numberText(lacking)} of ${counted(objects, 'object')}${now} lacked the hold${before}`
  const repairs = [...remediations].map(([outcome, count]) => `${numberText(count)} ${outcome}`)
  return [
    plain(kinds.length === 0 ? arrived : `${arrived} (${kinds.join(', ')})`),
    ...(repairs.length === 0 ? [] : [plain(`repairs: ${repairs.join(', ')}`)]),
  ]
}

function summary({ outcome, counts, timings }: RunReport): ProgressLine {
  const states = Object.entries(counts).filter(([state, count]) => state !== 'expected' && count > 0)
  const told = states.map(([state, count]) => `${numberText(count)} ${state}`).join(', ')
  const took = timings.total === undefined ? '' : `, in ${durationText(timings.total)}`
  // Also that of a finished journal, which tells no findings again.
  if (counts.expected === 0) return notice(`${outcome}: no recording matched the request${took}`)
  return {
    text: `${outcome}: ${counted(counts.expected, 'recording')} expected${told === '' ? '' : `: ${told}`}${took}`,
    style: outcome === 'complete' ? 'good' : 'bad',
  }
}

function resumedText({ runId, resumed, verdicts, finished }: Extract<RunEvent, { type: 'run-resumed' }>): string {
  const objects =
    verdicts === 0
      ? 'no object is on record'
      : `${counted(verdicts, 'object')} ${verb(verdicts, 'is', 'are')} on record`
  if (finished) return `run ${runId} is finished: ${objects}, and the report is as it was; nothing is done again`
  const what = verdicts === 0 ? `${objects} yet` : `${objects} and ${verb(verdicts, 'is', 'are')} not read again`
  return `run ${runId}, resumed ${times(resumed)}; ${what}`
}

function plain(text: string): ProgressLine {
  return { text, style: 'plain' }
}

function quiet(text: string): ProgressLine {
  return { text, style: 'quiet' }
}

function notice(text: string): ProgressLine {
  return { text, style: 'notice' }
}

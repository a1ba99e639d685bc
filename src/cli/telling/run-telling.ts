import type { RunEvent } from '../../model/events.js'
import { fitted } from '../../progress/fit.js'
import { createProgressReporter, type ProgressReporter } from '../../progress/reporter.js'
import type { Given } from '../arguments.js'
import { labelled, type Terminal } from '../terminal.js'
import { describeFinding } from './findings.js'

/** Tells of a run while it is under way, and of its end. */
export interface RunTelling {
  readonly onEvent: (event: RunEvent) => void
  /** A sentence about the end, broken between words on a terminal. */
  say(sentence: string): void
  /** Takes away what is redrawn. */
  close(): void
}

/**
 * On a terminal the progress is redrawn each second. Into a pipe or a file goes a line for each thing that happens, and
 * one a minute while nothing does.
 */
export function runTelling(given: Given, terminal: Terminal): RunTelling {
  const { progress } = terminal
  if (progress === undefined || given.flag('json') || given.flag('quiet')) return inLines(given, terminal)
  const reporter = createProgressReporter({ stream: progress, env: terminal.env })
  const say = (sentence: string) => terminal.out(fitted(sentence, Math.max(20, progress.columns || 80)).join('\n'))
  return toldBy(reporter, terminal, say)
}

/** The same where nothing may be redrawn. Where JSON goes to standard output, the lines go to standard error. */
export function inLines(given: Given, terminal: Terminal): RunTelling {
  const out = given.flag('json') ? terminal.err : terminal.out
  if (given.flag('quiet')) return { onEvent: () => {}, say: given.flag('json') ? () => {} : out, close: () => {} }
  const stream = { write: (text: string) => out(text.replace(/\n$/, '')) }
  const reporter = createProgressReporter({ stream, mode: 'lines', env: terminal.env })
  return toldBy(reporter, { ...terminal, out }, out)
}

function toldBy(reporter: ProgressReporter, terminal: Terminal, say: RunTelling['say']): RunTelling {
  return {
    say,
    onEvent(event) {
      // The flag that removes a blocker stands in a line of the command's own, and a path must not lose its middle.
      if (event.type === 'finding') reporter.log(describeFinding(event.finding, event.accepted))
      else if (event.type !== 'sealed' && event.type !== 'run-finished') reporter.onEvent(event)
      if (event.type !== 'sealed') return
      reporter.close()
      tellSealed(event, terminal)
    },
    close: () => reporter.close(),
  }
}

function tellSealed({ evidence }: Extract<RunEvent, { type: 'sealed' }>, terminal: Terminal): void {
  terminal.out(labelled('evidence', evidence.dir, terminal))
  terminal.out(labelled('signed with', evidence.fingerprint, terminal))
}

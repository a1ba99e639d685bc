import type { RunEvent } from '../../model/events.js'
import { fitted } from '../../progress/fit.js'
import { createProgressReporter } from '../../progress/reporter.js'
import type { Given } from '../arguments.js'
import { shown, type Terminal } from '../terminal.js'
import { describeFinding } from './findings.js'

/** Tells of a run while it goes on, and of its end. */
export interface RunTelling {
  readonly onEvent: (event: RunEvent) => void
  /** A sentence about the end, broken between words on a terminal. */
  say(sentence: string): void
  /** Takes away what is redrawn. */
  close(): void
}

/** On a terminal the progress is redrawn each second; into a pipe or a file go lines, one for each thing that happens. */
export function runTelling(given: Given, terminal: Terminal): RunTelling {
  const { progress } = terminal
  if (progress === undefined || given.flag('json') || given.flag('quiet')) {
    return inLines(given.flag('json') ? { ...terminal, out: terminal.err } : terminal)
  }
  const reporter = createProgressReporter({ stream: progress, env: terminal.env })
  return {
    onEvent(event) {
      // The flag that removes a blocker stands in a line of the command's own, and a path must not lose its middle.
      if (event.type === 'finding') reporter.log(describeFinding(event.finding, event.accepted))
      else if (event.type !== 'sealed' && event.type !== 'run-finished') reporter.onEvent(event)
      if (event.type !== 'sealed') return
      reporter.close()
      tellSealed(event, terminal)
    },
    say: (sentence) => terminal.out(fitted(sentence, Math.max(20, progress.columns || 80)).join('\n')),
    close: () => reporter.close(),
  }
}

/** One line for each thing that happens. */
export function inLines(terminal: Terminal): RunTelling {
  const states = new Map<string, string>()
  return {
    onEvent(event) {
      if (event.type === 'finding') terminal.out(describeFinding(event.finding, event.accepted))
      if (event.type === 'job-progress') {
        const { id, platformState } = event.job
        // Each poll is an event: a state is told once.
        if (states.get(id) !== platformState) terminal.out(`job ${shown(id)}: ${shown(platformState)}`)
        states.set(id, platformState)
      }
      if (event.type === 'sealed') tellSealed(event, terminal)
    },
    say: (sentence) => terminal.out(sentence),
    close: () => {},
  }
}

function tellSealed({ evidence }: Extract<RunEvent, { type: 'sealed' }>, terminal: Terminal): void {
  terminal.out(`evidence: ${evidence.dir}\nsigned with: ${evidence.fingerprint}`)
}

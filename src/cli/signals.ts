/** Signals that end a command, with their numbers: a terminal that was closed, Ctrl-C, and what stops a service. */
const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** How a command hears that it is to end. */
export interface Interruption {
  readonly signal: AbortSignal
  /** The exit code of a command: one that a signal ended has 128 and the signal's number, as shells say it. */
  exitCodeOf(code: number): number
}

/**
 * Ends the work at the first signal, so that its journal is closed. The second one ends the process, as it always
 * does: nobody listens any more.
 *
 * @param source the process, or a replacement for it
 */
export function interruption(source: Pick<NodeJS.Process, 'once' | 'removeListener'>): Interruption {
  const controller = new AbortController()
  let number = 0
  const names = Object.keys(endingSignals) as (keyof typeof endingSignals)[]
  const onSignal = (name: NodeJS.Signals) => {
    for (const other of names) source.removeListener(other, onSignal)
    number = endingSignals[name as keyof typeof endingSignals]
    controller.abort(new Error(`ended by ${name}`))
  }
  for (const name of names) source.once(name, onSignal)
  return {
    signal: controller.signal,
    exitCodeOf: (code) => (code === 1 && number > 0 ? 128 + number : code),
  }
}

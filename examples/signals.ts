// How an example ends when its terminal is closed, at Ctrl-C, or when its service is stopped: with its journal closed.

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/** Aborts at the first of these signals; `exitCode` is then 128 and the signal's number, as shells say it. */
export function untilSignalled(): { readonly controller: AbortController; exitCode(): number } {
  const controller = new AbortController()
  let number = 0
  for (const [name, one] of Object.entries(numbers)) {
    process.once(name, () => {
      number ||= one
      controller.abort(new Error(`ended by ${name}`))
    })
  }
  // A terminal that was closed takes nothing any more, which is not a reason to fail before the journal is closed.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
  return { controller, exitCode: () => (number === 0 ? 1 : 128 + number) }
}

import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Asks questions on a terminal, one line each. */
export interface Asker {
  ask(question: string): Promise<string>
  /** Lets go of standard input, which would keep the process alive. */
  close(): void
}

/**
 * Asks by lines, and leaves the keys to the terminal: Ctrl-C stays a signal.
 *
 * @param write puts the question in front of the cursor
 */
export function askerOn(input: NodeJS.ReadableStream, write: (text: string) => void, signal: AbortSignal): Asker {
  let lines: AsyncIterator<string> | undefined
  let end: (() => void) | undefined
  const open = () => {
    const reading = createInterface({ input, terminal: false })
    end = () => reading.close()
    return reading[Symbol.asyncIterator]()
  }
  return {
    ask: async (question) => {
      lines ??= open()
      write(`${question} `)
      signal.throwIfAborted()
      const listening = new AbortController()
      try {
        const aborted = once(signal, 'abort', { signal: listening.signal }).then(() => signal.throwIfAborted())
        aborted.catch(() => {})
        const next = await Promise.race([lines.next(), aborted])
        if (next === undefined || next.done === true) throw new Error('Standard input ended before all was answered.')
        return next.value.trim()
      } finally {
        listening.abort()
      }
    },
    close: () => end?.(),
  }
}

import { visible } from '../internal/text/visible.js'
import { columnsOf } from '../progress/fit.js'
import type { ProgressStream } from '../progress/reporter.js'
import { brokenAt } from './line-breaks.js'

/** Where a command writes; tests give their own. */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Standard input, if there is one. */
  readonly input?: NodeJS.ReadableStream | undefined
  /** How wide the terminals behind `out` and `err` are now; `undefined` for a file or a pipe, whose lines stay whole. */
  readonly columns?: ((stream: 'out' | 'err') => number | undefined) | undefined
  /** Where progress is redrawn; absent where nobody watches. */
  readonly progress?: ProgressStream | undefined
  /** Asks whoever sits there; absent where nobody does. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
}

/** Text from elsewhere as a terminal may show it: no control character moves the cursor or hides a name. */
export function shown(text: unknown): string {
  return visible(String(text))
}

/** The same terminal, with lines that are broken between words where it is one. @param isForPrograms `out` stays as it is */
export function fitting(terminal: Terminal, isForPrograms: boolean): Terminal {
  const { columns, out, err, ask } = terminal
  if (columns === undefined) return terminal
  const broken = (stream: 'out' | 'err', text: string) => {
    const wide = columns(stream)
    return wide === undefined ? text : brokenAt(Math.max(leastColumns, wide), text)
  }
  return {
    ...terminal,
    out: isForPrograms ? out : (line) => out(broken('out', line)),
    err: (line) => err(broken('err', line)),
    ask: ask && ((question) => ask(broken('out', question))),
  }
}

const leastColumns = 20

/** What cannot be broken, a path or a fingerprint: it gets a line of its own before the terminal breaks it. */
export function labelled(label: string, value: string, { progress }: Pick<Terminal, 'progress'>): string {
  const line = `${label}: ${shown(value)}`
  const columns = progress?.columns || Number.POSITIVE_INFINITY
  return columnsOf(line) < columns ? line : `${label}:\n  ${shown(value)}`
}

/** Aligned pairs. */
export function pairs(list: readonly (readonly [string, string | undefined])[]): string {
  const width = Math.max(...list.map(([name]) => name.length)) + 2
  return list
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(width)}${shown(value)}`)
    .join('\n')
}

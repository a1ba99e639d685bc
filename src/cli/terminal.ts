import { visible } from '../internal/text/visible.js'
import { columnsOf } from '../progress/fit.js'
import type { ProgressStream } from '../progress/reporter.js'

/** Where a command writes; tests give their own. */
export interface Terminal {
  out(line: string): void
  err(line: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Standard input, if there is one. */
  readonly input?: NodeJS.ReadableStream | undefined
  /** Where progress is redrawn; absent where nobody watches. */
  readonly progress?: ProgressStream | undefined
  /** Asks whoever sits there; absent where nobody does. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
}

/** Text from elsewhere as a terminal may show it: no control character moves the cursor or hides a name. */
export function shown(text: unknown): string {
  return visible(String(text))
}

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

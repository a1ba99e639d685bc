import { isAsciiBlank, withoutEnd } from './edges.js'

/** The beginning of what a server says, without the full stop. */
export function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return withoutEnd(line, (code) => code === 0x2e || isAsciiBlank(code)).slice(0, 300)
}

/*
 * What a text begins or ends with, taken off in one pass. A regular expression that asks for the end (`/\s+$/`) begins
 * again at each place of a run of blanks in the middle: 50 kB of them cost seconds.
 */

/** Whether a UTF-16 code unit must be removed. */
export type IsEdge = (code: number) => boolean

/** The text without those at its end. */
export function withoutEnd(text: string, isEdge: IsEdge): string {
  let end = text.length
  while (end > 0 && isEdge(text.charCodeAt(end - 1))) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

/** The text without those at both ends. */
export function withoutEdges(text: string, isEdge: IsEdge): string {
  const rest = withoutEnd(text, isEdge)
  let start = 0
  while (start < rest.length && isEdge(rest.charCodeAt(start))) start += 1
  return start === 0 ? rest : rest.slice(start)
}

/** A blank of ASCII. Nothing beyond: a byte 0xA0 may be a part of a character. */
export function isAsciiBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** A slash. */
export function isSlash(code: number): boolean {
  return code === 0x2f
}

/** Hangul, CJK and full-width forms take two columns (Unicode, East Asian Width), as do most emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns that a text takes on a terminal; it must be free of control characters. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += wide.test(character) ? 2 : 1
  return columns
}

/**
 * Breaks a line between words, so that none is wider than the terminal, which would break it in the middle of a word. What
 * continues is indented. A word that is wider by itself, a key as a rule, loses its middle: its end tells more.
 */
export function fitted(line: string, columns: number, indent = '    '): string[] {
  if (columnsOf(line) <= columns) return [line]
  const first = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = first
  let isEmpty = true
  for (const word of line.slice(first.length).split(' ')) {
    const piece = isEmpty ? word : ` ${word}`
    if (!isEmpty && columnsOf(current) + columnsOf(piece) > columns) {
      lines.push(current)
      current = indent
      isEmpty = true
    }
    const room = columns - columnsOf(current)
    current += isEmpty ? shortened(word, room) : piece
    isEmpty = false
  }
  return [...lines, current]
}

function shortened(word: string, room: number): string {
  if (columnsOf(word) <= room) return word
  const characters = Array.from(word)
  const keep = Math.max(0, room - 1)
  let [head, tail, used] = ['', '', 0]
  // From both ends in turn, so that what is left has the beginning and the end of the word.
  for (let at = 0; at < characters.length; at += 1) {
    const fromHead = at % 2 === 1
    const character = (fromHead ? characters[(at - 1) / 2] : characters[characters.length - 1 - at / 2]) ?? ''
    used += columnsOf(character)
    if (used > keep) break
    if (fromHead) head += character
    else tail = character + tail
  }
  return `${head}…${tail}`
}

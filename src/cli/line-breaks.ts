import { columnsOf } from '../progress/fit.js'

/**
 * Breaks the lines of a text between words, so that a terminal does not break them in the middle of one. What continues
 * stands under what it continues. A word that is wider than the terminal, such as a path, stays whole to be copied, and so
 * does a line of JSON.
 */
export function brokenAt(columns: number, text: string): string {
  return text
    .split('\n')
    .map((line) => (columnsOf(line) <= columns || line.startsWith('{') ? line : brokenLine(line, columns)))
    .join('\n')
}

function brokenLine(line: string, columns: number): string {
  const indent = indentOf(line, columns)
  const lines: string[] = []
  let current = ''
  // Each word with the blanks before it.
  for (const word of line.trimEnd().split(/(?<=[^ ])(?= )/)) {
    if (current === '' || columnsOf(current + word) <= columns) {
      current += word
      continue
    }
    lines.push(current)
    const alone = word.trimStart()
    current = columnsOf(indent + alone) <= columns ? indent + alone : alone
  }
  return [...lines, current].join('\n')
}

/** Under the second column of a table, if there is room; else a little further in than the line itself. */
function indentOf(line: string, columns: number): string {
  const second = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(line)?.[0].length ?? 0
  if (second > 0 && second <= columns / 2) return ' '.repeat(second)
  const first = /^ */.exec(line)?.[0].length ?? 0
  return ' '.repeat(first < 8 ? first + 2 : first)
}

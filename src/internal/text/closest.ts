/** The known name that a text was likely meant to be; `undefined` if none is near. */
export function closest(text: string, known: Iterable<string>): string | undefined {
  // Long enough for every name there is: the time grows with the product of both lengths.
  const given = text.slice(0, 60).toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const name of known) {
    const distance = distanceOf(given, name.toLowerCase())
    if (distance < least) [best, least] = [name, distance]
  }
  return best
}

/** `; did you mean NAME?`, or nothing. */
export function didYouMean(text: string, known: Iterable<string>): string {
  const name = closest(text, known)
  return name === undefined ? '' : `; did you mean ${name}?`
}

/** What is said of a word that is none of those known. @param name the flag, where the sentence begins with it */
export function notOneOf(name: string, given: string, known: readonly string[]): string {
  const near = closest(given, known)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return `${name === '' ? '' : `${name} `}${JSON.stringify(given)} is not one of ${known.join(', ')}.${hint}`
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}

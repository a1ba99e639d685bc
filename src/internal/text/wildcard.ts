/**
 * Whether a pattern matches a whole text: `*` stands for anything, `?` for one UTF-16 code unit.
 *
 * Only the last `*` is ever gone back to, since what an earlier one could give up the last can take. As a regular
 * expression each `*` would be gone back to, and ten of them in a bucket policy would never come to an end.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, place] = [0, 0]
  /** Behind the last `*`, and where in the text what follows it is looked for. */
  let [star, from] = [-1, 0]
  while (place < text.length) {
    const wanted = pattern[at]
    if (wanted === '*') {
      at += 1
      star = at
      from = place
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[place])) {
      at += 1
      place += 1
    } else if (star >= 0) {
      from += 1
      at = star
      place = from
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

/** So many are remembered, and up to twice as many. */
const remembered = 2_048
/** Half full at most, so that a search is short. A power of two. */
const slots = 4_096

/**
 * The marks of late, with the question that each belonged to, in two generations: the older one is forgotten as a whole.
 *
 * A mark is kept as 64 bits of its hash. Texts out of answers would hold on to the whole answers, thousands of them, and
 * every HEAD of a run comes past here. Two marks that are mistaken for each other, once in some 10^15 answers, cost a second
 * reading. A question is kept as it is: the key that was asked for must be found again.
 */
export class RecentMarks {
  #young = new Generation()
  #old = new Generation()

  /**
   * The question that the mark belonged to before. A new mark is noted.
   *
   * @param asked what was asked now
   */
  meet(mark: string, asked: string): string | undefined {
    const formerly = this.find(mark)
    if (formerly !== undefined || this.#young.note(first, second, asked) < remembered) return formerly
    const oldest = this.#old
    this.#old = this.#young
    this.#young = oldest
    oldest.clear()
    return undefined
  }

  /** The question that the mark belongs to. */
  find(mark: string): string | undefined {
    hash(mark)
    return this.#young.questionOf(first, second) ?? this.#old.questionOf(first, second)
  }
}

/** Marks by their hashes, with open addressing. */
class Generation {
  readonly #first = new Int32Array(slots)
  readonly #second = new Int32Array(slots)
  readonly #question: string[] = new Array(slots).fill('')
  #size = 0

  questionOf(one: number, other: number): string | undefined {
    for (let at = one & (slots - 1); this.#first[at] !== 0; at = (at + 1) & (slots - 1)) {
      if (this.#first[at] === one && this.#second[at] === other) return this.#question[at]
    }
    return undefined
  }

  /** @returns how many there are by now */
  note(one: number, other: number, question: string): number {
    let at = one & (slots - 1)
    while (this.#first[at] !== 0) at = (at + 1) & (slots - 1)
    this.#first[at] = one
    this.#second[at] = other
    this.#question[at] = question
    this.#size += 1
    return this.#size
  }

  clear(): void {
    this.#first.fill(0)
    this.#question.fill('')
    this.#size = 0
  }
}

/** Two hashes of the last text (FNV-1a with two primes): no object for each. The first is never 0, which marks an empty slot. */
let first = 0
let second = 0

function hash(text: string): void {
  let one = 0x811c9dc5 | 0
  let other = 0x2c1b3c6d
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    one = Math.imul(one ^ code, 0x01000193)
    other = Math.imul(other ^ code, 0x5bd1e995)
    other ^= other >>> 15
  }
  first = one === 0 ? 1 : one
  second = other
}

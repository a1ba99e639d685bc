/** Room for numbers of 16 bits. */
const capacity = 65_535

/** Numbers texts that come again and again, such as reasons. 0 stands for none; one text too many becomes `others`. */
export class Texts {
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[]
  readonly #others: string

  /** @param others what is given back for a text that came after there was no room any more */
  constructor(others: string) {
    this.#others = others
    this.#texts = ['', others]
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    if (this.#texts.length > capacity) return 1
    const number = this.#texts.length
    this.#texts.push(text)
    this.#numbers.set(text, number)
    return number
  }

  /** Each text once. */
  get all(): readonly string[] {
    return [...this.#numbers.keys()]
  }

  textAt(number: number): string {
    return this.#texts[number] ?? this.#others
  }
}

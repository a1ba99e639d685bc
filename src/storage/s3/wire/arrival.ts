/**
 * The beginning of an answer whose end has not arrived yet. It is read again only when a blank line arrives, which
 * ends its headers. Reading it with each piece would cost the square of its length for an answer that trickles in.
 */
export class Beginning {
  #pieces: string[] = []
  #length = 0
  /** Where a blank line may have begun. */
  #end = ''

  get length(): number {
    return this.#length
  }

  /** Begins with this. */
  set(text: string): void {
    this.#pieces = text === '' ? [] : [text]
    this.#length = text.length
    this.#end = text.slice(-2)
  }

  /** All of it with what came now, if that may be the end of the headers; else that is kept. */
  add(text: string): string | undefined {
    this.#length += text.length
    this.#pieces.push(text)
    const seam = this.#end + text
    this.#end = seam.slice(-2)
    return hasBlankLine(seam) ? this.all() : undefined
  }

  /** All of it so far. */
  all(): string {
    return this.#pieces.join('')
  }
}

/** Line breaks of only one character end a line as well, so that an answer with them is noticed and refused. */
function hasBlankLine(text: string): boolean {
  return text.includes('\n\r\n') || text.includes('\n\n')
}

/**
 * Reads CSV (RFC 4180) in pieces as they come: fields may be quoted, and a quoted one may hold commas, line breaks and doubled
 * quotes. The time it takes grows with the text alone.
 */
export class CsvReader {
  #row: string[] = []
  #field = ''
  #state: 'plain' | 'quoted' | 'after-quote' = 'plain'
  /** Whether the row has anything in it, be it an empty quoted field. */
  #isBegun = false

  /** The rows that end in this piece. */
  push(text: string): string[][] {
    const rows: string[][] = []
    let from = 0
    const take = (to: number) => {
      if (to > from) {
        this.#field += text.slice(from, to)
        this.#isBegun = true
      }
      from = to + 1
    }
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (this.#state === 'quoted') {
        if (code !== quote) continue
        take(at)
        this.#state = 'after-quote'
        continue
      }
      if (code === quote) {
        if (this.#state === 'after-quote') {
          // Doubled: it stands for itself.
          this.#field += '"'
          this.#state = 'quoted'
          from = at + 1
        } else if (this.#field === '' && from === at) {
          this.#state = 'quoted'
          this.#isBegun = true
          from = at + 1
        }
        continue
      }
      if (code === comma) {
        take(at)
        this.#endField()
        this.#isBegun = true
      } else if (code === lineFeed) {
        take(at)
        const row = this.#endRow()
        if (row !== undefined) rows.push(row)
      } else if (this.#state === 'after-quote' && code !== carriageReturn) {
        this.#state = 'plain'
        from = at
      }
    }
    take(text.length)
    return rows
  }

  /** The last row, where no line break ends it; `undefined` if there is none, `'cut'` if a quote is still open. */
  end(): string[] | 'cut' | undefined {
    if (this.#state === 'quoted') return 'cut'
    return this.#endRow()
  }

  #endField(): void {
    this.#row.push(this.#field)
    this.#field = ''
    this.#state = 'plain'
  }

  #endRow(): string[] | undefined {
    if (this.#state === 'plain' && this.#field.endsWith('\r')) this.#field = this.#field.slice(0, -1)
    if (!this.#isBegun || (this.#row.length === 0 && this.#field === '' && this.#state === 'plain')) {
      this.#isBegun = false
      this.#field = ''
      return undefined
    }
    this.#endField()
    const row = this.#row
    this.#row = []
    this.#isBegun = false
    return row
  }
}

const quote = 0x22
const comma = 0x2c
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** All rows of a whole text; `undefined` if it ends in the middle of a quoted field. */
export function parseCsv(text: string): string[][] | undefined {
  const reader = new CsvReader()
  const rows = reader.push(text)
  const last = reader.end()
  if (last === 'cut') return undefined
  return last === undefined ? rows : [...rows, last]
}

/** One row, with its line break. A field is quoted only if it must be. */
export function csvRow(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}

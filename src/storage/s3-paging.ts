import { LegalHoldError } from '../errors.js'

/**
 * Follows the tokens of one listing. A server whose tokens lead in a circle would be listed for ever: each is compared
 * with one that is kept, and that one is replaced after 1, 2, 4, … pages (Brent), so that any circle is found.
 */
export class Paging {
  readonly #bucket: string
  #kept: string | undefined
  #pages = 0
  #keepAt = 1

  constructor(bucket: string) {
    this.#bucket = bucket
  }

  /** The token of the next page, `undefined` where there is none. */
  after({ truncated, token }: { readonly truncated: boolean; readonly token: string | undefined }): string | undefined {
    if (!truncated) {
      if (!token) return undefined
      throw this.#broken('that it ends, and from where it goes on')
    }
    if (!token) throw this.#broken('that it goes on but not from where')
    if (token === this.#kept) throw this.#broken('to go on from where it was before')
    this.#pages += 1
    if (this.#pages === this.#keepAt) {
      this.#kept = token
      this.#keepAt *= 2
    }
    return token
  }

  #broken(says: string): LegalHoldError {
    return new LegalHoldError(
      `The listing of s3://${this.#bucket} says ${says}. The server's paging is broken; nothing can be said about what is missing.`,
      { code: 'STORAGE_RESPONSE_INVALID', stage: 'discover' },
    )
  }
}

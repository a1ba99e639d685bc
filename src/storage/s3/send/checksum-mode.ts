import type { Extras } from '../client/extras.js'

const mostKeys = 256

/**
 * Whether a HEAD asks for checksums. Asking for them needs the right to decrypt with the object's KMS key. Without
 * it S3 refuses a HEAD that it would otherwise answer (s3-facts, HEAD and listing). An object's key is unknown
 * before its HEAD. The last object therefore predicts the next one, because most objects have the key of their
 * bucket.
 */
export class ChecksumMode {
  readonly #extras: Extras
  /** Keys that the caller may not decrypt with. */
  readonly #keys = new Set<string>()
  #lastWasRefused = false

  constructor(extras: Extras) {
    this.#extras = extras
  }

  /** Whether the next HEAD is to ask for checksums. */
  get asks(): boolean {
    return !this.#lastWasRefused && !this.#isOff
  }

  /** A HEAD that asked was answered. */
  answered(): void {
    this.#extras.accept('HeadObject', 'checksum-mode')
  }

  /** A HEAD that asked was refused, and the same one without was answered, for an object with this key. */
  refused(kmsKeyId: string | undefined): void {
    if (kmsKeyId === undefined) {
      this.#extras.refuse('HeadObject', 'checksum-mode')
      return
    }
    if (this.#keys.size < mostKeys) this.#keys.add(kmsKeyId)
    this.#lastWasRefused = true
  }

  /** Whether a HEAD that did not ask must be sent again with the question: its object has another key. */
  isMissing(kmsKeyId: string | undefined): boolean {
    if (this.#isOff || (kmsKeyId !== undefined && this.#keys.has(kmsKeyId))) return false
    this.#lastWasRefused = false
    return true
  }

  /** The server does not take the question at all. */
  get #isOff(): boolean {
    return this.#extras.isRefused('HeadObject', 'checksum-mode')
  }
}

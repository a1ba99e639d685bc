/** Extensions that have a bit of their own; the last bit stands for all that come after them. */
const extensionBits = 31

/** The bit that stands for all extensions without one of their own. */
export const sharedExtensionBit = 2 ** extensionBits

/** Gives each extension of a file a bit, so that the files of a recording are a number. */
export class ExtensionBits {
  readonly #numbers = new Map<string, number>()

  bitOf(extension: string): number {
    const number = this.#numbers.get(extension) ?? this.#numbers.size
    // No platform writes that many: what comes then has no sidecar that could be told to be its own.
    if (number >= extensionBits) return sharedExtensionBit
    this.#numbers.set(extension, number)
    return 2 ** number
  }
}

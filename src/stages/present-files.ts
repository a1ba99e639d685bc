import { Column } from '../internal/column.js'

/** Extensions that have a bit of their own; the last bit stands for all that come after them. */
const extensionBits = 31
const lastBit = 2 ** extensionBits

/**
 * Listings of folders, numbered from 1. What a folder's latest listing no longer shows is gone.
 */
export class Listings {
  readonly #folders = new Map<string, number>()
  /** The folder of each listing; 0 is none. */
  readonly #folderOf: number[] = [-1]
  /** The latest listing of each folder that went through. */
  readonly #latest: number[] = []

  /** Whether any folder was listed to its end. */
  get any(): boolean {
    return this.#latest.length > 0
  }

  begin(prefix: string): number {
    const known = this.#folders.get(prefix)
    const folder = known ?? this.#folders.size
    if (known === undefined) this.#folders.set(prefix, folder)
    return this.#folderOf.push(folder) - 1
  }

  end(listing: number): void {
    const folder = this.#folderOf[listing] ?? -1
    if (folder >= 0) this.#latest[folder] = Math.max(listing, this.#latest[folder] ?? 0)
  }

  /** Whether what this listing showed was not missed by a later one of the same folder. */
  isCurrent(listing: number): boolean {
    const folder = this.#folderOf[listing] ?? -1
    return folder >= 0 && listing >= (this.#latest[folder] ?? 0)
  }
}

/**
 * Which files of a recording the latest listing of its folder showed. A sidecar is that of one file: `{file name}_metadata.json`
 * (genesys-facts, what lands on S3), so that one of another rendition does not count. 13 bytes a recording.
 */
export class PresentFiles {
  /** The extensions of its media files, as bits, and of the files that its sidecars describe. */
  readonly #media = Column.words()
  readonly #described = Column.words()
  readonly #listings = Column.words()
  /** How many of its keys were ever found. */
  readonly #known = Column.bytes()
  readonly #extensions = new Map<string, number>()

  /** @param listing 0 where it is not a listing that shows it */
  show(row: number, kind: 'recording' | 'sidecar', extension: string, listing: number): void {
    const latest = this.#listings.get(row)
    // What a listing has said is not changed by what was read before it.
    if (listing < latest) return
    if (listing > latest) {
      this.#listings.set(row, listing)
      this.#media.set(row, 0)
      this.#described.set(row, 0)
    }
    const column = kind === 'recording' ? this.#media : this.#described
    const bit = this.#bitOf(extension)
    if (kind === 'sidecar' && bit === lastBit) return
    column.set(row, (column.get(row) | bit) >>> 0)
  }

  /** A key of it was found for the first time. */
  know(row: number): void {
    this.#known.set(row, Math.min(255, this.#known.get(row) + 1))
  }

  wasFound(row: number): boolean {
    return this.#known.get(row) > 0
  }

  hasMedia(row: number): boolean {
    return this.#media.get(row) !== 0
  }

  /** Whether each media file has its sidecar, and each sidecar the file that it testifies to. */
  isDescribed(row: number): boolean {
    return this.#media.get(row) === this.#described.get(row)
  }

  /** Whether a key of it was found once and is not in the latest listing. */
  isGone(row: number, listings: Listings): boolean {
    if (!listings.isCurrent(this.#listings.get(row))) return true
    return bitCount(this.#media.get(row)) + bitCount(this.#described.get(row)) < this.#known.get(row)
  }

  #bitOf(extension: string): number {
    const number = this.#extensions.get(extension) ?? this.#extensions.size
    // No platform writes that many: what comes then has no sidecar that could be told to be its own.
    if (number >= extensionBits) return lastBit
    this.#extensions.set(extension, number)
    return 2 ** number
  }
}

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1
  return count
}

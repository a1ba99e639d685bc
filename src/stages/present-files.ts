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

  /** The number of the folder that a listing is of; -1 for what no listing showed. */
  folderOf(listing: number): number {
    return this.#folderOf[listing] ?? -1
  }

  /** Whether what this listing showed was not missed by a later one of the same folder. */
  isCurrent(listing: number): boolean {
    const folder = this.#folderOf[listing] ?? -1
    return folder >= 0 && listing >= (this.#latest[folder] ?? 0)
  }
}

/** Files of a recording by kind, as bits of their extensions. */
interface Files {
  /** The latest listing of the folder that showed one of them; 0 where no listing did. */
  listing: number
  /** Its media files, and the files that its sidecars describe. */
  media: number
  described: number
  /** Files that have no byte, whether or not they are there still. */
  emptyMedia: number
  emptySidecars: number
}

/**
 * Which files of a recording the latest listing of its folder showed. A sidecar is that of one file: `{file name}_metadata.json`
 * (genesys-facts, what lands on S3), so that one of another rendition does not count. 13 bytes a recording.
 *
 * An hour has several names, padded or not, and a recording may lie in more than one of them: each is looked at by itself.
 */
export class PresentFiles {
  readonly #listingsOf: Listings
  readonly #media = Column.words()
  readonly #described = Column.words()
  readonly #listings = Column.words()
  /** They take no memory until an empty file comes. */
  readonly #emptyMedia = Column.words()
  readonly #emptySidecars = Column.words()
  /** How many of its keys were ever found. */
  readonly #known = Column.bytes()
  /** What lies in other folders than the first, by row and folder: there is hardly ever any. */
  readonly #elsewhere = new Map<number, Map<number, Files>>()
  readonly #extensions = new Map<string, number>()

  constructor(listings: Listings) {
    this.#listingsOf = listings
  }

  /**
   * @param listing 0 where it is not a listing that shows it
   * @param isEmpty `undefined` where that is not known: what is known of it stays
   */
  show(
    row: number,
    kind: 'recording' | 'sidecar',
    extension: string,
    listing: number,
    isEmpty: boolean | undefined,
  ): void {
    const first = this.#listings.get(row)
    const folder = this.#listingsOf.folderOf(listing)
    if (listing === 0 || first === 0 || folder === this.#listingsOf.folderOf(first)) {
      const files = this.#firstOf(row)
      this.#enter(files, kind, extension, listing, isEmpty)
      this.#keep(row, files)
      return
    }
    const folders = this.#elsewhere.get(row) ?? new Map<number, Files>()
    const files = folders.get(folder) ?? { listing, media: 0, described: 0, emptyMedia: 0, emptySidecars: 0 }
    this.#enter(files, kind, extension, listing, isEmpty)
    this.#elsewhere.set(row, folders.set(folder, files))
  }

  /** A key of it was found for the first time. */
  know(row: number): void {
    this.#known.set(row, Math.min(255, this.#known.get(row) + 1))
  }

  wasFound(row: number): boolean {
    return this.#known.get(row) > 0
  }

  /** Whether there is a media file that has any content. */
  hasMedia(row: number): boolean {
    return this.#some(row, ({ media, emptyMedia }) => (media & ~emptyMedia) !== 0)
  }

  hasEmptyMedia(row: number): boolean {
    return this.#some(row, ({ media, emptyMedia }) => (media & emptyMedia) !== 0)
  }

  hasEmptySidecar(row: number): boolean {
    return this.#some(row, ({ described, emptySidecars }) => (described & emptySidecars) !== 0)
  }

  /** Whether each media file has its sidecar, and each sidecar the file that it testifies to, and none is empty. */
  isDescribed(row: number): boolean {
    return !this.#some(
      row,
      ({ media, described, emptyMedia, emptySidecars }) =>
        media !== described || (media & emptyMedia) !== 0 || (described & emptySidecars) !== 0,
    )
  }

  /** Whether a key of it was found once and is not in the latest listing. */
  isGone(row: number): boolean {
    let shown = 0
    for (const { listing, media, described } of this.#filesOf(row)) {
      if (!this.#listingsOf.isCurrent(listing)) return true
      shown += bitCount(media) + bitCount(described)
    }
    return shown < this.#known.get(row)
  }

  #enter(
    files: Files,
    kind: 'recording' | 'sidecar',
    extension: string,
    listing: number,
    isEmpty: boolean | undefined,
  ): void {
    const bit = this.#bitOf(extension)
    if (kind === 'sidecar' && bit === lastBit) return
    if (listing > files.listing) Object.assign(files, { listing, media: 0, described: 0 })
    const empty = kind === 'recording' ? 'emptyMedia' : 'emptySidecars'
    if (isEmpty === true) files[empty] = (files[empty] | bit) >>> 0
    else if (isEmpty === false) files[empty] = (files[empty] & ~bit) >>> 0
    // What a listing has said is there or not is not changed by what was read before it.
    if (listing < files.listing) return
    const present = kind === 'recording' ? 'media' : 'described'
    files[present] = (files[present] | bit) >>> 0
  }

  #firstOf(row: number): Files {
    return {
      listing: this.#listings.get(row),
      media: this.#media.get(row),
      described: this.#described.get(row),
      emptyMedia: this.#emptyMedia.get(row),
      emptySidecars: this.#emptySidecars.get(row),
    }
  }

  #keep(row: number, { listing, media, described, emptyMedia, emptySidecars }: Files): void {
    this.#listings.set(row, listing)
    this.#media.set(row, media)
    this.#described.set(row, described)
    if (emptyMedia !== this.#emptyMedia.get(row)) this.#emptyMedia.set(row, emptyMedia)
    if (emptySidecars !== this.#emptySidecars.get(row)) this.#emptySidecars.set(row, emptySidecars)
  }

  *#filesOf(row: number): Generator<Files, void, void> {
    yield this.#firstOf(row)
    const elsewhere = this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(row)
    if (elsewhere !== undefined) yield* elsewhere.values()
  }

  #some(row: number, is: (files: Files) => boolean): boolean {
    if (is(this.#firstOf(row))) return true
    if (this.#elsewhere.size === 0) return false
    return [...(this.#elsewhere.get(row)?.values() ?? [])].some(is)
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

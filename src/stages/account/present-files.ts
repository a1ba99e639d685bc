import { Column } from '../../internal/tables/column.js'
import { type FilesByExtension, type FilesJudgement, fileBits, judgeFiles, noFiles } from './files-judgement.js'

/** Extensions that have a bit of their own. */
const extensionBits = 32

/** One file of a recording, as it was seen. */
export interface ShownFile {
  readonly kind: 'recording' | 'sidecar'
  readonly extension: string
  /** `undefined` if that is not known: what is known of it stays. */
  readonly isEmpty: boolean | undefined
}

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

/** Files of a recording in one folder by kind, as bits of their extensions. */
interface Files {
  /** The latest listing of the folder that showed one of them; 0 if no listing did. */
  listing: number
  /** Its media files, and the files that its sidecars describe. */
  media: number
  described: number
  /** Files that have no byte, whether or not they are there still. */
  emptyMedia: number
  emptySidecars: number
  /** What there is of each extension that has no bit, as {@link fileBits}. */
  more?: Map<string, number> | undefined
}

const bothPresent = fileBits.media | fileBits.described
const whole: FilesJudgement = { ...noFiles, isDelivered: true, isWhole: true }
const undescribed: FilesJudgement = { ...noFiles, hasUndescribed: true }

/**
 * Which files of a recording the latest listing of its folder showed. A sidecar is that of one file: `{file name}_metadata.json`
 * (genesys-facts, what lands on S3), so that one of another rendition does not count. 21 bytes a recording.
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
  /** Of the first folder by row: extensions that have no bit. There is hardly ever any, and none is forgotten. */
  readonly #more = new Map<number, Map<string, number>>()
  /** What lies in other folders than the first, by row and folder: there is hardly ever any. */
  readonly #elsewhere = new Map<number, Map<number, Files>>()
  readonly #extensions: string[] = []
  readonly #bits = new Map<string, number>()

  constructor(listings: Listings) {
    this.#listingsOf = listings
  }

  /** @param listing 0 if it is not a listing that shows it */
  show(row: number, file: ShownFile, listing: number): void {
    const first = this.#listings.get(row)
    const folder = this.#listingsOf.folderOf(listing)
    if (listing === 0 || first === 0 || folder === this.#listingsOf.folderOf(first)) {
      const files = this.#firstOf(row)
      this.#enter(files, file, listing)
      this.#keep(row, files)
      return
    }
    const folders = this.#elsewhere.get(row) ?? new Map<number, Files>()
    const files = folders.get(folder) ?? { listing, media: 0, described: 0, emptyMedia: 0, emptySidecars: 0 }
    this.#enter(files, file, listing)
    this.#elsewhere.set(row, folders.set(folder, files))
  }

  /** A key of it was found for the first time. */
  know(row: number): void {
    this.#known.set(row, Math.min(255, this.#known.get(row) + 1))
  }

  wasFound(row: number): boolean {
    return this.#known.get(row) > 0
  }

  judge(row: number): FilesJudgement {
    const first = this.#firstOf(row)
    const { media, described, emptyMedia, emptySidecars, more } = first
    const elsewhere = this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(row)
    // As nearly all are; it is asked for each object of each listing.
    if (elsewhere === undefined && more === undefined && (emptyMedia | emptySidecars) === 0) {
      if (media === described) return media === 0 ? noFiles : whole
      if (described === 0) return undescribed
    }
    return judgeFiles([first, ...(elsewhere?.values() ?? [])].map((files) => this.#byExtension(files)))
  }

  /** Whether a key of it was found once and is not in the latest listing. */
  isGone(row: number): boolean {
    let shown = 0
    for (const { listing, media, described, more } of this.#filesOf(row)) {
      if (!this.#listingsOf.isCurrent(listing)) return true
      shown += bitCount(media) + bitCount(described)
      for (const bits of more?.values() ?? []) shown += bitCount(bits & (fileBits.media | fileBits.described))
    }
    return shown < this.#known.get(row)
  }

  #enter(files: Files, { kind, extension, isEmpty }: ShownFile, listing: number): void {
    if (listing > files.listing) {
      // What is known to be empty is so until something says that it is not.
      for (const [name, found] of files.more ?? []) files.more?.set(name, found & ~bothPresent)
      Object.assign(files, { listing, media: 0, described: 0 })
    }
    // What a listing has said is there or not is not changed by what was read before it.
    const isShown = listing >= files.listing
    const isMedia = kind === 'recording'
    const bit = this.#bitOf(extension)
    if (bit === undefined) {
      const empty = isMedia ? fileBits.emptyMedia : fileBits.emptySidecar
      const present = isMedia ? fileBits.media : fileBits.described
      files.more ??= new Map()
      const before = files.more.get(extension) ?? 0
      const known = isEmpty === undefined ? before : before & ~empty
      files.more.set(extension, known | (isEmpty === true ? empty : 0) | (isShown ? present : 0))
      return
    }
    const empty = isMedia ? 'emptyMedia' : 'emptySidecars'
    if (isEmpty === true) files[empty] = (files[empty] | bit) >>> 0
    else if (isEmpty === false) files[empty] = (files[empty] & ~bit) >>> 0
    const present = isMedia ? 'media' : 'described'
    if (isShown) files[present] = (files[present] | bit) >>> 0
  }

  #firstOf(row: number): Files {
    return {
      listing: this.#listings.get(row),
      media: this.#media.get(row),
      described: this.#described.get(row),
      emptyMedia: this.#emptyMedia.get(row),
      emptySidecars: this.#emptySidecars.get(row),
      more: this.#more.size === 0 ? undefined : this.#more.get(row),
    }
  }

  #keep(row: number, { listing, media, described, emptyMedia, emptySidecars, more }: Files): void {
    this.#listings.set(row, listing)
    this.#media.set(row, media)
    this.#described.set(row, described)
    if (emptyMedia !== this.#emptyMedia.get(row)) this.#emptyMedia.set(row, emptyMedia)
    if (emptySidecars !== this.#emptySidecars.get(row)) this.#emptySidecars.set(row, emptySidecars)
    if (more !== undefined) this.#more.set(row, more)
    else if (this.#more.size > 0) this.#more.delete(row)
  }

  *#filesOf(row: number): Generator<Files, void, void> {
    yield this.#firstOf(row)
    const elsewhere = this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(row)
    if (elsewhere !== undefined) yield* elsewhere.values()
  }

  /** The bit of an extension; `undefined` for all that come after the first 32. */
  #bitOf(extension: string): number | undefined {
    const known = this.#bits.get(extension)
    if (known !== undefined || this.#extensions.length >= extensionBits) return known
    const bit = 2 ** this.#extensions.length
    this.#extensions.push(extension)
    this.#bits.set(extension, bit)
    return bit
  }

  #byExtension({ media, described, emptyMedia, emptySidecars, more }: Files): FilesByExtension {
    const found = new Map(more)
    for (let rest = media | described; rest !== 0; rest &= rest - 1) {
      const bit = (rest & -rest) >>> 0
      found.set(
        this.#extensions[31 - Math.clz32(bit)] ?? '',
        (media & bit ? fileBits.media : 0) |
          (described & bit ? fileBits.described : 0) |
          (emptyMedia & bit ? fileBits.emptyMedia : 0) |
          (emptySidecars & bit ? fileBits.emptySidecar : 0),
      )
    }
    return found
  }
}

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1
  return count
}

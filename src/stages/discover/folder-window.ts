import { sidecarSuffix } from '../../model/layout/keys.js'
import type { LocatedObject, Neighbours } from '../../model/layout/places.js'
import type { ListedObject } from '../../model/object.js'

/** Takes what leaves a {@link FolderWindow}. */
export interface WindowExit {
  /** @param neighbours asked for the sidecar of the file, or the one it describes */
  file(located: LocatedObject, neighbours: Neighbours): unknown
  /** A key that is in no conversation's folder. */
  outside(object: ListedObject): unknown
}

/** A file of a conversation's folder, with what is known of its neighbours. */
class WaitingFile implements Neighbours {
  readonly located: LocatedObject
  /** Name of the file. */
  readonly name: string
  /** The file that it describes, by its name, lies there. */
  readonly describes: boolean
  /** The same key, listed before: what is known of the one is known of the other. */
  readonly #former: WaitingFile | undefined
  #hasSidecar: boolean | undefined

  constructor(located: LocatedObject, describes: boolean, former: WaitingFile | undefined) {
    this.located = located
    this.name = located.key.rest
    this.describes = describes
    this.#former = former
  }

  /** Whether its sidecar lies there; `undefined` while it may still come. */
  get hasSidecar(): boolean | undefined {
    return this.#former === undefined ? this.#hasSidecar : this.#former.hasSidecar
  }

  settle(hasSidecar: boolean): void {
    if (this.#former === undefined) this.#hasSidecar ??= hasSidecar
    else this.#former.settle(hasSidecar)
  }

  lies(asked: string): boolean {
    if (asked.length > this.name.length) return this.hasSidecar === true && asked === this.name + sidecarSuffix
    return this.describes && asked + sidecarSuffix === this.name
  }
}

/**
 * Looks at the files of a listing with their neighbours without keeping a folder as a whole: a file with its
 * sidecar and a sidecar with its file.
 *
 * A listing is in the order of UTF-8 bytes, and the sidecar of X is `X_metadata.json`: all keys between the two
 * begin with X. So it is enough to remember those earlier keys with which the present key begins. There are at
 * most as many as it has characters. A file waits until its sidecar has come or can no longer come. Files leave in
 * the order in which they came.
 */
export class FolderWindow {
  readonly #waiting: (WaitingFile | ListedObject)[] = []
  /** The first that has not left. */
  #first = 0
  /** Files that the present one begins with, the longest name last. */
  readonly #beginnings: WaitingFile[] = []
  #folder = ''

  /** Objects that have not left. */
  get size(): number {
    return this.#waiting.length - this.#first
  }

  /** The key that the first of them waits for: its sidecar, which may still come. */
  get awaited(): string | undefined {
    const first = this.#waiting[this.#first]
    const waits = first instanceof WaitingFile && first.hasSidecar === undefined
    return waits ? first.located.object.key + sidecarSuffix : undefined
  }

  /** Settles whether the awaited key is there. */
  settle(lies: boolean): void {
    const first = this.#waiting[this.#first]
    if (first instanceof WaitingFile) first.settle(lies)
  }

  /**
   * The next file of the listing.
   *
   * @param isDescribing the file that it describes lies there, although the listing began after that
   */
  add(located: LocatedObject, isDescribing = false): void {
    const { object, key } = located
    const length = object.key.length - key.rest.length
    if (length !== this.#folder.length || !object.key.startsWith(this.#folder)) {
      this.end()
      this.#folder = object.key.slice(0, length)
    }
    const describes = this.#turnTo(key.rest) || isDescribing
    const last = this.#beginnings.at(-1)
    const former = last?.name === key.rest ? last : undefined
    const file = new WaitingFile(located, describes, former)
    if (former === undefined) this.#beginnings.push(file)
    this.#waiting.push(file)
  }

  /** A key beside the files. */
  pass(object: ListedObject): void {
    this.#waiting.push(object)
  }

  /** The folder, or the listing, is at its end: nothing comes any more. */
  end(): void {
    for (const file of this.#beginnings) file.settle(false)
    this.#beginnings.length = 0
  }

  /** Lets out what is known, as far as everything before it is. */
  leave(exit: WindowExit): void {
    for (; this.#first < this.#waiting.length; this.#first += 1) {
      const next = this.#waiting[this.#first] as WaitingFile | ListedObject
      if (!(next instanceof WaitingFile)) exit.outside(next)
      else if (next.hasSidecar === undefined) break
      else exit.file(next.located, next)
    }
    // Now and then, not at each one.
    if (this.#first * 2 < this.#waiting.length) return
    this.#waiting.splice(0, this.#first)
    this.#first = 0
  }

  /** Lets go of what the next name does not begin with. Returns whether the file that it would describe is there. */
  #turnTo(next: string): boolean {
    let last = this.#beginnings.at(-1)
    while (last !== undefined && !next.startsWith(last.name)) {
      last.settle(false)
      this.#beginnings.pop()
      last = this.#beginnings.at(-1)
    }
    let describes = false
    for (const file of this.#beginnings) {
      if (next.length === file.name.length + sidecarSuffix.length && next.endsWith(sidecarSuffix)) {
        file.settle(true)
        describes = true
      } else if (next.slice(file.name.length) > sidecarSuffix) file.settle(false)
    }
    return describes
  }
}

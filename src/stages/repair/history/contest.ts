import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectState } from '../../../model/object.js'
import type { Difference } from '../../../model/verdict.js'
import type { HeadResult, MutationResult, StorageAdapter, VersionBeneath } from '../../../ports/storage.js'
import type { StageContext } from '../../context.js'
import type { History, Link, OwnCopy } from './buried.js'
import type { HoldLists } from './hold-lists.js'
import { changesOf, listsIn, type Texts } from './tag-changes.js'

/** Versions between a first reading and now, at most: more than any number of exporters write while one repairs. */
const longestHistory = 200

/** Versions beneath the first reading, at most: more than exporters are at work on one object at the same moment. */
const mostOlder = 4

// Most repairs meet nobody else, and hundreds wait for their chains at once: what only a contest fills is one for all of them.
const none: ReadonlySet<string> = new Set()
const noStates: ReadonlyMap<string, ObjectState> = new Map()

/** A version for which it is not known yet what lies on it. */
type Unplaced = Omit<Link, 'isBuried'>

/** Ids of versions, oldest first. */
interface Ids {
  readonly between: readonly string[]
  readonly beneath: readonly string[]
}

/**
 * What a repair knows of the versions that were written since it first read the object. It knows which are its
 * own, which of them it demoted by a copy of another, and on which it put a hold to protect them. It reads the
 * versions once somebody else turns out to write as well.
 */
export class Contest {
  readonly #storage: StorageAdapter
  readonly #key: string
  readonly #context: StageContext
  #first: ObjectState | undefined
  readonly #own = new Map<string, OwnCopy>()
  readonly #heldByUs = new Set<string>()
  #buried: ReadonlySet<string> = none
  /** Copies whose lists of tags were compared with what they carried. */
  #compared: ReadonlySet<string> = none
  #comparing: ReadonlySet<string> = none
  #older: ReadonlyMap<string, ObjectState> = noStates
  #isOpen = false
  /** What the last copy was made of, in case that nobody hears of it. */
  #copying: ObjectState | undefined

  constructor(storage: StorageAdapter, key: string, context: StageContext) {
    this.#storage = storage
    this.#key = key
    this.#context = context
  }

  /** Whether somebody else has written since: the version on top does not tell the whole story. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The object as it is before our first step; nothing that was written before it is of any concern. */
  begin(first: ObjectState): void {
    if (!this.#isOpen && this.#own.size === 0) this.#first = first
  }

  open(): void {
    this.#isOpen = this.#first?.versionId !== undefined
  }

  /** A copy of `before` is about to be made. */
  copying(before: ObjectState): void {
    this.#copying = before
  }

  /**
   * A copy of `before` was made.
   *
   * @param isBare its tags had to be put back
   */
  wrote(versionId: string | undefined, before: ObjectState, isBare: boolean): void {
    if (versionId === undefined) return
    const { tags, legalHold, versionId: madeOf } = before
    this.#own.set(versionId, { madeOf, tags: typeof tags === 'object' ? tags : undefined, legalHold, isBare })
  }

  /** Whether a difference is a tag that the server had dropped from what others made of the object, and that is back. */
  isComingBack({ property, before, after }: Difference): boolean {
    if (!this.#isOpen || before !== undefined || !property.startsWith('tags.')) return false
    const { tags } = this.#first ?? {}
    const name = property.slice('tags.'.length)
    return typeof tags === 'object' && Object.hasOwn(tags, name) && tags[name] === after
  }

  /**
   * What the lists of a copy of ours lack that another matter began on it before its tags were put back. Once for each copy:
   * what is missing after that was taken away.
   */
  listsBegunSince(copy: ObjectState, lists: HoldLists): Texts {
    const { versionId } = copy
    const own = this.#own.get(versionId ?? '')
    if (versionId === undefined || own?.tags === undefined || !own.isBare || this.#compared.has(versionId)) return {}
    this.#comparing = new Set([...this.#comparing, versionId])
    return changesOf(copy, { tags: listsIn(own.tags, lists) }, lists)
  }

  /** What was found missing of them was put there. */
  compared(): void {
    if (this.#comparing.size === 0) return
    this.#compared = new Set([...this.#compared, ...this.#comparing])
    this.#comparing = none
  }

  /** The tags of our copy `versionId` had to be put back after all. */
  tagged(versionId: string | undefined): void {
    const known = versionId === undefined ? undefined : this.#own.get(versionId)
    if (versionId !== undefined && known !== undefined) this.#own.set(versionId, { ...known, isBare: true })
  }

  /** A copy of ours lies on top of it. */
  buried(versionId: string): void {
    this.#buried = new Set([...this.#buried, versionId])
    this.open()
  }

  /** We put a hold there, so that it lasts. */
  held(versionId: string, isHeld = true): void {
    if (isHeld) this.#heldByUs.add(versionId)
    else this.#heldByUs.delete(versionId)
  }

  isHeldByUs(versionId: string | undefined): boolean {
    return versionId !== undefined && this.#heldByUs.has(versionId)
  }

  /**
   * The versions from the first one that we read up to `top`.
   *
   * @param isOurs recognizes a copy whose answer was lost
   */
  async history(top: ObjectState, isOurs: (state: ObjectState) => boolean): Promise<History> {
    const first = this.#first ?? top
    const { between, beneath } = await this.#idsBetween(first, top)
    const older: ObjectState[] = []
    for (const versionId of beneath) older.push(...(await this.#readOlder(versionId)))
    const links: Unplaced[] = []
    for (const versionId of between) links.push(this.#link(await this.#read(versionId), isOurs))
    links.push(this.#link(top, isOurs))
    const [oldest = this.#link(top, isOurs), ...later] = links.map((link, at) => {
      const above = links[at + 1]?.own
      return { ...link, isBuried: above !== undefined && above.madeOf !== link.state.versionId }
    })
    return { first, older, links: [{ isBuried: false, ...oldest }, ...later] }
  }

  #link(state: ObjectState, isOurs: (state: ObjectState) => boolean): Unplaced {
    const { versionId } = state
    const id = versionId ?? ''
    const isLost = !this.#own.has(id) && versionId !== this.#first?.versionId && isOurs(state)
    // Nobody saw to it after it was made: whatever the server drops is missing there.
    if (isLost && this.#copying !== undefined) this.wrote(versionId, this.#copying, true)
    const masked: ObjectState = this.#heldByUs.has(id) ? { ...state, legalHold: 'OFF' } : state
    return { shown: state, state: masked, own: this.#own.get(id) }
  }

  async #read(versionId: string): Promise<ObjectState> {
    const ref = { bucket: this.#storage.bucket, key: this.#key, versionId }
    const answer: HeadResult = await this.#storage.head(ref, { signal: this.#context.signal, full: true })
    if (answer.found) return answer.state
    throw this.changed(`wrote and deleted version ${versionId}`)
  }

  async #readOlder(versionId: string): Promise<readonly ObjectState[]> {
    const known = this.#older.get(versionId)
    if (known !== undefined) return [known]
    const ref = { bucket: this.#storage.bucket, key: this.#key, versionId }
    const answer = await this.#storage.head(ref, { signal: this.#context.signal })
    if (!answer.found) return []
    this.#older = new Map([...this.#older, [versionId, answer.state]])
    return [answer.state]
  }

  /** Ids of the versions beneath `top` down to the first reading, and of a few beneath that, each oldest first. */
  async #idsBetween(first: ObjectState, top: ObjectState): Promise<Ids> {
    if (top.versionId === first.versionId) return { between: [], beneath: [] }
    if (this.#storage.listVersions === undefined) {
      const known = [first.versionId, ...this.#own.keys(), ...this.#buried]
      const between = [...new Set(known)].filter((id): id is string => id !== undefined && id !== top.versionId)
      return { between, beneath: [] }
    }
    const between: string[] = []
    const beneath: string[] = []
    let isBeneath = false
    let isOlder = false
    for await (const { key, versionId, deleteMarker } of this.#storage.listVersions(this.#key, {
      signal: this.#context.signal,
    })) {
      if (key !== this.#key) break
      if (!isBeneath) {
        isBeneath = versionId === top.versionId
        continue
      }
      if (isOlder) {
        if (deleteMarker || beneath.length === mostOlder) break
        beneath.unshift(versionId)
        continue
      }
      if (deleteMarker) throw this.changed(`wrote the delete marker ${versionId}`)
      between.unshift(versionId)
      isOlder = versionId === first.versionId
      if (between.length > longestHistory) break
    }
    if (isOlder) return { between, beneath }
    throw this.changed(isBeneath ? 'rewrote its history' : 'wrote it once more')
  }

  /**
   * What lies right beneath a version of the key, by a listing; `undefined` if no listing is available. Throws if the listing
   * does not have the version.
   */
  async beneath(versionId: string): Promise<VersionBeneath | 'nothing' | undefined> {
    if (this.#storage.listVersions === undefined) return undefined
    const { signal } = this.#context
    let isFound = false
    try {
      for await (const version of this.#storage.listVersions(this.#key, { signal })) {
        if (version.key !== this.#key) break
        if (isFound) return { versionId: version.versionId, isDeleteMarker: version.deleteMarker }
        isFound = version.versionId === versionId
      }
    } catch (error) {
      // A server that keeps versions and lists none: the storage repairs on it only if the caller has accepted that.
      if (LegalHoldError.isInstance(error) && error.code === 'STORAGE_UNSUPPORTED') return undefined
      throw error
    }
    if (isFound) return 'nothing'
    throw this.changed(`rewrote it: version ${versionId} is not listed`, true)
  }

  changed(what: string, retryable = false): LegalHoldError {
    return new LegalHoldError(
      `Between the reading of ${this.#key} and its repair somebody ${what}. Compare both before deciding which is right.`,
      { code: 'OBJECT_CHANGED', stage: 'remediate', outcome: 'applied', retryable },
    )
  }
}

/** What lies beneath what a copy wrote, in words. */
export function beneathInWords(beneath: Exclude<MutationResult['beneath'], undefined>): string {
  if (beneath === 'nothing') return 'rewrote its history'
  return `wrote ${beneath.isDeleteMarker ? 'the delete marker' : 'version'} ${beneath.versionId}`
}

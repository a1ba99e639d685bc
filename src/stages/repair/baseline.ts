import type { AskedChanges } from '../../model/compare.js'
import { isVersioned } from '../../model/identity.js'
import type { ObjectState } from '../../model/object.js'
import type { RemediationStep } from '../../model/verdict.js'
import { withEntries } from './plan.js'

/** Whether a copy of ours may have written a version: not tried or refused, its answer was lost, it was made. */
type CopyState = 'none' | 'perhaps' | 'made'

/**
 * What the repair of one object is measured against: its state before our first step, and what our steps asked
 * for.
 *
 * A repair reads the object again before each attempt. The result may be our own doing (the hold that protects the
 * original, a copy whose answer was lost). It must not be taken for the former state of the object.
 */
export class Baseline {
  #original: ObjectState
  #asked: AskedChanges = {}
  #copy: CopyState = 'none'
  #writtenVersion: string | undefined
  #protected: boolean
  #changed = false

  /** @param heldByUs whether the hold on this version is one that an interrupted run put there to protect it */
  constructor(current: ObjectState, heldByUs: boolean) {
    this.#original = heldByUs ? { ...current, legalHold: 'OFF' } : current
    this.#protected = heldByUs
  }

  /** What a copy that was made is measured against after all: a version that was found beneath it. */
  static ofCopy(
    original: ObjectState,
    heldByUs: boolean,
    asked: AskedChanges,
    versionId: string | undefined,
  ): Baseline {
    const baseline = new Baseline(original, heldByUs)
    baseline.#asked = asked
    baseline.#changed = true
    baseline.copied(versionId)
    return baseline
  }

  /** The object as it was before we touched it. */
  get original(): ObjectState {
    return this.#original
  }

  get asked(): AskedChanges {
    return this.#asked
  }

  /** Whether a step was begun that changes what the object shows. */
  get changed(): boolean {
    return this.#changed
  }

  get mayHaveCopied(): boolean {
    return this.#copy !== 'none'
  }

  /** Whether the hold is on the original already, so that a copy needs not put it there. */
  get isProtected(): boolean {
    return this.#protected
  }

  /** Whether this is still the version the repair began with. */
  isOriginal(current: ObjectState): boolean {
    const { versionId, etag, lastModified } = this.#original
    if (current.versionId !== versionId) return false
    // Without versions an object that was overwritten keeps its (missing) id.
    return isVersioned(this.#original) || (current.etag === etag && current.lastModified === lastModified)
  }

  /** Whether this is the version that our copy was answered to have written. */
  isWritten({ versionId }: ObjectState): boolean {
    return this.#writtenVersion !== undefined && versionId === this.#writtenVersion
  }

  /** Whether `current` shows what the copy was to write. Only the version beneath it proves that it is ours. */
  looksWritten(current: ObjectState): boolean {
    const { metadata } = this.#asked
    return metadata !== undefined && current.sizeBytes === this.#original.sizeBytes && same(current.metadata, metadata)
  }

  /** Whether `after` is what our steps ended in; false if somebody has written since. */
  isResult(after: ObjectState): boolean {
    if (this.#copy === 'none') return this.isOriginal(after)
    return this.#writtenVersion === undefined || this.isWritten(after)
  }

  /**
   * Takes over what somebody else changed in place on the same version since it was read. What our own steps tried to
   * change stays as it was first seen: whether that is ours or theirs, nothing can tell.
   */
  refresh(current: ObjectState): void {
    if (this.mayHaveCopied && !isVersioned(this.#original)) return
    const { tags, tagCount, legalHold, retention } = this.#original
    const holds = this.#protected || this.#asked.legalHold !== undefined
    this.#original = {
      ...current,
      ...(this.#asked.tags === undefined ? {} : { tags, tagCount }),
      ...(holds ? { legalHold } : {}),
      ...(this.#asked.retention === undefined ? {} : { retention }),
    }
  }

  /**
   * Takes over what somebody else changed in place on the original since it was read, so that it is looked for on the
   * copy. What our own steps set there is not theirs.
   */
  follow({ tagCount, tags, legalHold, retention }: ObjectState): void {
    const { asked } = this
    const holds = this.#protected || asked.legalHold !== undefined
    this.#original = {
      ...this.#original,
      ...(this.#original.tags === undefined ? { tagCount } : {}),
      ...(typeof tags === 'object' ? { tags: withoutOurs(tags, this.#original.tags, asked) } : {}),
      ...(holds || legalHold === 'unreadable' ? {} : { legalHold }),
      ...(asked.retention !== undefined || retention === 'unreadable' ? {} : { retention }),
    }
  }

  /** The state to plan with and to copy from: without the hold that only protects the original. */
  withoutProtection(current: ObjectState): ObjectState {
    if (!this.#protected || !this.isOriginal(current) || this.#asked.legalHold !== undefined) return current
    return { ...current, legalHold: this.#original.legalHold }
  }

  /** Notes a step before it is taken. */
  begin(step: RemediationStep): void {
    this.#asked = withAsked(this.#asked, step, this.#original)
    if (step.action === 'protect-original') this.#protected = true
    else this.#changed = true
    if (step.action === 'replace-metadata' && this.#copy === 'none') this.#copy = 'perhaps'
  }

  /** The hold on the original was refused: one that is there by now is somebody else's. */
  notProtected(): void {
    this.#protected = false
  }

  /** The copy was made, as `versionId` if the storage says so. */
  copied(versionId: string | undefined): void {
    this.#copy = 'made'
    this.#writtenVersion = versionId
  }

  /** The copy was refused, so nothing of it can be seen later. */
  notCopied(): void {
    this.#copy = 'none'
    const { legalHold, ...asked } = this.#asked
    // A hold that the new version was not to carry is on the old one as before.
    this.#asked = { ...asked, metadata: undefined, ...(legalHold === 'ON' ? { legalHold } : {}) }
  }
}

function withAsked(asked: AskedChanges, step: RemediationStep, original: ObjectState): AskedChanges {
  switch (step.action) {
    case 'merge-tags':
      return { ...asked, tags: withEntries(asked.tags ?? {}, step.tags) }
    case 'put-legal-hold':
      return { ...asked, legalHold: 'ON' }
    case 'put-retention':
      return { ...asked, retention: step.retention }
    case 'replace-metadata':
      return {
        ...asked,
        metadata: step.metadata,
        ...(step.legalHold === undefined ? {} : { legalHold: step.legalHold }),
      }
    case 'replace-tags':
      return { ...asked, tags: step.tags, removedTags: gone(original.tags, step.tags) }
    case 'lift-legal-hold':
      return { ...asked, legalHold: 'OFF' }
    case 'protect-original':
    case 'hold-noncurrent':
      return asked
  }
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
}

/** The tags as they would be without our steps. */
function withoutOurs(
  now: Readonly<Record<string, string>>,
  before: ObjectState['tags'],
  { tags = {}, removedTags = [] }: AskedChanges,
): Readonly<Record<string, string>> {
  const theirs = withEntries(now, {})
  if (typeof before !== 'object') return theirs
  const isOurs = (key: string) => Object.hasOwn(tags, key) && tags[key] === theirs[key]
  for (const key of [...Object.keys(tags).filter(isOurs), ...removedTags]) {
    const value = Object.hasOwn(before, key) ? before[key] : undefined
    if (value === undefined) delete theirs[key]
    else theirs[key] = value
  }
  return theirs
}

function gone(before: ObjectState['tags'], after: Readonly<Record<string, string>>): readonly string[] {
  return typeof before === 'object' ? Object.keys(before).filter((key) => !Object.hasOwn(after, key)) : []
}

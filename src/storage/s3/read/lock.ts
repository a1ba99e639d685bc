import { allOf, isPending } from '../../../internal/waits/pending.js'
import type { Stage } from '../../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import { legalHoldOf, retentionOf } from '../protocol/lock.js'
import type { S3Call, S3Output, S3Requests } from '../send/requests.js'
import {
  isNoLockConfiguration,
  isUnsupported,
  type LockConfiguration,
  orUnreadable,
  type Read,
  type S3Bucket,
} from './bucket.js'
import type { PartCall } from './tags.js'
import { target } from './target.js'

/** So many locks that HEAD leaves out, and a second reading shows: this server's HEAD shows none. */
const convincing = 3

/** Which of hold and retention is asked for. */
export type WantedLock = true | 'legal-hold' | 'retention'

/** Reads holds and retentions. HEAD shows them to who may see them, so one it does not show may only be hidden (s3-facts: Object Lock). */
export class S3Locks {
  readonly #requests: S3Requests
  readonly #bucket: S3Bucket
  /** How often a lock was read twice over that HEAD had left out. */
  #besideHead = 0
  #areShown = false
  /** What the server has answered about: it implements that, whatever it or a gateway says later. */
  readonly #answered = new Set<'hold' | 'retention'>()

  constructor(requests: S3Requests, bucket: S3Bucket) {
    this.#requests = requests
    this.#bucket = bucket
  }

  /** Whether HEAD has shown a hold, so that one it does not show is not there, or may not be seen. */
  get areShown(): boolean {
    return this.#areShown
  }

  /**
   * Whether the caller was shown a retention before. It may read them, so an absent retention means that there is
   * none.
   */
  get isRetentionAnswered(): boolean {
    return this.#answered.has('retention')
  }

  /** What HEAD shows by itself. */
  seen({ legalHold }: ObjectState): void {
    if (legalHold !== undefined) this.#areShown = true
  }

  /** HEAD did not show a hold that is there. */
  noteHidden(): void {
    this.#areShown = false
  }

  /** Forgets what the caller may see, so that a changed policy takes effect. */
  refresh(): void {
    this.#areShown = false
  }

  /** `unreadable`: the answer names no status, or one that is not known. */
  async legalHold(ref: ObjectRef, stage: Stage, { signal, compare }: PartCall): Promise<'ON' | 'OFF' | 'unreadable'> {
    try {
      const answer = await this.#requests.send('GetObjectLegalHold', target(ref), { stage, signal, compare })
      const { output, isNoLock } = answer
      this.#answered.add('hold')
      if (isNoLock === true) return 'OFF'
      return legalHoldOf(output.LegalHold?.Status) ?? 'unreadable'
    } catch (error) {
      if (this.#isOff('hold', error)) return 'OFF'
      throw error
    }
  }

  /** `unreadable`: the answer names no mode and date, or a mode that is not known. */
  async retention(
    ref: ObjectRef,
    stage: Stage,
    { signal, compare }: PartCall,
  ): Promise<Exclude<ObjectState['retention'], undefined>> {
    try {
      const answer = await this.#requests.send('GetObjectRetention', target(ref), { stage, signal, compare })
      const { output, isNoLock } = answer
      this.#answered.add('retention')
      if (isNoLock === true) return 'none'
      const { Mode, RetainUntilDate } = output.Retention ?? {}
      return retentionOf(Mode, RetainUntilDate?.toISOString()) ?? 'unreadable'
    } catch (error) {
      if (this.#isOff('retention', error)) return 'none'
      throw error
    }
  }

  /**
   * Hold and retention of an object, or only the one that is named; what HEAD shows is not asked for.
   */
  async of(
    state: ObjectState,
    wanted: true | 'legal-hold' | 'retention',
    stage: Stage,
    call: CallOptions,
  ): Promise<Pick<ObjectState, 'legalHold' | 'retention'>> {
    const { legalHold, retention } = state
    if (legalHold !== undefined && retention !== undefined) return { legalHold, retention }
    const mayBe = this.mayBe(stage, call)
    if (!(typeof mayBe === 'boolean' ? mayBe : await mayBe)) {
      return { legalHold: legalHold ?? ('OFF' as const), retention: retention ?? ('none' as const) }
    }
    const ref = { bucket: state.bucket, key: state.key, versionId: state.versionId }
    const part = { signal: call.signal, compare: this.#shownByHead() }
    const [hold, retained] = await allOf([
      legalHold ?? (wanted === 'retention' ? undefined : orUnreadable(this.legalHold(ref, stage, part))),
      retention ?? (wanted === 'legal-hold' ? undefined : orUnreadable(this.retention(ref, stage, part))),
    ])
    const isHeldBeside = legalHold === undefined && hold === 'ON'
    if (isHeldBeside || (retention === undefined && typeof retained === 'object')) this.#besideHead += 1
    return { legalHold: hold, retention: retained }
  }

  /**
   * HEAD shows a lock to everybody who may ask for it (s3-facts: Object Lock). If GetObjectLegalHold or
   * GetObjectRetention answers with a lock that HEAD did not show, that answer may belong to another object. It is
   * then requested again, until this server has shown that its HEAD leaves locks out.
   */
  #shownByHead(): S3Call['compare'] {
    if (this.#besideHead >= convincing) return undefined
    return ({ output = {} }) => {
      const { LegalHold, Retention } = output as S3Output<'GetObjectLegalHold'> & S3Output<'GetObjectRetention'>
      const isLocked = LegalHold?.Status === 'ON' || Retention?.Mode !== undefined
      return isLocked ? 'a lock that HEAD does not show' : undefined
    }
  }

  /** Where the bucket has no Object Lock there is nothing that could be hidden. */
  mayBe(stage: Stage, call: CallOptions): boolean | Promise<boolean> {
    const lock = this.#bucket.objectLock(stage, call)
    return isPending(lock) ? lock.then(isPossible) : isPossible(lock)
  }

  /** Whether a failure says that there is no lock: none at this object, or none at all. */
  #isOff(part: 'hold' | 'retention', error: unknown): boolean {
    if (!isNoLockConfiguration(error)) return isUnsupported(error) && !this.#answered.has(part)
    this.#answered.add(part)
    return true
  }
}

function isPossible({ value }: Read<LockConfiguration>): boolean {
  return value === 'unreadable' || value.enabled
}

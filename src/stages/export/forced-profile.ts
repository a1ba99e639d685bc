import type { Recorder } from '../../journal/recorder.js'
import type { JournalledProfile } from '../../journal/records.js'
import type { ForcedProfile, RecordingPlatform } from '../../ports/platform.js'
import { persist, type StageContext } from '../context.js'

/** What forcing a profile needs. */
export interface ProfileForcingSubject {
  readonly platform: RecordingPlatform
  readonly profileId: string
  readonly recorder: Recorder
  readonly context: StageContext
  /** What an interrupted run had begun and not put back. */
  readonly former: JournalledProfile | undefined
}

/**
 * Switches the hold metadata of a profile on for a while. The setting is organisation-wide. Its former value is
 * recorded before it is changed, so that an interrupted run restores it when it resumes.
 */
export class ProfileForcing {
  readonly #subject: ProfileForcingSubject
  #before: JournalledProfile | undefined
  #forced: ForcedProfile | undefined

  constructor(subject: ProfileForcingSubject) {
    this.#subject = subject
    this.#before = subject.former
  }

  /** Idempotent. */
  async force(): Promise<void> {
    if (this.#forced !== undefined) return
    const { platform, profileId, recorder, context } = this.#subject
    const { signal } = context
    if (this.#before === undefined) {
      const { includesHoldMetadata } = await persist(context, 'export', `profile ${profileId}`, () =>
        platform.inspectProfile(profileId, { signal }),
      )
      this.#before = { profileId, includesHoldMetadata }
      await recorder.record('profile-intent', this.#before)
    }
    this.#forced = await platform.forceHoldMetadata?.(profileId, { signal })
  }

  /** Puts the profile back, whatever became of the run: not on the caller's signal. Idempotent. */
  async restore(): Promise<void> {
    const before = this.#before
    if (before === undefined) return
    const { platform, recorder, context } = this.#subject
    const { profileId, includesHoldMetadata = false } = before
    const uninterrupted = { ...context, signal: undefined }
    await persist(uninterrupted, 'export', `profile ${profileId}`, async () => {
      // Forced by this process, or by one that is gone and that could not put it back.
      if (this.#forced?.changed === true) await this.#forced.restore()
      else if (!includesHoldMetadata) await platform.restoreHoldMetadata?.(profileId, false)
    })
    await recorder.record('profile-restored', { profileId })
    this.#before = undefined
    this.#forced = undefined
  }
}

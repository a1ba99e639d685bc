/** How repairs are made. */
export interface RemediationOptions {
  /** @defaultValue 'refuse' */
  readonly onConflict: ConflictPolicy
  /** Put the delivered original under an Object Lock hold before a copy demotes it. @defaultValue true */
  readonly protectOriginal: boolean
  /**
   * `all`: the versions beneath the current one get an Object Lock hold as well. That includes objects that are
   * already held or were deleted. These versions cannot be given metadata or tags of the current one.
   *
   * @defaultValue 'current'
   */
  readonly versions: 'current' | 'all'
}

export const remediationDefaults: RemediationOptions = {
  onConflict: 'refuse',
  protectOriginal: true,
  versions: 'current',
}

/** The options of a repair, and the codes that were accepted. */
export interface RepairOptions extends RemediationOptions {
  /** `versioning-off` was accepted: a copy may overwrite the original. */
  readonly allowOverwrite: boolean
}

/** What to do if another matter's tag, or another value, is in the place of the hold's. */
export type ConflictPolicy = 'refuse' | 'merge'

import type { ObjectRef, ObjectState } from './object.js'
import type { UnmetRequirement } from './requirements.js'

/** What a key in the bucket is, by the layout Genesys writes (genesys-facts, "What lands on S3"). */
export type ObjectKind = 'recording' | 'sidecar' | 'transcript' | 'attachment' | 'unexpected'

/** Where an object belongs. */
export interface ObjectPlace {
  readonly kind: ObjectKind
  readonly conversationId?: string | undefined
  readonly recordingId?: string | undefined
}

/**
 * - `held`: every requirement is met
 * - `untagged`: the object has nothing of the hold
 * - `mismatched`: some requirements are met, and the rest can be added without changing anything present
 * - `conflicting`: another matter's tag, or another value, is in the place of the hold's
 * - `unreadable`: it could not be determined; never taken for absent
 * - `absent`: the object does not exist
 */
export type VerdictKind = 'held' | 'untagged' | 'mismatched' | 'conflicting' | 'unreadable' | 'absent'

/** The result of validating one object. */
export interface Verdict {
  readonly verdict: VerdictKind
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  readonly unmet: readonly UnmetRequirement[]
  /** The reason in one sentence, for every verdict but `held`. */
  readonly reason?: string | undefined
  /** Set with `absent` if a delete marker lies on top. The object can be recovered from the version beneath it. */
  readonly recoverable?:
    | { readonly deleteMarker?: string | undefined; readonly beneath?: string | undefined }
    | undefined
  /** What HEAD showed; missing for `absent` and for an object that could not be read at all. */
  readonly state?: ObjectState | undefined
  /** S3 request id of the HEAD. */
  readonly requestId?: string | undefined
  /** HTTP status of the HEAD. */
  readonly status?: number | undefined
  /** `inventory`: no HEAD was sent, and `state` is what an inventory showed at `asOf`. Absent if HEAD proves it. */
  readonly provenBy?: 'inventory' | undefined
  /** When the inventory began, ISO 8601. Set with `provenBy`. */
  readonly asOf?: string | undefined
  /** How often the HEAD was sent. */
  readonly attempts?: number | undefined
}

/** How a remediation ended. `planned` in a dry run; `not-needed` if the object was held when it was read again. */
export type RemediationOutcome = 'planned' | 'repaired' | 'not-needed' | 'refused' | 'failed'

/** One step of a repair, least invasive first. */
export type RemediationStep =
  /** Puts the version that a copy is about to demote under an Object Lock hold of its own. */
  | { readonly action: 'protect-original'; readonly versionId: string }
  | { readonly action: 'merge-tags'; readonly tags: Readonly<Record<string, string>> }
  | { readonly action: 'put-legal-hold' }
  | {
      readonly action: 'put-retention'
      readonly retention: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly retainUntilDate: string }
    }
  | {
      readonly action: 'replace-metadata'
      readonly metadata: Readonly<Record<string, string>>
      /** The new version is not held although the old one is. Only a release does this. */
      readonly legalHold?: 'OFF' | undefined
    }
  /** Puts a version beneath the current one under an Object Lock hold; only with `versions: 'all'`. */
  | { readonly action: 'hold-noncurrent'; readonly versionId: string }
  /** Writes the complete set of tags, with fewer tags than before. Only a release does this. */
  | { readonly action: 'replace-tags'; readonly tags: Readonly<Record<string, string>> }
  /** Switches off the Object Lock hold of the current or the named version. Only a release does this. */
  | { readonly action: 'lift-legal-hold'; readonly versionId?: string | undefined }

/** An unrequested difference in a property after a repair. */
export interface Difference {
  /** `metadata.NAME`, `tags.KEY`, `headers.NAME`, `encryption.NAME`, `checksum.…`, or the property's own name. */
  readonly property: string
  readonly before: unknown
  readonly after: unknown
}

/** The load that a repair puts on the storage: planned, or done without a second attempt. */
export interface RepairEstimate {
  /** By operation, e.g. `HeadObject`, `CopyObject`; empty if the storage does not say. */
  readonly requests: Readonly<Record<string, number>>
  /** Absent if the size of the object is not known. */
  readonly bytesCopied?: number | undefined
  /** Bytes of the version that the copy leaves beneath the new one. Absent if its size is not known. */
  readonly extraBytesStored?: number | undefined
  /** `STANDARD` if S3 names none. */
  readonly storageClass: string
}

/** Planned or done repair of one object. */
export interface Remediation {
  readonly outcome: RemediationOutcome
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  /** The verdict that made the repair necessary. */
  readonly verdict: Verdict
  readonly steps: readonly RemediationStep[]
  /** Why it was refused or failed. */
  readonly reason?: string | undefined
  /** The verdict after the repair: `absent` if the object was deleted before or right after the repair. */
  readonly verdictAfter?: Verdict | undefined
  readonly before?: ObjectState | undefined
  readonly after?: ObjectState | undefined
  /** Differences beyond what was asked; only with `failed`. */
  readonly differences?: readonly Difference[] | undefined
  readonly attempts: number
  /** Set if there are steps. */
  readonly estimate?: RepairEstimate | undefined
}

/** How a release ended. `not-needed` if the object does not carry the tag. */
export type ReleaseOutcome = 'planned' | 'released' | 'not-needed' | 'refused' | 'failed'

/** Planned or done release of one object from one matter's hold. */
export interface Release {
  readonly outcome: ReleaseOutcome
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  readonly steps: readonly RemediationStep[]
  /** Tags of other matters that still hold the object. */
  readonly remaining: readonly string[]
  /** Object Lock hold of the current version as it is now. */
  readonly legalHold?: ObjectState['legalHold']
  /** Why nothing was done, or what failed. */
  readonly reason?: string | undefined
  readonly before?: ObjectState | undefined
  readonly after?: ObjectState | undefined
  /** Differences beyond what was asked; only with `failed`. */
  readonly differences?: readonly Difference[] | undefined
  readonly attempts: number
}

/** The final state of one object of a recording. */
export type ObjectOutcome = 'held' | 'repaired' | Fault

/** What is wrong with one object of a recording. */
export type Fault = (typeof faults)[number]

/** What is wrong with one object of a recording, the least first. */
export const faults = ['unrepaired', 'conflicting', 'unreadable', 'missing'] as const

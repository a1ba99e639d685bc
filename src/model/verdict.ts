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
 * - `untagged`: nothing of the hold is on the object
 * - `mismatched`: a part of the requirements is met, the rest can be added without touching what is there
 * - `conflicting`: another matter's tag, or another value, stands where the hold's should
 * - `unreadable`: it could not be determined; never taken for absent
 * - `absent`: the object is not there
 */
export type VerdictKind = 'held' | 'untagged' | 'mismatched' | 'conflicting' | 'unreadable' | 'absent'

/** The result of validating one object. */
export interface Verdict {
  readonly verdict: VerdictKind
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  readonly unmet: readonly UnmetRequirement[]
  /** Why, in a sentence, for everything but `held`. */
  readonly reason?: string | undefined
  /** With `absent`: a delete marker lies on top, and the object can be had back from the version beneath it. */
  readonly recoverable?:
    | { readonly deleteMarker?: string | undefined; readonly beneath?: string | undefined }
    | undefined
  /** What HEAD showed; absent for `absent` and for an object that could not be read at all. */
  readonly state?: ObjectState | undefined
  /** S3 request id of the HEAD. */
  readonly requestId?: string | undefined
  /** HTTP status of the HEAD. */
  readonly status?: number | undefined
  /** How often the HEAD was sent. */
  readonly attempts?: number | undefined
}

/** A remediation's end. `planned` in a dry run; `not-needed` where the object was held when it was read again. */
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
      /** The new version is not held although the old one is: only in a release. */
      readonly legalHold?: 'OFF' | undefined
    }
  /** Puts a version beneath the current one under an Object Lock hold; only with `versions: 'all'`. */
  | { readonly action: 'hold-noncurrent'; readonly versionId: string }
  /** Writes the complete set of tags, fewer than before; only in a release. */
  | { readonly action: 'replace-tags'; readonly tags: Readonly<Record<string, string>> }
  /** Switches the Object Lock hold of the current or the named version off; only in a release. */
  | { readonly action: 'lift-legal-hold'; readonly versionId?: string | undefined }

/** A property that differs after a repair although nobody asked for it. */
export interface Difference {
  /** `metadata.NAME`, `tags.KEY`, `headers.NAME`, `encryption.NAME`, `checksum.…`, or the property's own name. */
  readonly property: string
  readonly before: unknown
  readonly after: unknown
}

/** What a repair asks of the storage: planned, or done without a second attempt. */
export interface RepairEstimate {
  /** By operation, e.g. `HeadObject`, `CopyObject`; empty where the storage does not say. */
  readonly requests: Readonly<Record<string, number>>
  /** Absent where the size of the object is not known. */
  readonly bytesCopied?: number | undefined
  /** What the version costs that the copy leaves beneath the new one. Absent where its size is not known. */
  readonly extraBytesStored?: number | undefined
  /** `STANDARD` where S3 names none. */
  readonly storageClass: string
}

/** Planned or done repair of one object. */
export interface Remediation {
  readonly outcome: RemediationOutcome
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  /** The verdict that called for it. */
  readonly verdict: Verdict
  readonly steps: readonly RemediationStep[]
  /** Why it was refused or failed. */
  readonly reason?: string | undefined
  /** What was found instead of the object: `absent`, where it was deleted before or right after it was repaired. */
  readonly verdictAfter?: Verdict | undefined
  readonly before?: ObjectState | undefined
  readonly after?: ObjectState | undefined
  /** Differences beyond what was asked; only with `failed`. */
  readonly differences?: readonly Difference[] | undefined
  readonly attempts: number
  /** Set where there are steps. */
  readonly estimate?: RepairEstimate | undefined
}

/** A release's end. `not-needed` where the object does not carry the tag. */
export type ReleaseOutcome = 'planned' | 'released' | 'not-needed' | 'refused' | 'failed'

/** Planned or done release of one object from one matter's hold. */
export interface Release {
  readonly outcome: ReleaseOutcome
  readonly object: ObjectRef
  readonly place?: ObjectPlace | undefined
  readonly steps: readonly RemediationStep[]
  /** Tags of other matters that hold the object still. */
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

/** What became of one object of a recording. */
export type ObjectOutcome = 'held' | 'repaired' | Fault

/** What is wrong with one object of a recording. */
export type Fault = (typeof faults)[number]

/** What is wrong with one object of a recording, the least first. */
export const faults = ['unrepaired', 'conflicting', 'unreadable', 'missing'] as const

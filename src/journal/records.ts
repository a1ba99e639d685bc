import type { LegalHoldError } from '../model/errors.js'
import type { ObjectRef, ObjectState } from '../model/object.js'
import type { ExportRequest } from '../model/request.js'
import type { ObjectPlace, RemediationStep } from '../model/verdict.js'
import type { MutationResult } from '../ports/storage.js'

/** What a mutation belongs to. */
export interface MutationContext {
  /** Which attempt at the repair it is part of, from 1. */
  readonly attempt: number
  readonly place: ObjectPlace | undefined
  /** Set where it is part of a release. */
  readonly release?: { readonly reason: string } | undefined
}

/**
 * Told before and after each mutation. The intent must be durable before its promise resolves; an outcome that is
 * lost is read back by the run that resumes.
 */
export interface MutationWitness {
  intent(object: ObjectRef, step: RemediationStep, before: ObjectState, context: MutationContext): Promise<void>
  outcome(
    object: ObjectRef,
    step: RemediationStep,
    result: MutationResult | LegalHoldError,
    context: MutationContext,
  ): Promise<void>
}

/** What an interrupted run had begun on an object, as its journal tells. */
export interface BegunRepair {
  /** The object as it was before the first step; `undefined` where only versions beneath it were touched. */
  readonly original: ObjectState | undefined
  readonly steps: readonly BegunStep[]
  /** Ids of versions beneath the current one that were to be held. */
  readonly noncurrent: ReadonlySet<string>
  /** When the last intent was recorded, in milliseconds. */
  readonly lastIntentAt: number
}

/** A step with its outcome; with neither result nor error nobody knows whether it was taken. */
export interface BegunStep {
  readonly step: RemediationStep
  readonly result?: MutationResult | undefined
  readonly error?: Pick<LegalHoldError, 'code' | 'outcome'> | undefined
}

/** What one job exports. */
export interface JobPart {
  readonly request: ExportRequest
  /** The job is created only when the platform's index covers the part. */
  readonly awaitIndex: boolean
}

/** What a journal says of a profile that a run was about to force. */
export interface JournalledProfile {
  readonly profileId: string
  /** Whether it included the hold metadata before; absent where the platform did not say. */
  readonly includesHoldMetadata?: boolean | undefined
}

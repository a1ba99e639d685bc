import type { Finding } from '../model/findings.js'
import type { LegalHold } from '../model/hold.js'
import type { BucketInspection, ProfileInspection } from '../model/inspection.js'
import type { ExportRequest } from '../model/request.js'
import type { HoldRequirements } from '../model/requirements.js'
import type { CallOptions } from './runtime.js'

// ---------------------------------------------------------------- retention

/** The context of a question to a retention policy. */
export interface RetentionContext {
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly request: ExportRequest
  readonly organizationId: string
  readonly bucket: string
  /** Prefix of the recordings. */
  readonly prefix: string
  readonly profile: ProfileInspection
  readonly bucketInspection: BucketInspection
  readonly now: Date
  /** The run switches deletion protection on before it exports (`protectSource` of the platform). */
  readonly protectsSource?: boolean | undefined
}

/** "Would anything delete, expire or strip these recordings before or despite the hold?" */
export interface RetentionPolicyAdapter {
  readonly name: string
  evaluate(context: RetentionContext, options?: CallOptions): Promise<readonly Finding[]>
}

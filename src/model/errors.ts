import type { Finding } from './findings.js'

/**
 * Every code a {@link LegalHoldError} may carry. The codes are API: they change only with a major version.
 * `docs/errors.md` explains what each one means and what to do about it.
 */
export const errorCodes = [
  'INVALID_OPTIONS',
  'INVALID_REQUEST',
  'INVALID_HOLD',
  'UNKNOWN_REGION',
  'INSECURE_ENDPOINT',
  'MISSING_CREDENTIALS',
  'MISSING_DEPENDENCY',
  'PREFLIGHT_BLOCKED',
  'PROFILE_NOT_FOUND',
  'JOB_FAILED',
  'JOB_CANCELLED',
  'JOB_NOT_FOUND',
  'JOB_STATE_UNKNOWN',
  'JOB_DEADLINE_EXCEEDED',
  'JOB_SLOTS_BUSY',
  'JOB_OUTCOME_UNKNOWN',
  'PLATFORM_UNAUTHORIZED',
  'PLATFORM_FORBIDDEN',
  'PLATFORM_NOT_FOUND',
  'PLATFORM_CONFLICT',
  'PLATFORM_REJECTED',
  'PLATFORM_RATE_LIMITED',
  'PLATFORM_UNAVAILABLE',
  'PLATFORM_RESPONSE_INVALID',
  'BUCKET_NOT_FOUND',
  'BUCKET_WRONG_REGION',
  'STORAGE_UNAUTHORIZED',
  'STORAGE_FORBIDDEN',
  'STORAGE_REJECTED',
  'STORAGE_THROTTLED',
  'STORAGE_UNAVAILABLE',
  'STORAGE_UNSUPPORTED',
  'STORAGE_RESPONSE_INVALID',
  'CLOCK_SKEW',
  'OBJECT_NOT_FOUND',
  'OBJECT_CHANGED',
  'OBJECT_ARCHIVED',
  'NETWORK_ERROR',
  'TIMEOUT',
  'CHECKPOINT_MISMATCH',
  'JOURNAL_LOCKED',
  'JOURNAL_CORRUPT',
  'JOURNAL_UNWRITABLE',
  'EVIDENCE_NOT_SEALED',
  'EVIDENCE_UNREADABLE',
  'TIMESTAMP_REJECTED',
  'SHARD_UNFINISHED',
  'ENGINE_REJECTED',
  'ENGINE_UNAVAILABLE',
  'ENGINE_JOB_NOT_FOUND',
  'ENGINE_JOB_FAILED',
  'ENGINE_REPORT_UNREADABLE',
  'INVENTORY_UNREADABLE',
  'ABORTED',
  'UNSUPPORTED',
  'INTERNAL',
] as const

/** One of {@link errorCodes}. */
export type LegalHoldErrorCode = (typeof errorCodes)[number]

/** The stage of a run in which an error arose. */
export type Stage =
  | 'options'
  | 'inspect'
  | 'protect'
  | 'export'
  | 'discover'
  | 'validate'
  | 'remediate'
  | 'reconcile'
  | 'journal'
  | 'report'
  /** Work that is spread over several processes or machines. */
  | 'scale'

/**
 * Whether the failed request took effect: `not-applied` (it did not), `applied` (it did, and a later step failed),
 * or `unknown` (the answer was lost: check before you repeat it).
 */
export type Outcome = 'not-applied' | 'applied' | 'unknown'

/**
 * Why something was refused, if the code alone does not say it. The set is closed, so programs may decide by it.
 *
 * - `retention-weaker`: the requested retention is shorter, or of a weaker mode, than the present one
 * - `retention-unknown`: the present retention has a mode that this library does not know
 * - `tags-invalid`: S3 would not take these tags
 * - all others: what a copy would lose, so the metadata of the object stays unchanged (`docs/repair.md`)
 */
export const errorReasons = [
  'retention-weaker',
  'retention-unknown',
  'tags-invalid',
  'not-fully-read',
  'tags-unreadable',
  'lock-unreadable',
  'acl-unreadable',
  'sse-c',
  'expires-unparsable',
  'missing-metadata',
  'archived',
  'replica',
  'cloudtrail-log',
  'metadata-invalid',
  'metadata-too-large',
  'versioning-off',
  'size-unknown',
  'checksum-not-carried',
  'acl-not-carried',
] as const

/** One of {@link errorReasons}. */
export type LegalHoldErrorReason = (typeof errorReasons)[number]

/** What the answer of a server said, beyond its status. */
export interface ErrorAnswer {
  /** The requested operation, e.g. `CopyObject`. */
  readonly operation?: string | undefined
  /** The server's own code, e.g. `NoSuchVersion`. */
  readonly serverCode?: string | undefined
  /** The header or argument that a refusal is about. */
  readonly argument?: string | undefined
  /** The IAM action that was refused. */
  readonly action?: string | undefined
  /** The region in which the bucket lies. */
  readonly region?: string | undefined
  /** Set if the object has a delete marker on top. */
  readonly deleteMarker?: { readonly versionId?: string | undefined } | undefined
  /** The client signed with a wrong time and has corrected it since. The same request will be accepted now. */
  readonly clockCorrected?: boolean | undefined
}

/** What a {@link LegalHoldError} is made of. */
export interface LegalHoldErrorInit {
  readonly code: LegalHoldErrorCode
  readonly stage: Stage
  /** @defaultValue false */
  readonly retryable?: boolean
  /** @defaultValue 'not-applied' */
  readonly outcome?: Outcome
  /** S3 request id or Genesys correlation id, which the support of either service asks for. */
  readonly requestId?: string | undefined
  /** HTTP status, if there was one. */
  readonly status?: number | undefined
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** Why it was refused, if the code alone does not say it. */
  readonly reason?: LegalHoldErrorReason | undefined
  /** What the server's answer said, if there was one. */
  readonly answer?: ErrorAnswer | undefined
  /**
   * Plain data for the person who acts on the error, e.g. `{ regions }`. It never holds a secret, and this library
   * never decides by it. Data that programs may rely on has its own field.
   */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** With `PREFLIGHT_BLOCKED`: every finding, blockers and others. */
  readonly findings?: readonly Finding[] | undefined
  readonly cause?: unknown
}

// A registered symbol, so that the copies of this class in the ESM and CJS builds recognise each other's errors.
const brand: unique symbol = Symbol.for('genesys-legal-hold-exporter/LegalHoldError') as never

/**
 * The one error class of this library. Its message says what failed, on what, why, and what to do.
 *
 * `instanceof` and {@link LegalHoldError.isInstance} also hold across the ESM and CJS copies of this library in a process.
 */
export class LegalHoldError extends Error {
  override readonly name = 'LegalHoldError'
  readonly code: LegalHoldErrorCode
  readonly stage: Stage
  readonly retryable: boolean
  readonly outcome: Outcome
  readonly requestId: string | undefined
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly reason: LegalHoldErrorReason | undefined
  readonly answer: ErrorAnswer | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly findings: readonly Finding[] | undefined

  constructor(message: string, init: LegalHoldErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.stage = init.stage
    this.retryable = init.retryable ?? false
    this.outcome = init.outcome ?? 'not-applied'
    this.requestId = init.requestId
    this.status = init.status
    this.retryAfterMs = init.retryAfterMs
    this.reason = init.reason
    this.answer = init.answer
    this.details = init.details
    this.findings = init.findings
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for a `LegalHoldError` of any copy of this library in the process. */
  static isInstance(value: unknown): value is LegalHoldError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /**
   * `instanceof` holds across the ESM and CJS copies as well. A subclass keeps the ordinary meaning, because it
   * has no brand.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class on the right of instanceof, which may be a subclass
    const asked = this as unknown as (typeof Function)['prototype']
    if (asked === LegalHoldError) return LegalHoldError.isInstance(value)
    return Function.prototype[Symbol.hasInstance].call(asked, value)
  }

  /** Plain data without the stack: safe to log and to journal. The cause is reduced to its name, code and message. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      stage: this.stage,
      message: this.message,
      retryable: this.retryable,
      outcome: this.outcome,
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.findings === undefined ? {} : { findings: this.findings }),
      ...(this.cause === undefined ? {} : { cause: describeCause(this.cause) }),
    }
  }
}

// The bundler renames a class that names itself, and Node shows an uncaught error by the name of its class.
Object.defineProperty(LegalHoldError, 'name', { value: 'LegalHoldError' })

function describeCause(cause: unknown): unknown {
  if (LegalHoldError.isInstance(cause)) return cause.toJSON()
  // Only name, code and message: an AxiosError carries the Bearer token in `config.headers` (genesys-facts, SDK).
  if (cause instanceof Error) {
    const { code } = cause as { code?: unknown }
    return { name: cause.name, message: cause.message, ...(typeof code === 'string' ? { code } : {}) }
  }
  return typeof cause === 'object' ? undefined : String(cause)
}

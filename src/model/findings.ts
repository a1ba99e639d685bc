/** Every code a {@link Finding} may carry. The codes are API. `docs/findings.md` explains what to do about each. */
export const findingCodes = [
  'profile-not-found',
  'bucket-mismatch',
  'bucket-policy-denies',
  'bucket-unreachable',
  'format-not-applicable',
  'integration-disabled',
  'integration-inactive',
  'hold-metadata-disabled',
  'platform-cannot-stamp',
  'retention-strips-metadata',
  'retention-deletes-before-hold',
  'lifecycle-expires-objects',
  'lifecycle-expires-noncurrent',
  'lifecycle-archives-objects',
  'cloudtrail-bucket',
  'region-mismatch',
  'versioning-off',
  'object-lock-unavailable',
  'object-tags-unavailable',
  'configuration-unreadable',
  'permission-missing',
  'interval-not-indexed',
  'sensitive-recordings-excluded',
  'job-slots-busy',
  'job-overlaps',
  'deletion-protection-cap',
  'deletion-protection-incomplete',
  'nothing-expected',
  'client-scope-narrow',
  'client-scope-unknown',
  'org-retention-deletes',
  'gdpr-deletion-active',
  'orphan-recordings',
  'encryption-key-unreachable',
  'recordings-archived',
  'audit-unavailable',
  'recordings-deleted',
  'inventory-is-proof',
] as const

/** One of {@link findingCodes}. */
export type FindingCode = (typeof findingCodes)[number]

/** `blocker` stops a run unless accepted by code; `warning` and `info` do not. */
export type Severity = 'blocker' | 'warning' | 'info'

/**
 * Findings that are no blocker, and without an acceptance leave a run incomplete: an organisation need not answer what they
 * ask, and a run that nobody answers for must not claim that it saw everything.
 *
 * @internal
 */
export const unansweredFindings: ReadonlySet<unknown> = new Set<FindingCode>(['client-scope-unknown'])

/** Something that inspection found, or that the run found at its end. Data, never an exception. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What it is about: a profile id, a bucket, a policy. */
  readonly subject: string
  /** What to do about it. */
  readonly remedy: string
}

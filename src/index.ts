export { MemoryJournal } from './custody/journal.js'
export {
  type ErrorAnswer,
  errorCodes,
  errorReasons,
  LegalHoldError,
  type LegalHoldErrorCode,
  type LegalHoldErrorInit,
  type LegalHoldErrorReason,
  type Outcome,
  type Stage,
} from './errors.js'
export type { RunEvent, RunEventType } from './events.js'
export {
  LegalHoldExporter,
  type ObjectSource,
  type ValidationSource,
  type WaitForJobOptions,
} from './exporter.js'
export { type Finding, type FindingCode, findingCodes, type Severity } from './findings.js'
export {
  addTag,
  carriesTag,
  checkHold,
  isHoldTag,
  type LegalHold,
  readTagList,
  removeTag,
  type TagListForm,
} from './hold.js'
export { type Agreement, agreementOf, type ObjectTraits } from './identity.js'
export type { RetryOptions } from './internal/retry.js'
export type { ConcurrencyOptions, LegalHoldExporterOptions } from './options.js'
export type * from './ports.js'
export { type PriceTable, type StorageClassPrices, s3Prices } from './prices.js'
export type {
  CostDollars,
  CoverageReport,
  ObjectCounts,
  ProtectionReport,
  ReconciliationReport,
  RecordingCounts,
  RecordingException,
  RecordingState,
  RemediationSummary,
  RepairCost,
  RunReport,
  StorageClassCost,
} from './report.js'
export type { ExportRequest, MediaType } from './request.js'
export type { HoldRequirements, Shortfall, UnmetRequirement } from './requirements.js'
export { type FixedRetentionOptions, FixedRetentionPolicy } from './retention/fixed.js'
export type { RunOptions } from './run-options.js'
export { CostTally } from './stages/cost.js'
export type { Inspection, Residency } from './stages/inspect.js'
export type { LandingOptions } from './stages/landing-options.js'
export type { ConflictPolicy } from './stages/plan.js'
export type { PollingOptions } from './stages/polling-options.js'
export type { Reconciliation } from './stages/reconcile.js'
export type { ReconciliationOptions } from './stages/reconciliation-options.js'
export type { ReleaseOptions } from './stages/release.js'
export type { RemediationOptions } from './stages/remediation-options.js'
export type {
  Difference,
  ObjectKind,
  ObjectPlace,
  Release,
  ReleaseOutcome,
  Remediation,
  RemediationOutcome,
  RemediationStep,
  RepairEstimate,
  Verdict,
  VerdictKind,
} from './verdict.js'

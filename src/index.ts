export { LegalHoldExporter } from './exporter.js'
export type { RetryOptions } from './internal/retry.js'
export { MemoryJournal } from './journal/memory-journal.js'
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
} from './model/errors.js'
export type { RunEvent, RunEventType } from './model/events.js'
export { type Finding, type FindingCode, findingCodes, type Severity } from './model/findings.js'
export {
  addTag,
  carriesTag,
  checkHold,
  isHoldTag,
  type LegalHold,
  readTagList,
  removeTag,
  type TagListForm,
} from './model/hold.js'
export { type Agreement, agreementOf, type ObjectTraits } from './model/identity.js'
export type { Inspection, Residency } from './model/inspection.js'
export type { InventoryBound, InventoryFacts, InventoryReport, InventorySample } from './model/inventory/report.js'
export { type PriceTable, type StorageClassPrices, s3Prices } from './model/prices.js'
export type {
  AuditReport,
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
  RunOutcome,
  RunReport,
  ScaleJob,
  ScaleReport,
  StorageClassCost,
  VerdictTotals,
} from './model/report.js'
export type { ExportRequest, MediaType } from './model/request.js'
export type { HoldRequirements, Shortfall, UnmetRequirement } from './model/requirements.js'
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
} from './model/verdict.js'
export type { Acceptance } from './options/acceptance.js'
export type { ObjectSource, ValidationSource, WaitForJobOptions } from './options/call-options.js'
export type { ConcurrencyOptions, LegalHoldExporterOptions } from './options/exporter-options.js'
export type { LandingOptions } from './options/landing.js'
export type { PollingOptions } from './options/polling.js'
export type { ReconciliationOptions } from './options/reconciliation.js'
export type { ConflictPolicy, RemediationOptions } from './options/remediation.js'
export type * from './ports.js'
export { type FixedRetentionOptions, FixedRetentionPolicy } from './retention/fixed.js'
export type { RunOptions } from './run/run-options.js'
export type { Reconciliation } from './stages/reconcile/reconcile.js'
export type { ReleaseOptions, SourceRelease } from './stages/release/release.js'
export { type CostSums, CostTally } from './stages/repair/cost.js'

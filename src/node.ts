export type { CustodyPredicate, CustodyStatement } from './custody/bundle.js'
export type { DsseEnvelope } from './custody/dsse.js'
export { type EvidenceBundleOptions, evidenceBundle } from './custody/evidence-bundle.js'
export type { EvidenceProblem, EvidenceProblemCode } from './custody/evidence-problem.js'
export { FileJournal, type FileJournalOptions, type JournalOpening } from './custody/file-journal.js'
export type { LockOwner } from './custody/journal-lock.js'
export { fingerprintOf, KeyFileSigner, type KeyFileSignerOptions } from './custody/keys.js'
export type { Drift, DriftKind, LiveCheck } from './custody/live.js'
export { type InclusionProof, type ProofVerification, prove, verifyProof } from './custody/prove.js'
export type { RecordCounts } from './custody/record-counts.js'
export { type SealOptions, sealEvidence } from './custody/seal.js'
export type { TimestampOptions } from './custody/timestamp.js'
export type { VerifiedTimestamp } from './custody/timestamp-token.js'
export { type EvidenceVerification, type VerifyOptions, verifyEvidence } from './custody/verify.js'
export type { ProgressStyle } from './progress/narrative.js'
export {
  createProgressReporter,
  type ProgressReporter,
  type ProgressReporterOptions,
  type ProgressStream,
} from './progress/reporter.js'

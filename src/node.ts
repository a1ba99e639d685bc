export type { CustodyPredicate, CustodyStatement, PreviousLink } from './custody/bundle/contents.js'
export type { EvidenceProblem, EvidenceProblemCode, VerificationStatus } from './custody/bundle/problem.js'
export type { InclusionProof } from './custody/bundle/proof.js'
export type { RecordCounts } from './custody/bundle/record-counts.js'
export type { ShardInclusion } from './custody/bundle/shard-inclusion.js'
export type { DsseEnvelope } from './custody/crypto/envelope.js'
export { fingerprintOf, KeyFileSigner, type KeyFileSignerOptions } from './custody/crypto/keys.js'
export { KmsSigner, type KmsSignerOptions } from './custody/crypto/kms-signer.js'
export type { TimestampOptions, VerifiedTimestamp } from './custody/crypto/timestamp/facts.js'
export { FileJournal, type FileJournalOptions, type JournalOpening } from './custody/journal/file-journal.js'
export type { LockOwner } from './custody/journal/lock.js'
export { type EvidenceBundleOptions, evidenceBundle } from './custody/seal/evidence-bundle.js'
export { type SealOptions, sealEvidence } from './custody/seal/seal.js'
export type { Drift, DriftKind, LiveCheck } from './custody/verify/live.js'
export { type ProveOptions, prove } from './custody/verify/prove.js'
export type { OpenedShard, ShardPlace, ShardVerifier } from './custody/verify/shards.js'
export { type EvidenceVerification, type VerifyOptions, verifyEvidence } from './custody/verify/verify.js'
export { type ProofVerification, verifyProof } from './custody/verify/verify-proof.js'
export type { RecordedShard } from './journal/shard-data.js'
export {
  type AwsNotifierOptions,
  type EventBridgeNotifierOptions,
  eventBridgeNotifier,
  eventSource,
  type SnsNotifierOptions,
  snsNotifier,
} from './notify/aws.js'
export { isSignedNotice, signatureHeader, type WebhookOptions, webhookNotifier } from './notify/webhook.js'
export type { ProgressStyle } from './progress/narrative.js'
export {
  createProgressReporter,
  type ProgressReporter,
  type ProgressReporterOptions,
  type ProgressStream,
} from './progress/reporter.js'

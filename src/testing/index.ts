export { MemoryJournal } from '../journal/memory-journal.js'
export { MemoryStorageAdapter, type MemoryStorageCall, type MemoryStorageOptions } from '../storage/memory/adapter.js'
export type { SeedObject } from '../storage/memory/objects.js'
export { SimulatedClock } from './clock.js'
export {
  type JournalConformanceOptions,
  type JournalConformanceSubject,
  journalConformance,
} from './conformance/journal.js'
export {
  type PlatformConformanceOptions,
  type PlatformConformanceSubject,
  platformConformance,
} from './conformance/platform.js'
export {
  type RetentionConformanceOptions,
  type RetentionConformanceSubject,
  retentionConformance,
  retentionContext,
} from './conformance/retention.js'
export {
  type ShardEngineConformanceOptions,
  type ShardEngineConformanceSubject,
  shardEngineConformance,
} from './conformance/shard-engine.js'
export {
  type ShardStoreConformanceOptions,
  type ShardStoreConformanceSubject,
  shardStoreConformance,
} from './conformance/shard-store.js'
export {
  type StorageConformanceFeature,
  type StorageConformanceOptions,
  type StorageConformanceRunner,
  type StorageConformanceSeed,
  type StorageConformanceSubject,
  storageConformance,
  storageConformanceFeatures,
} from './conformance/storage.js'
export type { ConformanceRunner, ConformanceSubject } from './conformance/suite.js'
export type { SimulatedExecutionStatus } from './distributed-map/execution.js'
export {
  DistributedMapSimulator,
  type DistributedMapSimulatorOptions,
  type SimulatedMapExecution,
} from './distributed-map/simulator.js'
export { buildError, type ErrorInit } from './expect/build-error.js'
export { buildReport, type ReportInit } from './expect/build-report.js'
export type { Like, PartlyLike } from './expect/likeness.js'
export { type LegalHoldMatchers, legalHoldMatchers, type MatcherResult } from './expect/matchers.js'
export type { FaultOperation } from './fault-operations.js'
export {
  type CloseOptions,
  type Fault,
  type FaultAction,
  type FaultedRequest,
  type FaultMatch,
  FaultScript,
  type ServerOperation,
} from './faults.js'
export type { DeliveredObject, SimulatedDelivery } from './genesys/delivery/delivery.js'
export { type SimulatedExchange, simulatedExchanges } from './genesys/exchange.js'
export type { Delivery, SimulatedJob } from './genesys/jobs/jobs.js'
export {
  buildConversation,
  buildExportProfile,
  buildIntegration,
  buildOrganization,
  buildRecording,
  type SimulatedAttachment,
  type SimulatedContent,
  type SimulatedConversation,
  type SimulatedExportProfile,
  type SimulatedFileState,
  type SimulatedIntegration,
  type SimulatedOrganization,
  type SimulatedRecording,
  type SimulatedRetentionPolicy,
} from './genesys/organization.js'
export type {
  SimulatedAuditMessage,
  SimulatedDivision,
  SimulatedGdprRequest,
  SimulatedKeyConfiguration,
  SimulatedOrphanRecording,
  SimulatedQueue,
  SimulatedRecordingSettings,
} from './genesys/organization-records.js'
export type { SimulatedClient } from './genesys/routes/oauth.js'
export type { SimulatorSettings, SimulatorSettingsInit, SimulatorTimings } from './genesys/settings.js'
export { GenesysSimulator, type GenesysSimulatorOptions, type SimulatedRequest } from './genesys-simulator.js'
export {
  expectAllHeld,
  expectHeld,
  expectNotHeld,
  type HeldBy,
} from './kit/assertions.js'
export {
  anOrganization,
  type ClientRights,
  OrganizationBuilder,
  type OrganizationPart,
  type StartOptions,
} from './kit/organization-builder.js'
export {
  aBucket,
  aFault,
  anIntegration,
  aProfile,
  BucketBuilder,
  FaultBuilder,
  IntegrationBuilder,
  type LyingObject,
  ProfileBuilder,
} from './kit/parts.js'
export { aConversation, aRecording, ConversationBuilder, RecordingBuilder } from './kit/recordings.js'
export { type BucketView, SimulatedBucket } from './kit/simulated-bucket.js'
export { SimulatedWorld } from './kit/world.js'
export { type Handle, type HandleContext, type Listener, type ListenOptions, listen } from './listen.js'
export {
  type MemoryPlatformOperation,
  type MemoryRecording,
  MemoryRecordingPlatform,
  type MemoryRecordingPlatformOptions,
} from './memory/recording-platform.js'
export type { S3SimulatorCredentials } from './s3/auth/identity.js'
export type { CreateBucketOptions } from './s3/buckets/seed.js'
export type { LoggedRequest } from './s3/http/request-log.js'
export type { ObjectVersion } from './s3/state/object-version.js'
export { type ChildFunctionOptions, childFunction } from './s3-control/child-function.js'
export type {
  SimulatedFunction,
  SimulatedFunctionContext,
  TaskFault,
  TaskFaultAction,
  TaskFaultScript,
} from './s3-control/functions.js'
export type { SimulatedJobStatus } from './s3-control/job.js'
export type { ReportColumns } from './s3-control/report.js'
export {
  S3ControlSimulator,
  type S3ControlSimulatorOptions,
  type SimulatedBatchJob,
} from './s3-control/simulator.js'
export type { SimulatedStorage } from './s3-control/storage.js'
export { S3Simulator, type S3SimulatorOptions } from './s3-simulator.js'
export { simulatorCredentials } from './scenario/credentials.js'
export type { ForeignS3, ScenarioRequest } from './scenario/scenario-request.js'
export { createScenario, type Scenario, type ScenarioOptions, type ScenarioScope } from './scenario.js'
export { type Simulators, type SimulatorsDescription, type SimulatorsOptions, startSimulators } from './simulators.js'

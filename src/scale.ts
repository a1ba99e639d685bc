export type { ScaleStatus } from './scale/coordinator/status.js'
export { shardVerifier } from './scale/evidence/shard-verifier.js'
export { type StoredEvidenceOptions, storedEvidence } from './scale/evidence/stored-evidence.js'
export { ObjectJournal, type ObjectJournalOptions } from './scale/journal/object-journal.js'
export { LocalEngine, type LocalEngineOptions } from './scale/local-engine.js'
export { MemoryShardStore } from './scale/memory-shard-store.js'
export type { ScaleEstimate } from './scale/plan/estimate.js'
export type { SpoolLimits } from './scale/plan/spool.js'
export type {
  InventoryDescription,
  InventoryFacet,
  InventoryRow,
  InventoryRowsOptions,
  InventorySource,
} from './scale/ports/inventory-source.js'
export type {
  EngineJob,
  ShardEngine,
  ShardEngineCapabilities,
  ShardJob,
  ShardRef,
  ShardResult,
} from './scale/ports/shard-engine.js'
export type { ListShardKeysOptions, ShardStore } from './scale/ports/shard-store.js'
export type { ShardEnd, ShardInvocation, ShardWorker } from './scale/ports/shard-worker.js'
export {
  ScaledExporter,
  type ScaledExporterOptions,
  type ScaledRunOptions,
  type ScalePlan,
  type ScalePlanInventory,
  type ScalePlanOptions,
} from './scale/scaled-exporter.js'
export { runShard, type ShardWorkerParts, shardWorker } from './scale/worker/run-shard.js'

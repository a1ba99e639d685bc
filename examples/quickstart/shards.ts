import type { LegalHoldExporter, StorageAdapter } from 'genesys-legal-hold-exporter'
import {
  LocalEngine,
  MemoryShardStore,
  ScaledExporter,
  shardVerifier,
  shardWorker,
} from 'genesys-legal-hold-exporter/scale'

/** A run over shards that this process does, four at a time, and what verifies their evidence. */
export function localShards(exporter: LegalHoldExporter, storage: StorageAdapter) {
  const store = new MemoryShardStore()
  const engine = new LocalEngine({ worker: shardWorker({ store, storage }) })
  return { scaled: new ScaledExporter({ exporter, store, engine }), verifier: shardVerifier({ store }) }
}

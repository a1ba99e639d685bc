import type { ShardVerifier } from '../../custody/verify/shards.js'
import type { FlagSpec } from '../command.js'
import type { Resolved } from '../config/resolve.js'
import { scaleFlags } from '../config/settings.js'
import { openStore } from './store.js'

/** The flag of the commands about a bundle that says where its shards lie. */
export const storeFlags: readonly FlagSpec[] = scaleFlags.filter(({ name }) => name === 'store')

/** What reads the shards that a bundle stands on. */
export interface OpenedShards {
  readonly shards: ShardVerifier
  close(): void
}

/** Opens the shards of a matter. @throws ArgumentError where no store is named */
export async function openShards(resolved: Resolved): Promise<OpenedShards> {
  const { store } = await openStore(resolved)
  const { shardVerifier } = await import('../../scale.js')
  return { shards: shardVerifier({ store }), close: () => store.close() }
}

/** The same where a store is named. */
export async function openShardsIfAny(resolved: Resolved): Promise<OpenedShards | undefined> {
  return resolved.matter.scale?.store?.bucket === undefined ? undefined : openShards(resolved)
}

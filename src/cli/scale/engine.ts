import type { ShardEngine } from '../../scale/ports/shard-engine.js'
import type { ShardWorker } from '../../scale/ports/shard-worker.js'
import { ArgumentError } from '../arguments.js'
import { byKeysOfFile } from '../config/connect.js'
import type { Matter } from '../config/matter-fields.js'
import type { Resolved } from '../config/resolve.js'
import { engineNames } from '../config/scale-fields.js'
import type { ScaleStore } from './store.js'

/** An engine, and how it is let go. */
export interface OpenedEngine {
  readonly engine: ShardEngine
  close(): void
}

export type EngineName = (typeof engineNames)[number]

/** Shards at once in this process, where nobody says. */
const localConcurrency = 4

/** The engine of a matter by its name. @throws ArgumentError */
export function engineNameOf({ matter }: Resolved): EngineName {
  const given = matter.scale?.engine ?? 'local'
  const name = engineNames.find((one) => one === given)
  if (name !== undefined) return name
  throw new ArgumentError(`--engine ${JSON.stringify(given)} is not one of ${engineNames.join(', ')}.`)
}

/** Shards at once, for the engine and for the estimate. */
export function concurrencyOf(resolved: Resolved): number | undefined {
  const { scale } = resolved.matter
  const isLocal = engineNameOf(resolved) === 'local'
  return scale?.concurrency ?? (isLocal ? localConcurrency : scale?.map?.concurrency)
}

/**
 * Opens the engine of a matter.
 *
 * @param worker does the shards where they run in this process; without it the engine only finds and cancels jobs
 * @throws ArgumentError
 */
export async function openEngine(
  resolved: Resolved,
  { bucket, settings }: ScaleStore,
  worker?: ShardWorker,
): Promise<OpenedEngine> {
  const name = engineNameOf(resolved)
  if (name === 'local') return openLocal(resolved, worker)
  const { s3Batch, map } = resolved.matter.scale ?? {}
  const { S3BatchEngine, MapEngine } = await import('../../scale-aws.js')
  const { region, credentials } = settings
  const common = { bucket, region, credentials, s3: settings }
  if (name === 's3-batch') {
    const { accountId = '', functionArn = '', roleArn = '', ...rest } = sectionOf(s3Batch, 's3Batch', name)
    const options = { ...common, ...withKeys(rest), accountId, functionArn, roleArn }
    const engine = byKeysOfFile(resolved, 'scale.s3Batch', () => new S3BatchEngine(options))
    return { engine, close: () => engine.close() }
  }
  const { stateMachineArn = '', ...rest } = sectionOf(map, 'map', name)
  const options = { ...common, ...withKeys(rest), stateMachineArn }
  const engine = byKeysOfFile(resolved, 'scale.map', () => new MapEngine(options))
  return { engine, close: () => engine.close() }
}

async function openLocal(resolved: Resolved, worker: ShardWorker = noWorker): Promise<OpenedEngine> {
  const { LocalEngine } = await import('../../scale.js')
  const concurrency = concurrencyOf(resolved)
  const engine = byKeysOfFile(resolved, 'scale', () => new LocalEngine({ worker, concurrency }))
  return { engine, close: () => {} }
}

const noWorker: ShardWorker = async (ref) => ({
  outcome: 'unfinished',
  ref,
  code: 'UNSUPPORTED',
  reason: 'this command does no shards',
})

function sectionOf<T>(section: T | undefined, key: string, engine: EngineName): T {
  if (section !== undefined) return section
  throw new ArgumentError(`The engine ${engine} needs the section scale.${key} of --config FILE.`)
}

type GivenKeys = Pick<NonNullable<Matter['s3']>, 'credentials'>

/** Keys are given whole or not at all. */
function withKeys<T extends GivenKeys>({ credentials, ...rest }: T) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? {}
  if (accessKeyId === undefined || secretAccessKey === undefined) return rest
  return { ...rest, credentials: { accessKeyId, secretAccessKey, sessionToken } }
}

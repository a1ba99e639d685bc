import { sha256 } from '../../custody/crypto/sha256.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { isRunId, type RunKeys, runKeys } from '../../scale/keys.js'
import type { S3ShardStore } from '../../scale-aws.js'
import type { S3ClientSettings } from '../../storage/s3/client/settings.js'
import { ArgumentError, type Given } from '../arguments.js'
import type { FlagSpec } from '../command.js'
import { byKeysOfFile, refuseUnset, requestOf, storageOptions } from '../config/connect.js'
import type { Resolved } from '../config/resolve.js'
import { folderName } from '../files/places.js'

/** Where the runs of a matter over shards lie. */
export interface ScaleStore {
  readonly store: S3ShardStore
  readonly bucket: string
  readonly prefix: string
  /** How its bucket is reached: engines write there as well. */
  readonly settings: S3ClientSettings
}

const defaultPrefix = 'runs/'

/**
 * Opens the store of a matter.
 *
 * @throws ArgumentError
 */
export async function openStore(resolved: Resolved): Promise<ScaleStore> {
  refuseUnset(resolved, ['scale', 's3'])
  const { store: given = {} } = resolved.matter.scale ?? {}
  const { bucket, prefix = defaultPrefix, credentials, ...rest } = given
  if (!bucket) throw new ArgumentError('Missing: --store (SCALE_STORE), the evidence bucket.')
  if (bucket === resolved.matter.s3?.bucket) {
    throw new ArgumentError(`--store ${bucket} is the bucket of the recordings: the evidence of a run needs its own.`)
  }
  if (prefix !== '' && !prefix.endsWith('/')) throw new ArgumentError("--store-prefix must be empty or end with '/'.")
  const { s3 = {} } = resolved.matter
  const { bucket: _, ...settings } = storageOptions({
    region: s3.region,
    endpoint: s3.endpoint,
    credentials: credentials ?? s3.credentials,
    ...rest,
  })
  const { S3ShardStore } = await import('../../scale-aws.js')
  const store = byKeysOfFile(resolved, 'scale.store', () => new S3ShardStore({ ...settings, bucket }))
  return { store, bucket, prefix, settings }
}

/** The flag of the commands that begin or resume a run. */
export const runIdFlag: FlagSpec = {
  name: 'run-id',
  value: 'ID',
  kind: 'text',
  about: 'name of the run (default: made from hold, bucket and request, so that the same command resumes)',
}

/**
 * The name of a run: the one that was said, or one that hold, bucket and request make, on any machine the same.
 *
 * @param typed as an argument or a flag
 * @throws ArgumentError
 */
export function runIdOf(typed: string | undefined, resolved: Resolved, dryRun = false): string {
  const { hold, s3, request, scale } = resolved.matter
  const said = typed ?? scale?.runId
  if (said !== undefined) {
    if (isRunId(said)) return said
    throw new ArgumentError('A run id is up to 100 letters, digits, dots, hyphens and underscores.')
  }
  if (!hold?.tag || !s3?.bucket || request?.interval === undefined) {
    throw new ArgumentError('The run has no name: give its id, or the matter (--config FILE) that makes one.')
  }
  const what = { tag: hold.tag, bucket: s3.bucket, request: requestOf(resolved) }
  const name = `${folderName(hold.matter ?? hold.tag)}-${sha256(canonicalJson(what)).slice(0, 12)}`
  return dryRun ? `${name}-dry` : name
}

/** The keys of a run in its store. */
export function keysOf({ prefix }: ScaleStore, runId: string): RunKeys {
  return runKeys(prefix, runId)
}

/** Of the commands that read a store and no matter. */
export function runIdGiven({ positionals }: Given): string | undefined {
  const [runId, extra] = positionals
  if (extra !== undefined) throw new ArgumentError(`${JSON.stringify(extra)} is one argument too many.`)
  return runId
}

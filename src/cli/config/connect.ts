import type { ExportRequest } from '../../model/request.js'
import type { LegalHoldExporterOptions } from '../../options/exporter-options.js'
import type { BulkExportsOptions } from '../../platforms/bulk-exports/options.js'
import type { GenesysPlatform } from '../../platforms/genesys-platform.js'
import type { RecordingJobsOptions } from '../../platforms/recording-jobs/platform.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import type { RetentionPolicyAdapter } from '../../ports/retention.js'
import type { Logger } from '../../ports/runtime.js'
import type { S3StorageAdapter } from '../../storage/s3/adapter.js'
import type { S3StorageOptions } from '../../storage/s3/client/settings.js'
import { ArgumentError } from '../arguments.js'
import { ofBulkExports, ofRecordingJobs } from './adapter-fields.js'
import type { Matter } from './matter-fields.js'
import { type FileMistake, MatterFileError, mistakesOf } from './mistakes.js'
import type { Resolved } from './resolve.js'
import { settings } from './settings.js'

/** Adapters and request of a matter. */
export interface Connected {
  readonly options: LegalHoldExporterOptions & { readonly platform: MatterPlatform; readonly storage: S3StorageAdapter }
  readonly request: ExportRequest
  close(): void
}

/** Either platform: both have the client that `doctor` and `integrations` ask. */
export type MatterPlatform = RecordingPlatform & GenesysPlatform

/** What a command needs of a matter. */
export type Need = 'request' | 'storage'

/**
 * Builds adapters and request. Without `request` what it needs is not asked for: `validate` looks at a bucket alone.
 *
 * @throws ArgumentError for what is missing, and for every mistake in a file, with line and path
 */
export async function connect(resolved: Resolved, need: Need, logger?: Logger): Promise<Connected> {
  refuseUnset(resolved, [
    'hold',
    's3',
    'requirements',
    'residency',
    'remediation',
    'retention',
    'accept',
    'concurrency',
  ])
  if (need === 'request') refuseUnset(resolved, ['genesys', 'request', 'retry', 'polling'])
  refuseMissing(resolved, need)
  const wanted = requestOf(resolved)
  // The SDKs take a fifth of a second to load, which no other command needs.
  const [genesys, s3, { FixedRetentionPolicy }] = await Promise.all([
    import('../../genesys.js'),
    import('../../s3.js'),
    import('../../retention/fixed.js'),
  ])
  const mistakes: FileMistake[] = []
  const attempt = <T>(prefix: string, work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      const found = resolved.file === undefined ? undefined : mistakesOf(error, prefix)
      if (found === undefined) throw error
      mistakes.push(...found)
      return undefined
    }
  }
  const { hold, genesys: connection, s3: bucket, request: _______, accept, retention = {}, ...rest } = resolved.matter
  const { journal: _, report: __, evidence: ___, notify: ____, log: _____, scale: ______, ...options } = rest
  const platform = attempt('genesys', () => platformOf(connection ?? {}, need, genesys, logger))
  const storage = attempt('s3', () => new s3.S3StorageAdapter(storageOptions(bucket ?? {})))
  const policies: RetentionPolicyAdapter[] = []
  const { bucket: name, ...location } = storageOptions(bucket ?? {})
  const { mediaPolicies = true, s3Lifecycle = true, fixed } = retention
  const exportProfile = retention.exportProfile ?? connection?.surface === 'bulk-exports'
  if (platform !== undefined && mediaPolicies !== false) {
    const how = mediaPolicies === true ? {} : mediaPolicies
    attempt('retention.mediaPolicies', () =>
      policies.push(new genesys.GenesysMediaRetentionPolicy({ platform, ...how })),
    )
  }
  if (platform !== undefined && exportProfile) policies.push(new genesys.ExportProfileRetentionPolicy({ platform }))
  const lifecycle = s3Lifecycle
    ? attempt('s3', () => new s3.S3LifecyclePolicy({ bucket: name, ...location }))
    : undefined
  if (lifecycle !== undefined) policies.push(lifecycle)
  if (fixed !== undefined) {
    attempt('retention.fixed', () =>
      policies.push(new FixedRetentionPolicy({ ...fixed, minimumDays: fixed.minimumDays ?? Number.NaN })),
    )
  }
  refuse(resolved, mistakes)
  if (platform === undefined || storage === undefined) throw new ArgumentError('The matter cannot be used.')
  return {
    options: {
      ...(options as LegalHoldExporterOptions),
      platform,
      storage,
      retention: policies,
      hold: { ...hold, tag: hold?.tag ?? '' },
      accept: acceptOf(accept),
      logger,
    },
    request: wanted,
    close: () => {
      storage.close()
      lifecycle?.close()
      platform.close()
    },
  }
}

/**
 * Only Genesys Cloud, for what needs no bucket.
 *
 * @throws ArgumentError
 */
export async function connectGenesys(resolved: Resolved, logger?: Logger): Promise<MatterPlatform> {
  refuseUnset(resolved, ['genesys'])
  const { genesys: given = {} } = resolved.matter
  const missing = [
    ...(given.region ? [] : ['--region (GENESYS_REGION)']),
    ...(given.accessToken === undefined ? missingSecrets(given) : []),
  ]
  if (missing.length > 0) throw new ArgumentError(`Missing: ${missing.join(', ')}.`)
  const genesys = await import('../../genesys.js')
  return byKeysOfFile(resolved, 'genesys', () => platformOf(given, 'request', genesys, logger))
}

function missingSecrets({ clientId, clientSecret }: NonNullable<Matter['genesys']>): string[] {
  return [...(clientId ? [] : ['GENESYS_CLIENT_ID']), ...(clientSecret ? [] : ['GENESYS_CLIENT_SECRET'])]
}

/**
 * What the exporter itself refuses, by the keys of the file.
 *
 * @throws ArgumentError
 */
export function byKeysOfFile<T>(resolved: Resolved, prefix: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw inFile(resolved, prefix, error)
  }
}

/** An error about options, by the keys of the file; any other as it is. */
export function inFile(resolved: Resolved, prefix: string, error: unknown): unknown {
  const found = mistakesOf(error, prefix)
  if (resolved.file === undefined || found === undefined) return error
  return fileError(resolved, found)
}

function refuse(resolved: Resolved, mistakes: readonly FileMistake[]): void {
  if (mistakes.length > 0) throw fileError(resolved, mistakes)
}

function fileError({ file }: Resolved, mistakes: readonly FileMistake[]): ArgumentError {
  return new MatterFileError(
    file?.file ?? 'matter.yaml',
    mistakes.map((one) => ({ ...one, line: file?.lineOf(one.path) })),
  )
}

/** @throws ArgumentError if a variable is not set that one of these sections needs */
export function refuseUnset(resolved: Resolved, sections: readonly string[]): void {
  const { unset, file } = resolved
  const wrong = unset.filter(({ path }) => sections.includes(path.split('.')[0] ?? '') || !path.includes('.'))
  if (wrong.length === 0 || file === undefined) return
  throw new MatterFileError(
    file.file,
    wrong.map(({ path, line, name }) => ({
      path,
      line,
      problem: `needs the variable ${name} of the environment, which is not set`,
    })),
  )
}

const alwaysNeeded = ['bucket', 'bucket-region', 'hold'] as const
const neededForRequest = ['region', 'integration', ...alwaysNeeded, 'interval'] as const

function refuseMissing({ matter }: Resolved, need: Need): void {
  const { genesys, request } = matter
  const isGiven = (path: string) =>
    path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], matter)
  const flags: readonly string[] = need === 'request' ? neededForRequest : alwaysNeeded
  const missing = flags
    .flatMap((flag) => settings.filter((one) => one.flag === flag))
    .filter(({ path }) => !isGiven(path))
    .filter(({ path }) => path !== 'request.integrationId' || request?.profileId === undefined)
    .map(({ flag, variable }) => `--${flag} (${variable})`)
  if (need === 'request' && genesys?.accessToken === undefined) missing.push(...missingSecrets(genesys ?? {}))
  if (missing.length > 0) throw new ArgumentError(`Missing: ${missing.join(', ')}.`)
}

type Genesys = typeof import('../../genesys.js')

function platformOf(
  given: NonNullable<Matter['genesys']>,
  need: Need,
  { BulkExportsPlatform, RecordingJobsPlatform }: Genesys,
  logger: Logger | undefined,
): MatterPlatform {
  const { surface = 'recording-jobs', paths, ...connection } = given
  const foreign = surface === 'recording-jobs' ? ofBulkExports : ofRecordingJobs
  const wrong = foreign.find((name) => given[name] !== undefined)
  // Passed over, it would look as if it had been heard.
  if (wrong !== undefined) throw new ArgumentError(`genesys.${wrong} is nothing that the surface ${surface} knows.`)
  // A platform must be given to look at a bucket, and is asked nothing.
  const unused =
    need === 'storage'
      ? { region: 'eu-west-1', ...(connection.accessToken ? {} : { clientId: '-', clientSecret: '-' }) }
      : {}
  const options = { ...unused, ...connection, logger }
  if (surface === 'recording-jobs') return new RecordingJobsPlatform(options as RecordingJobsOptions)
  const named =
    paths && Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, path === 'none' ? null : path]))
  return new BulkExportsPlatform({ ...(options as BulkExportsOptions), paths: named as BulkExportsOptions['paths'] })
}

/** How the bucket is reached. */
export function storageOptions(given: NonNullable<Matter['s3']>): S3StorageOptions {
  const { bucket = '', credentials, ...rest } = given
  const path = rest.endpoint === undefined ? {} : { forcePathStyle: true }
  const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? {}
  const keys =
    accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, sessionToken } }
  return { ...path, ...rest, bucket, ...keys }
}

function acceptOf(given: Matter['accept']): LegalHoldExporterOptions['accept'] {
  return (given ?? []).flatMap(({ code, reason }) => (code === undefined ? [] : [{ code, reason }]))
}

/** The request as the library takes it. @throws ArgumentError */
export function requestOf(resolved: Resolved): ExportRequest {
  const { conversationIdsFrom: _, interval, mediaTypes, ...rest } = resolved.matter.request ?? {}
  // A type that is none is refused by the exporter, with the list of those there are.
  const media = mediaTypes === undefined ? {} : { mediaTypes: mediaTypes as ExportRequest['mediaTypes'] }
  return { ...rest, ...media, interval: intervalOf(interval, resolved) }
}

function intervalOf(
  interval: NonNullable<Matter['request']>['interval'],
  resolved: Resolved,
): ExportRequest['interval'] {
  if (interval === undefined) return { start: '', end: '' }
  if (typeof interval !== 'string') return { start: interval.start ?? '', end: interval.end ?? '' }
  const [start, end, ...more] = interval.split('/')
  if (!start || !end || more.length > 0) {
    const problem = `must be START/END in ISO 8601, not ${JSON.stringify(interval)}`
    if (resolved.file?.matter.request?.interval !== interval) throw new ArgumentError(`--interval ${problem}.`)
    throw fileError(resolved, [{ line: undefined, path: 'request.interval', problem }])
  }
  return { start, end }
}

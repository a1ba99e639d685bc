import type { ExportRequest } from '../model/request.js'
import type { LegalHoldExporterOptions } from '../options/exporter-options.js'
import { ArgumentError, type Given } from './arguments.js'
import type { Terminal } from './terminal.js'

/** Flags that say what is exported, from where to where; each may be an environment variable. */
export const connectionFlags = {
  region: 'text',
  integration: 'text',
  bucket: 'text',
  'bucket-region': 'text',
  hold: 'text',
  matter: 'text',
  interval: 'text',
  media: 'text',
  divisions: 'text',
  residency: 'text',
  'genesys-endpoint': 'text',
  's3-endpoint': 'text',
} as const

const variables: Readonly<Record<keyof typeof connectionFlags, string>> = {
  region: 'GENESYS_REGION',
  integration: 'GENESYS_INTEGRATION_ID',
  bucket: 'EXPORT_BUCKET',
  'bucket-region': 'AWS_REGION',
  hold: 'HOLD_TAG',
  matter: 'HOLD_MATTER',
  interval: 'INTERVAL',
  media: 'MEDIA_TYPES',
  divisions: 'DIVISION_IDS',
  residency: 'RESIDENCY',
  'genesys-endpoint': 'GENESYS_ENDPOINT',
  's3-endpoint': 'S3_ENDPOINT',
}

const required = ['region', 'integration', 'bucket', 'bucket-region', 'hold', 'interval'] as const

/** Adapters and request, as flags and environment say. */
export async function connect(
  given: Given,
  { env }: Terminal,
): Promise<{ readonly options: LegalHoldExporterOptions; readonly request: ExportRequest; close(): void }> {
  const setting = (name: keyof typeof connectionFlags) => given.text(name) ?? env[variables[name]]
  const missing = [
    ...required.filter((name) => !setting(name)).map((name) => `--${name} (${variables[name]})`),
    ...['GENESYS_CLIENT_ID', 'GENESYS_CLIENT_SECRET'].filter((name) => !env[name]),
  ]
  if (missing.length > 0) throw new ArgumentError(`Missing: ${missing.join(', ')}.`)
  const text = (name: (typeof required)[number]) => setting(name) ?? ''
  const [start, end, ...more] = text('interval').split('/')
  if (!start || !end || more.length > 0) {
    throw new ArgumentError(`--interval must be START/END in ISO 8601, not ${JSON.stringify(text('interval'))}.`)
  }
  // The SDKs take a fifth of a second to load, which no other command needs.
  const [{ RecordingJobsPlatform, GenesysMediaRetentionPolicy }, { S3LifecyclePolicy, S3StorageAdapter }] =
    await Promise.all([import('../genesys.js'), import('../s3.js')])
  const platform = new RecordingJobsPlatform({
    region: text('region'),
    clientId: env.GENESYS_CLIENT_ID ?? '',
    clientSecret: env.GENESYS_CLIENT_SECRET ?? '',
    endpoint: setting('genesys-endpoint'),
  })
  const endpoint = setting('s3-endpoint')
  const location = {
    bucket: text('bucket'),
    region: text('bucket-region'),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  }
  const storage = new S3StorageAdapter(location)
  const residency = setting('residency')
  const divisions = setting('divisions')
  return {
    options: {
      platform,
      storage,
      retention: [new GenesysMediaRetentionPolicy({ platform }), new S3LifecyclePolicy(location)],
      hold: { tag: text('hold'), matter: setting('matter') },
      ...(residency === undefined ? {} : { residency: { regions: listOf(residency) } }),
    },
    request: {
      integrationId: text('integration'),
      interval: { start, end },
      ...mediaOf(setting('media')),
      ...(divisions === undefined ? {} : { divisionIds: listOf(divisions) }),
    },
    close: () => storage.close(),
  }
}

function mediaOf(media: string | undefined): Pick<ExportRequest, 'mediaTypes'> {
  if (media === undefined) return {}
  // A type that is none is refused by the exporter, with the list of those there are.
  return { mediaTypes: media === 'digital' ? 'digital' : (listOf(media) as ExportRequest['mediaTypes']) }
}

function listOf(text: string): string[] {
  return text.split(',').map((item) => item.trim())
}

// Exports one matter from a real organisation to a real bucket: npm run export-matter
//
// This is the example of the library: what a service of your own does. From a shell nothing must be written; the command
// does this and more: npx genesys-legal-hold-exporter init
import { writeFile } from 'node:fs/promises'
import { type FindingCode, LegalHoldError, LegalHoldExporter } from 'genesys-legal-hold-exporter'
import { GenesysMediaRetentionPolicy, RecordingJobsPlatform } from 'genesys-legal-hold-exporter/genesys'
import { createProgressReporter, FileJournal } from 'genesys-legal-hold-exporter/node'
import { S3LifecyclePolicy, S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { untilSignalled } from './signals.ts'

const usage = `Exports the recordings of a matter and puts them under the hold. Settings come from the environment:

  GENESYS_REGION          AWS name or host, e.g. eu-west-1 or mypurecloud.ie
  GENESYS_CLIENT_ID       OAuth client with grant type client credentials
  GENESYS_CLIENT_SECRET
  GENESYS_INTEGRATION_ID  the AWS S3 recording bulk actions integration
  EXPORT_BUCKET           bucket that the integration delivers to
  AWS_REGION              its region; credentials as the AWS SDK finds them
  HOLD_TAG                e.g. discovery-batch-2023-10
  INTERVAL                START/END in ISO 8601, e.g. 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z

  optional
  MEDIA_TYPES             digital, or a list of call,chat,email,message,screen (default: all)
  ACCEPT                  findings that may pass, by code, separated by commas
  RESIDENCY               AWS regions data may lie in, separated by commas
  DRY_RUN                 1: plan the repairs, change no object
  JOURNAL                 folder of the journal; an interrupted run resumes from it
  REPORT                  file for the report as JSON (default: legal-hold-report.json)

  GENESYS_ENDPOINT        a gateway in place of the region's hosts
  S3_ENDPOINT             another S3 server
`

const required = [
  'GENESYS_REGION',
  'GENESYS_CLIENT_ID',
  'GENESYS_CLIENT_SECRET',
  'GENESYS_INTEGRATION_ID',
  'EXPORT_BUCKET',
  'AWS_REGION',
  'HOLD_TAG',
  'INTERVAL',
] as const

// The AWS SDK greets Node 20 with a notice; a script may silence it, the library never does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const interrupted = untilSignalled()

async function main(): Promise<number> {
  const env = process.env
  const missing = required.filter((name) => !env[name])
  if (missing.length > 0) {
    process.stderr.write(`${usage}\nMissing: ${missing.join(', ')}\n`)
    return 1
  }
  const setting = (name: (typeof required)[number]) => env[name] ?? ''
  const list = (text: string | undefined) => text?.split(',').map((item) => item.trim()) ?? []
  const [start = '', end = ''] = setting('INTERVAL').split('/')
  const platform = new RecordingJobsPlatform({
    region: setting('GENESYS_REGION'),
    clientId: setting('GENESYS_CLIENT_ID'),
    clientSecret: setting('GENESYS_CLIENT_SECRET'),
    endpoint: env.GENESYS_ENDPOINT,
  })
  const location = {
    bucket: setting('EXPORT_BUCKET'),
    region: setting('AWS_REGION'),
    ...(env.S3_ENDPOINT === undefined ? {} : { endpoint: env.S3_ENDPOINT, forcePathStyle: true }),
  }
  const exporter = new LegalHoldExporter({
    platform,
    storage: new S3StorageAdapter(location),
    retention: [new GenesysMediaRetentionPolicy({ platform }), new S3LifecyclePolicy(location)],
    hold: { tag: setting('HOLD_TAG') },
    ...(env.RESIDENCY === undefined ? {} : { residency: { regions: list(env.RESIDENCY) } }),
    // Codes that are none are refused by the exporter itself, with a message.
    accept: list(env.ACCEPT) as FindingCode[],
  })
  const mediaTypes = env.MEDIA_TYPES === 'digital' ? 'digital' : list(env.MEDIA_TYPES)
  const progress = createProgressReporter({ stream: process.stdout })
  const run = exporter.run(
    {
      integrationId: setting('GENESYS_INTEGRATION_ID'),
      interval: { start, end },
      ...(env.MEDIA_TYPES === undefined ? {} : { mediaTypes: mediaTypes as 'digital' }),
    },
    {
      dryRun: env.DRY_RUN === '1',
      onEvent: progress.onEvent,
      signal: interrupted.controller.signal,
      ...(env.JOURNAL === undefined ? {} : { journal: new FileJournal(env.JOURNAL) }),
    },
  )
  const report = await run.finally(() => progress.close())
  const file = env.REPORT ?? 'legal-hold-report.json'
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
  console.log(`report: ${file}`)
  return { complete: 0, incomplete: 2, 'nothing-expected': 3 }[report.outcome]
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const isOurs = LegalHoldError.isInstance(error)
    console.error(isOurs ? `${error.code} during ${error.stage}\n${error.message}` : error)
    process.exitCode = interrupted.exitCode()
  },
)

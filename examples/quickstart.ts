// The whole job on embedded servers: npm run quickstart
import { writeFile } from 'node:fs/promises'
import { type ExportRequest, LegalHoldError, LegalHoldExporter } from 'genesys-legal-hold-exporter'
import {
  BulkExportsPlatform,
  ExportProfileRetentionPolicy,
  GenesysMediaRetentionPolicy,
  RecordingJobsPlatform,
} from 'genesys-legal-hold-exporter/genesys'
import { S3LifecyclePolicy, S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { Display } from './quickstart/display.ts'
import { quickstartEvidence } from './quickstart/evidence.ts'
import { FlagError, type Flags, help, readFlags } from './quickstart/flags.ts'
import { journalFacts, type OpenedJournal, openJournal, whenNpmIsGone } from './quickstart/journal.ts'
import { openServers, type Servers } from './quickstart/servers.ts'
import { untilSignalled } from './signals.ts'

// The AWS SDK greets Node 20 with a notice; a script may silence it, the library never does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const hold = { tag: 'discovery-batch-2023-10', matter: 'Discovery batch, October 2023' }

// What this organisation is known for, and why the export goes ahead all the same.
const acceptances = new Map([
  ['retention-deletes-before-hold', 'the export happens now, and what lands on S3 is out of that policy’s reach'],
  ['hold-metadata-disabled', 'the profile is left as it is; objects without the tag are repaired on S3'],
  ['retention-strips-metadata', 'as above: the tag is written on S3, after the policy has done its work'],
])

const interrupted = untilSignalled()
whenNpmIsGone(() => interrupted.controller.abort(new Error('npm was killed')))

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2))
  if (flags.help) {
    process.stdout.write(help)
    return 0
  }
  const display = new Display(flags.quiet, acceptances)
  const opened = await openJournal(flags)
  try {
    const servers = await openServers(flags, opened, Date.now())
    try {
      return await exportMatter(flags, servers, opened, display)
    } finally {
      await servers.close()
    }
  } finally {
    display.close()
    await opened?.journal.close()
  }
}

async function exportMatter(
  flags: Flags,
  servers: Servers,
  opened: OpenedJournal | undefined,
  display: Display,
): Promise<number> {
  const { genesys, s3 } = servers
  const former = opened?.former
  const platformName = flags.platformGiven ? flags.platform : (former?.platform ?? flags.platform)
  const isBulk = platformName === 'bulk-exports'
  const request = requestOf(flags, servers, former?.request, isBulk)
  const { interval } = request
  display.header([
    ['hold', hold.tag],
    ['interval', `${interval.start} to ${interval.end}`],
    ['platform', `${platformName}, organisation ${genesys.organizationId} in eu-west-1 (Ireland)`],
    ['bucket', `${s3.bucket} in ${s3.region}`],
    ['servers', servers.where],
    ...(opened === undefined ? [] : [['journal', journalFacts(opened)] as const]),
  ])
  const connection = {
    region: 'eu-west-1',
    endpoint: genesys.endpoint,
    clientId: genesys.clientId,
    clientSecret: genesys.clientSecret,
  }
  const platform = isBulk ? new BulkExportsPlatform(connection) : new RecordingJobsPlatform(connection)
  const { bucket, region, endpoint, sessionToken } = s3
  const credentials = {
    accessKeyId: s3.accessKeyId,
    secretAccessKey: s3.secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
  const location = { bucket, region, endpoint, credentials, forcePathStyle: true }
  const exporter = new LegalHoldExporter({
    platform,
    storage: new S3StorageAdapter(location),
    retention: [
      new GenesysMediaRetentionPolicy({ platform }),
      new S3LifecyclePolicy(location),
      ...(isBulk ? [new ExportProfileRetentionPolicy({ platform })] : []),
    ],
    hold,
    ...(servers.foreignS3 ? {} : { residency: { regions: ['eu-west-1'] } }),
    accept: [...(acceptances.keys() as Iterable<never>), ...flags.accept],
    // The simulated platform is done in seconds; a real one takes minutes to hours, and the defaults suit it.
    polling: { minIntervalMs: 250, maxIntervalMs: 1_000 },
    landingSettleMs: 500,
    landingQuietMs: 10_000,
  })
  const evidence = await quickstartEvidence(flags.evidence, flags.journal, former?.report?.runId)
  const report = await exporter.run(request, {
    dryRun: flags.dryRun,
    evidence: evidence.sink,
    onEvent: display.onEvent,
    signal: interrupted.controller.signal,
    journal: opened?.journal,
  })
  if (flags.report !== undefined) await writeFile(flags.report, `${JSON.stringify(report, null, 2)}\n`)
  display.result(report)
  display.section('5  Evidence', await evidence.verify())
  return report.outcome === 'complete' ? 0 : 2
}

/** With a journal the request is the one on record, unless a flag says otherwise: another one is then refused. */
function requestOf(flags: Flags, servers: Servers, former: ExportRequest | undefined, isBulk: boolean): ExportRequest {
  const { genesys, interval } = servers
  if (former === undefined) {
    return {
      ...(isBulk ? { profileId: genesys.exportProfileId } : {}),
      integrationId: genesys.integrationId,
      interval,
      ...mediaOf(flags),
    }
  }
  const { mediaTypes, ...rest } = former
  const media = flags.mediaGiven ? mediaOf(flags) : { ...(mediaTypes === undefined ? {} : { mediaTypes }) }
  return { ...rest, interval: flags.interval ?? former.interval, ...media }
}

function mediaOf({ media, recordings }: Flags): { mediaTypes?: 'digital' | ['call'] } {
  if (recordings !== undefined || media === 'all') return {}
  return { mediaTypes: media === 'digital' ? 'digital' : ['call'] }
}

function explain(error: unknown): string {
  if (error instanceof FlagError) return `${error.message}\nnpm run quickstart -- --help lists the flags.`
  if (!LegalHoldError.isInstance(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (error.code === 'PREFLIGHT_BLOCKED') {
    const blockers = (error.findings ?? []).filter(
      ({ code, severity }) => severity === 'blocker' && !acceptances.has(code),
    )
    const codes = [...new Set(blockers.map(({ code }) => code))]
    const flags = codes.map((code) => `--accept ${code}`).join(' ')
    return `PREFLIGHT_BLOCKED by ${codes.join(', ')}: nothing was created.\nRemove the cause, or let it pass with ${flags}`
  }
  if (error.code === 'ABORTED') {
    return `${error.code} during ${error.stage}\n${error.message}\nWith --journal DIR the same command resumes from here.`
  }
  if (error.code === 'CHECKPOINT_MISMATCH') {
    return `${error.code}\n${error.message}\nWithout flags, --journal DIR resumes the run of that journal.`
  }
  const id = error.requestId === undefined ? '' : ` (request id ${error.requestId})`
  return `${error.code} during ${error.stage}${id}\n${error.message}`
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`\n${explain(error)}\n`)
    process.exitCode = interrupted.exitCode()
  },
)

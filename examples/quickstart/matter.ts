import { writeFile } from 'node:fs/promises'
import { type ExportRequest, LegalHoldExporter } from 'genesys-legal-hold-exporter'
import {
  BulkExportsPlatform,
  ExportProfileRetentionPolicy,
  GenesysMediaRetentionPolicy,
  RecordingJobsPlatform,
} from 'genesys-legal-hold-exporter/genesys'
import { S3LifecyclePolicy, S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import type { Display } from './display.ts'
import { quickstartEvidence } from './evidence.ts'
import type { Flags } from './flags.ts'
import { journalFacts, type OpenedJournal } from './journal.ts'
import type { Servers } from './servers.ts'
import { openShards } from './shards.ts'

const hold = { tag: 'discovery-batch-2023-10', matter: 'Discovery batch, October 2023' }

/** What an export needs to begin. */
export interface Prepared {
  readonly flags: Flags
  readonly servers: Servers
  readonly opened: OpenedJournal | undefined
  readonly display: Display
  readonly signal: AbortSignal
}

const exitCodes = { complete: 0, incomplete: 2, 'nothing-expected': 3 } as const

/** Exports the matter, and returns the exit code. */
export async function exportMatter({ flags, servers, opened, display, signal }: Prepared): Promise<number> {
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
  const storage = new S3StorageAdapter(location)
  const exporter = new LegalHoldExporter({
    platform,
    storage,
    retention: [
      new GenesysMediaRetentionPolicy({ platform }),
      new S3LifecyclePolicy(location),
      ...(isBulk ? [new ExportProfileRetentionPolicy({ platform })] : []),
    ],
    hold,
    ...(servers.foreignS3 ? {} : { residency: { regions: ['eu-west-1'] } }),
    accept: [...(display.acceptances.keys() as Iterable<never>), ...flags.accept],
    // The simulated platform is done in seconds; a real one takes minutes to hours, and the defaults suit it.
    polling: { minIntervalMs: 250, maxIntervalMs: 1_000 },
    landingSettleMs: 500,
    landingQuietMs: 10_000,
  })
  const shards = flags.engine === undefined ? undefined : await openShards(flags.engine, exporter, storage)
  try {
    const evidence = await quickstartEvidence(flags.evidence, flags.journal, former?.report?.runId, shards?.verifier)
    const options = { dryRun: flags.dryRun, evidence: evidence.sink, onEvent: display.onEvent, signal }
    const report = await (shards === undefined
      ? exporter.run(request, { ...options, journal: opened?.journal })
      : shards.scaled.run(request, { ...options, objectsPerShard: 100, pollMs: 500 }))
    if (flags.report !== undefined) await writeFile(flags.report, `${JSON.stringify(report, null, 2)}\n`)
    display.result(report)
    display.section('5  Evidence', await evidence.verify())
    return exitCodes[report.outcome]
  } finally {
    await shards?.close()
  }
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

import { hourMs } from '../internal/durations.js'
import type { ExportRequest, MediaType } from '../model/request.js'
import { type DeliveredFile, filesOf } from './genesys/delivery/files.js'
import {
  buildExportProfile,
  buildIntegration,
  buildOrganization,
  type SimulatedConversation,
  type SimulatedOrganization,
} from './genesys/organization.js'
import type { SimulatedClient } from './genesys/routes/oauth.js'
import type { SimulatorSettingsInit } from './genesys/settings.js'
import { checkScenario } from './scenario/check.js'
import type { ScopeMedia, TimeSpan } from './scenario/conversations.js'
import { simulatorCredentials } from './scenario/credentials.js'
import { conversationsFromFiles } from './scenario/own-recordings.js'
import { makePolicies, withDeleteDates } from './scenario/policies.js'
import { makeForeign, makeInScope, makeOutOfScope, withFates } from './scenario/population.js'
import { SeededRandom } from './scenario/random.js'
import { scenarioDivisions, withSpecials } from './scenario/special.js'

/** Options of {@link createScenario}. The same options give the same scenario, to the last id. */
export interface ScenarioOptions {
  /** Number of recordings in scope. Ignored with `recordingsDir`. @defaultValue 200 */
  readonly count?: number | undefined
  /** Media in scope. @defaultValue 'digital' */
  readonly media?: ScopeMedia | undefined
  /** ISO 8601. @defaultValue the 48 hours before `now` */
  readonly interval?: { readonly start: string; readonly end: string } | undefined
  readonly now: string | number | Date
  /** Every file below it becomes one recording in scope, byte for byte, and nothing else is in scope. */
  readonly recordingsDir?: string | undefined
  /** Number of recordings in scope that the platform cannot export. @defaultValue 0 */
  readonly failAtSource?: number | undefined
  /** @defaultValue 0 */
  readonly indexLagHours?: number | undefined
  /** Only objects in scope, for a bucket that belongs to somebody else. @defaultValue true with `recordingsDir` */
  readonly onlyInScope?: boolean | undefined
  /** Bucket that the integration delivers to. @defaultValue that of {@link simulatorCredentials} */
  readonly bucket?: string | undefined
  /** @defaultValue 'discovery-batch-2023-10' */
  readonly seed?: string | undefined
}

/** An organisation with recordings in and out of scope, and all that is needed to simulate it. */
export interface Scenario {
  readonly organization: SimulatedOrganization
  readonly clients: readonly SimulatedClient[]
  readonly region: string
  readonly bucket: string
  readonly interval: { readonly start: string; readonly end: string }
  /** Settings of the simulator that make a run take a few seconds. */
  readonly settings: SimulatorSettingsInit
  /** The request that selects exactly what is in scope. */
  readonly request: ExportRequest
  readonly inScope: ScenarioScope
  /** Objects in the bucket before anything is exported, from earlier exports and from another organisation. */
  readonly preExistingObjects: readonly DeliveredFile[]
}

/** What a complete run over the scenario must find. */
export interface ScenarioScope {
  readonly conversations: number
  readonly recordingIds: readonly string[]
  readonly failAtSourceIds: readonly string[]
  /** Objects that are delivered: recordings, sidecars, transcripts and attachments. */
  readonly objects: number
  readonly sensitive: number
  readonly landingLate: number
}

// A record, so that the compiler asks for every name that is added to the type.
const optionNames: Record<keyof ScenarioOptions, true> = {
  count: true,
  media: true,
  interval: true,
  now: true,
  recordingsDir: true,
  failAtSource: true,
  indexLagHours: true,
  onlyInScope: true,
  bucket: true,
  seed: true,
}

const otherOrganizationId = '9e4d2b7a-0c15-4f38-b6e1-a5d8c3f70e06'

/**
 * Makes a scenario.
 *
 * @throws TypeError that names every option that cannot be used
 */
export function createScenario(options: ScenarioOptions): Scenario {
  checkScenario(options, Object.keys(optionNames))
  const { count = 200, media = 'digital', failAtSource = 0, recordingsDir } = options
  const onlyInScope = options.onlyInScope ?? recordingsDir !== undefined
  const nowMs = new Date(options.now).getTime()
  const interval = options.interval ?? {
    start: new Date(nowMs - 48 * hourMs).toISOString(),
    end: new Date(nowMs).toISOString(),
  }
  const span = activeSpan(interval, nowMs)
  // Ids differ between scenarios that differ, so that one may follow another in the same bucket.
  const seed = JSON.stringify([options.seed ?? 'discovery-batch-2023-10', interval, media, count, failAtSource])
  const made =
    recordingsDir === undefined
      ? makeInScope(count, media, span, new SeededRandom(`${seed}/in-scope`))
      : conversationsFromFiles(recordingsDir, span, seed)
  const fated = withFates(made, failAtSource, recordingsDir === undefined, seed).map((conversation) =>
    withDeleteDates(conversation, nowMs),
  )
  // A file of one's own is the recording of an ordinary conversation.
  const inScope = recordingsDir === undefined ? withSpecials(fated, nowMs) : fated
  const outOfScope = onlyInScope
    ? []
    : makeOutOfScope({ media, everythingInScope: recordingsDir !== undefined }, count, span, seed)
  const foreign = onlyInScope ? [] : makeForeign(media, count, span, seed)
  const bucket = options.bucket ?? simulatorCredentials.s3.bucket
  const mediaTypes = recordingsDir === undefined ? scopeOf(media) : undefined
  const { genesys } = simulatorCredentials
  return {
    organization: buildOrganization({
      id: genesys.organizationId,
      name: 'Example Contact Centre Ltd',
      conversations: [...inScope, ...outOfScope],
      integrations: [buildIntegration({ id: genesys.integrationId, bucket })],
      exportProfiles: makeProfiles(),
      divisions: [...scenarioDivisions],
      ...makePolicies(new Set(inScope.map((conversation) => conversation.media))),
    }),
    clients: [{ clientId: genesys.clientId, clientSecret: genesys.clientSecret }],
    region: genesys.region,
    bucket,
    interval,
    settings: {
      indexLagMs: (options.indexLagHours ?? 0) * hourMs,
      timings: { pendingMs: 1_000, processingMs: 4_000, restoreMs: 2_000 },
      // An organisation whose limit has been raised from 300, so that a run takes seconds rather than minutes.
      rateLimitPerMinute: 6_000,
    },
    request: { integrationId: genesys.integrationId, interval, ...(mediaTypes === undefined ? {} : { mediaTypes }) },
    inScope: summarize(inScope),
    preExistingObjects: [
      ...filesOfAll(genesys.organizationId, outOfScope),
      ...filesOfAll(otherOrganizationId, foreign),
    ],
  }
}

/** The part of the interval that has happened. */
function activeSpan(interval: { readonly start: string; readonly end: string }, nowMs: number): TimeSpan {
  const startMs = Date.parse(interval.start)
  const endMs = Math.min(Date.parse(interval.end), nowMs)
  if (Number.isNaN(startMs) || Number.isNaN(endMs) || startMs >= endMs) {
    throw new RangeError(`The interval ${interval.start}/${interval.end} is not a span of time that has begun.`)
  }
  return { startMs, endMs }
}

function scopeOf(media: ScopeMedia): 'digital' | readonly MediaType[] | undefined {
  if (media === 'all') return undefined
  return media === 'digital' ? 'digital' : ['call']
}

function makeProfiles() {
  const { exportProfileId, legalExportProfileId, integrationId } = simulatorCredentials.genesys
  return [
    buildExportProfile({
      id: exportProfileId,
      name: 'Nightly export',
      integrationId,
      include_legal_hold_metadata: false,
      retention_policy: 'short-term',
    }),
    buildExportProfile({ id: legalExportProfileId, name: 'Legal discovery', integrationId }),
  ]
}

function filesOfAll(organizationId: string, conversations: readonly SimulatedConversation[]): DeliveredFile[] {
  return conversations.flatMap((conversation) =>
    conversation.recordings.flatMap((recording) =>
      filesOf(conversation, recording, { organizationId, padding: 'unpadded' }),
    ),
  )
}

function summarize(conversations: readonly SimulatedConversation[]): ScenarioScope {
  const recordings = conversations.flatMap((conversation) => conversation.recordings)
  const delivered = recordings.filter(({ failsAtSource }) => failsAtSource !== true)
  return {
    conversations: conversations.length,
    recordingIds: recordings.map(({ id }) => id),
    failAtSourceIds: recordings.filter(({ failsAtSource }) => failsAtSource === true).map(({ id }) => id),
    objects: delivered.reduce(
      (sum, { attachments, transcript }) => sum + 2 + (attachments?.length ?? 0) + (transcript === true ? 1 : 0),
      0,
    ),
    sensitive: recordings.filter(({ sensitive }) => sensitive === true).length,
    landingLate: delivered.filter(({ landsLateMs }) => landsLateMs !== undefined).length,
  }
}

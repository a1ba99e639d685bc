import { hourMs } from '../../internal/durations.js'
import type { ExportRequest } from '../../model/request.js'
import type { Clock } from '../../ports/runtime.js'
import { SimulatedClock } from '../clock.js'
import {
  buildExportProfile,
  buildIntegration,
  buildOrganization,
  type SimulatedOrganization,
} from '../genesys/organization.js'
import type { SimulatedClient } from '../genesys/routes/oauth.js'
import type { SimulatorSettingsInit } from '../genesys/settings.js'
import { uuidFrom } from './ids.js'
import { aBucket, anIntegration, BucketBuilder, FaultBuilder, IntegrationBuilder, ProfileBuilder } from './parts.js'
import { ConversationBuilder } from './recordings.js'
import { SimulatedWorld } from './world.js'

/** The parts of an organisation. */
export type OrganizationPart = ConversationBuilder | BucketBuilder | IntegrationBuilder | ProfileBuilder | FaultBuilder

/** Options of {@link OrganizationBuilder.start}. */
export interface StartOptions {
  /**
   * @defaultValue a {@link SimulatedClock} one day after the last conversation, which moves whenever code sleeps
   *   on it
   */
  readonly clock?: Clock | undefined
  /**
   * Refuses every request that was not planned, and fails when the world is closed. `true` refuses what no
   * simulator knows. A list refuses every operation that is not in it (`HeadObject`, `createRecordingJob`, …).
   *
   * @defaultValue false
   */
  readonly strict?: boolean | readonly string[] | undefined
}

/** What the OAuth client of a world may do, and in which divisions. */
export type ClientRights = Omit<SimulatedClient, 'clientId' | 'clientSecret'>

interface OrganizationPlan {
  readonly region: string
  readonly fields: Partial<Omit<SimulatedOrganization, 'conversations' | 'integrations' | 'exportProfiles'>>
  readonly settings: SimulatorSettingsInit
  readonly client: ClientRights
  readonly parts: readonly OrganizationPart[]
}

/** An organisation of Genesys Cloud and its buckets. Every method returns another builder, so that one can be a template. */
export class OrganizationBuilder {
  readonly #plan: OrganizationPlan

  constructor(plan: OrganizationPlan) {
    this.#plan = plan
  }

  /** @param region AWS name, e.g. `eu-west-1`, for the organisation and its buckets alike */
  inRegion(region: string): OrganizationBuilder {
    return new OrganizationBuilder({ ...this.#plan, region })
  }

  /** Conversations, buckets, integrations, profiles and faults. The first of each kind is the default. */
  with(...parts: readonly OrganizationPart[]): OrganizationBuilder {
    return new OrganizationBuilder({ ...this.#plan, parts: [...this.#plan.parts, ...parts] })
  }

  /** Sets its id (a UUID), its name, its retention policies. */
  having(fields: OrganizationPlan['fields']): OrganizationBuilder {
    return new OrganizationBuilder({ ...this.#plan, fields: { ...this.#plan.fields, ...fields } })
  }

  /** How the platform behaves: `indexLagMs`, `jobSlots`, `failJobsWith` and others */
  behaving(settings: SimulatorSettingsInit): OrganizationBuilder {
    return new OrganizationBuilder({ ...this.#plan, settings: { ...this.#plan.settings, ...settings } })
  }

  /**
   * What the OAuth client may do, and in which divisions.
   *
   * @defaultValue everything, everywhere
   */
  seenBy(client: ClientRights): OrganizationBuilder {
    return new OrganizationBuilder({ ...this.#plan, client })
  }

  /** The organisation as plain data, for a {@link GenesysSimulator} of your own. */
  build(): SimulatedOrganization {
    const { fields, parts } = this.#plan
    const bucket = this.#buckets()[0]?.name ?? ''
    const id = fields.id ?? uuidFrom('organisation')
    const given = parts.filter((part) => part instanceof IntegrationBuilder)
    const integrations = (given.length === 0 ? [anIntegration()] : given).map((integration, at) =>
      buildIntegration({ id: uuidFrom(`${id} integration ${at}`), bucket, ...integration.fields }),
    )
    const integrationId = integrations[0]?.id ?? ''
    const profiles = parts.filter((part) => part instanceof ProfileBuilder)
    const conversations = parts.filter((part) => part instanceof ConversationBuilder)
    return buildOrganization({
      ...fields,
      id,
      integrations,
      exportProfiles: profiles.map((profile, at) =>
        buildExportProfile({ id: uuidFrom(`${id} profile ${at}`), integrationId, ...profile.fields }),
      ),
      conversations: conversations.map((conversation, at) => conversation.build(`${id}/${at}`)),
    })
  }

  /**
   * Starts the organisation and its buckets on loopback.
   *
   * @example
   * ```ts
   * await using world = await anOrganization().with(aConversation(), aConversation('call')).start()
   * const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
   * const report = await exporter.run(world.request)
   * ```
   */
  start(options: StartOptions = {}): Promise<SimulatedWorld> {
    const { region, settings, parts, client } = this.#plan
    const organization = this.build()
    const interval = intervalOf(organization)
    const [integration] = organization.integrations
    const request: ExportRequest = {
      interval,
      ...(integration === undefined ? {} : { integrationId: integration.id }),
    }
    return SimulatedWorld.start({
      region,
      organization,
      buckets: this.#buckets(),
      faults: parts.filter((part) => part instanceof FaultBuilder),
      settings,
      client,
      clock: options.clock ?? new SimulatedClock({ now: Date.parse(interval.end) + 24 * hourMs }),
      strict: options.strict ?? false,
      request,
    })
  }

  #buckets(): readonly BucketBuilder[] {
    const buckets = this.#plan.parts.filter((part) => part instanceof BucketBuilder)
    return buckets.length === 0 ? [aBucket()] : buckets
  }
}

/** Whole hours that hold every conversation. */
function intervalOf({ conversations }: SimulatedOrganization): ExportRequest['interval'] {
  const starts = conversations.map(({ startTime }) => Date.parse(startTime))
  const ends = conversations.map(({ endTime }) => Date.parse(endTime))
  const noon = Date.parse('2023-10-19T12:00:00Z')
  const start = Math.floor(Math.min(...starts, noon) / hourMs) * hourMs
  const end = (Math.floor(Math.max(...ends, noon) / hourMs) + 1) * hourMs
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString() }
}

/**
 * An organisation in eu-west-1, with an integration that delivers to one bucket. Add conversations to give it
 * recordings.
 */
export function anOrganization(): OrganizationBuilder {
  return new OrganizationBuilder({ region: 'eu-west-1', fields: {}, settings: {}, client: {}, parts: [] })
}

import { counted } from '../../internal/text/counted.js'
import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, flagOf, isAnswer, numberOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { numberedPages, withEntities } from '../client/pages.js'
import { orUndefined } from '../organization/integration-inspection.js'
import type { BulkExportsFields, BulkExportsPaths } from './surface.js'

/** An export profile of the bulk exports surface. */
export interface ExportProfile {
  readonly id: string
  readonly name?: string | undefined
  readonly integrationId?: string | undefined
  readonly bucket?: string | undefined
  readonly role?: string | undefined
  /** Absent if the platform does not say. */
  readonly includesHoldMetadata?: boolean | undefined
  /** The platform's own words, e.g. `short-term`. */
  readonly retentionPolicy?: string | undefined
}

/** Reads and changes export profiles. */
export class ExportProfiles {
  readonly #client: GenesysClient
  readonly #paths: BulkExportsPaths
  readonly #fields: BulkExportsFields

  constructor(client: GenesysClient, paths: BulkExportsPaths, fields: BulkExportsFields) {
    this.#client = client
    this.#paths = paths
    this.#fields = fields
  }

  /** Every export profile of the organisation. */
  async *list(options?: CallOptions): AsyncGenerator<ExportProfile, void, void> {
    const profiles = numberedPages({ subject: 'the export profiles', stage: 'inspect' }, async (pageNumber) => {
      const { body, list } = await this.#client.request(
        {
          operation: 'list the export profiles',
          stage: 'inspect',
          expect: 'anything',
          send: ({ callApi }) =>
            callApi({ method: 'GET', path: this.#paths.profiles, query: { pageSize: 100, pageNumber } }),
        },
        options,
      )
      return withEntities(body, list, ['profiles', 'exportProfiles'])
    })
    for await (const entry of profiles) {
      const profile = isAnswer(entry) ? this.#profileFrom(entry) : undefined
      if (profile) yield profile
    }
  }

  /** One export profile; `undefined` if the platform knows none of this id. */
  async read(id: string, options?: CallOptions): Promise<ExportProfile | undefined> {
    const body = await this.#readBody(id, options)
    return body === undefined ? undefined : (this.#profileFrom(body) ?? { id, ...this.#settings(body) })
  }

  /** Switches the hold metadata of a profile on or off and leaves the rest of it as it is. */
  async setHoldMetadata(id: string, on: boolean, options?: CallOptions): Promise<void> {
    await this.#client.request(
      {
        operation: `switch the hold metadata of the export profile ${id} ${on ? 'on' : 'off'}`,
        stage: 'export',
        effect: 'repeatable',
        expect: 'anything',
        // PATCH, so that a change that somebody makes to another setting at the same time survives.
        send: ({ callApi }) =>
          callApi({
            method: 'PATCH',
            path: this.#paths.profile,
            pathParams: { id },
            body: { [this.#fields.includeLegalHoldMetadata]: on },
          }),
      },
      options,
    )
  }

  async #readBody(id: string, options: CallOptions | undefined): Promise<Answer | undefined> {
    const answer = await orUndefined(
      this.#client.request(
        {
          operation: `read the export profile ${id}`,
          stage: 'inspect',
          send: ({ callApi }) => callApi({ method: 'GET', path: this.#paths.profile, pathParams: { id } }),
        },
        options,
      ),
    )
    return answer?.body
  }

  #profileFrom(body: Answer): ExportProfile | undefined {
    const id = textOf(body, 'id', 'profileId')
    return id === undefined ? undefined : { id, ...this.#settings(body) }
  }

  #settings(body: Answer): Omit<ExportProfile, 'id'> {
    return {
      name: textOf(body, 'name'),
      integrationId: textOf(body, this.#fields.integrationId) ?? textOf(answerOf(body, 'integration'), 'id'),
      bucket: textOf(body, 'bucket', 'bucketName', 's3Bucket'),
      role: textOf(body, 'roleArn', 'role', 'iamRole'),
      includesHoldMetadata: flagOf(body, this.#fields.includeLegalHoldMetadata),
      retentionPolicy: retentionText(body, this.#fields.retentionPolicy),
    }
  }
}

/** A retention policy as a word, wherever the profile keeps it. */
function retentionText(body: Answer, field: string): string | undefined {
  const policy = answerOf(body, field)
  if (policy === undefined) return textOf(body, field)
  const days = numberOf(policy, 'days', 'retentionDays')
  return textOf(policy, 'type', 'name', 'term', 'policy') ?? (days === undefined ? undefined : counted(days, 'day'))
}

/** What is wrong with a profile before anything is exported with it. */
export function profileFindings(profile: ExportProfile): Finding[] {
  return [...holdMetadataFindings(profile), ...strippingFindings(profile.id, profile.retentionPolicy)]
}

function holdMetadataFindings({ id, includesHoldMetadata }: ExportProfile): Finding[] {
  if (includesHoldMetadata === true) return []
  const off = includesHoldMetadata === false
  return [
    {
      code: 'hold-metadata-disabled',
      severity: off ? 'blocker' : 'warning',
      subject: id,
      message: off
        ? `The export profile ${id} does not include legal hold metadata: its objects land without the hold.`
        : `The export profile ${id} does not say whether it includes legal hold metadata.`,
      remedy:
        'Switch include_legal_hold_metadata on for the profile, allow the library to (allowProfileUpdate), or accept the finding: objects without the hold are repaired on S3.',
    },
  ]
}

/** A short-term retention policy strips the hold metadata of what it exports (genesys-facts). */
export function strippingFindings(profileId: string, retentionPolicy: string | undefined): Finding[] {
  if (retentionPolicy === undefined || !/short|temp|ephemeral/i.test(retentionPolicy)) return []
  return [
    {
      code: 'retention-strips-metadata',
      severity: 'blocker',
      subject: profileId,
      message: `The export profile ${profileId} has the retention policy "${retentionPolicy}"; a short-term policy strips the hold metadata of the objects.`,
      remedy:
        'Use a profile with a long-term retention policy, or accept the finding: objects without the hold are repaired on S3.',
    },
  ]
}

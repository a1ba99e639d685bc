import { withDefaults } from '../../internal/defaults.js'
import { OptionCheck } from '../../internal/option-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { ProfileInspection } from '../../model/inspection.js'
import type { ExportJob, FailedRecording, PlatformCapabilities } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { CreateJobContext, FindJobContext, ForcedProfile, RecordingPlatform } from '../../ports/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, isAnswer, notThat, textOf } from '../client/answer.js'
import { GenesysClient } from '../client/client.js'
import { checkConnection } from '../client/options.js'
import { cursorPages, numberedPages, otherThanPage, withEntities } from '../client/pages.js'
import { checkLimits } from '../expected/expected-recordings.js'
import { GenesysPlatform } from '../genesys-platform.js'
import { inspectIntegration, notFound } from '../organization/integration-inspection.js'
import { isSlotsBusy, slotsBusy } from '../organization/job-slots.js'
import { jobNotFound, jobWithoutId } from '../recording-jobs/job.js'
import { formatFindings, protectionFindings, sensitiveFindings, subjectOf } from '../request/findings.js'
import { coversDigital } from '../request/scope.js'
import { type ExportProfile, ExportProfiles, profileFindings } from './export-profiles.js'
import { type BulkExportsOptions, checkForcing, checkPaths, ownNames } from './options.js'
import {
  type BulkExportsFields,
  type BulkExportsPaths,
  bulkExportBody,
  bulkExportFrom,
  bulkExportsFields,
  bulkExportsPaths,
  cannotLookUp,
  digitalLosesTag,
  isAbsentPath,
  isSameExport,
  otherThanExportOf,
} from './surface.js'

export const stage = 'export'

/**
 * The bulk exports surface of the brief: `/api/v2/recordings/bulkexports` and `/exportprofiles`. Nothing of it is in
 * the published SDK, so it goes through the SDK's generic `callApi`, and every path and field name can be overridden.
 *
 * In a request `profileId` is the export profile and `integrationId` the integration.
 */
export class BulkExportsPlatform extends GenesysPlatform implements RecordingPlatform {
  readonly name = 'bulk-exports'
  readonly forcedRetries: number
  /** The organisation's export profiles. */
  readonly profiles: ExportProfiles
  readonly #paths: BulkExportsPaths
  readonly #fields: BulkExportsFields
  readonly #allowProfileUpdate: boolean
  readonly #restoreProfile: boolean
  #canList: boolean

  /** @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`: all mistakes in one. */
  constructor(given: BulkExportsOptions) {
    // From JavaScript there may be none.
    const options: BulkExportsOptions = given ?? {}
    const mistakes = new OptionCheck('The options of BulkExportsPlatform')
    const paths = withDefaults(bulkExportsPaths, options.paths)
    checkPaths(paths, mistakes)
    checkForcing(options, mistakes)
    const maxMetadataCalls = checkLimits(options, mistakes)
    const client = new GenesysClient(options, checkConnection(options, 'BulkExportsPlatform', mistakes, ownNames))
    super(client, { ...options, maxMetadataCalls })
    this.#paths = paths
    this.#fields = withDefaults(bulkExportsFields, options.fields)
    this.#allowProfileUpdate = options.allowProfileUpdate ?? false
    this.#restoreProfile = options.restoreProfile ?? false
    this.forcedRetries = this.#allowProfileUpdate ? (options.forcedRetries ?? 1) : 0
    this.profiles = new ExportProfiles(this.client, this.#paths, this.#fields)
    this.#canList = this.#paths.list !== null
  }

  /** `idempotency` is `none` without a path that lists jobs, and once the platform turns out to have no such path. */
  get capabilities(): PlatformCapabilities {
    return {
      stampsHoldMetadata: true,
      idempotency: this.#canList ? 'lookup' : 'none',
      deletionProtection: true,
      listsExpectedRecordings: true,
    }
  }

  /** Reads the export profile with this id and its integration. If no such profile exists, it reads the integration. */
  async inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection> {
    const profile = await this.profiles.read(id, options)
    if (profile !== undefined) return this.#inspectExportProfile(profile, options)
    const { found, name, bucket, role, findings } = await inspectIntegration(this.client, id, options)
    if (!found) return { id, kind: 'export-profile', findings: [notFound(id, 'export profile')] }
    return { id, name, kind: 'integration', bucket, role, findings }
  }

  async #inspectExportProfile(profile: ExportProfile, options: CallOptions | undefined): Promise<ProfileInspection> {
    const { id, integrationId } = profile
    const integration =
      integrationId === undefined ? undefined : await inspectIntegration(this.client, integrationId, options)
    return {
      id,
      name: profile.name,
      kind: 'export-profile',
      bucket: profile.bucket ?? integration?.bucket,
      role: profile.role ?? integration?.role,
      includesHoldMetadata: profile.includesHoldMetadata,
      retentionPolicy: profile.retentionPolicy,
      findings: [...profileFindings(profile), ...(integration?.findings ?? [])],
    }
  }

  async inspectRequest(request: ExportRequest, _options?: CallOptions): Promise<readonly Finding[]> {
    return [
      ...formatFindings(request),
      ...sensitiveFindings(request),
      ...protectionFindings(request, this.protectSource),
      ...(coversDigital(request) ? [digitalLosesTag(subjectOf(request))] : []),
    ]
  }

  async createJob(request: ExportRequest, context: CreateJobContext, options?: CallOptions): Promise<ExportJob> {
    const body = bulkExportBody(await this.#withIntegration(request, options), context.hold, this.#fields)
    const { body: created, correlationId } = await this.client.request(
      {
        operation: 'create the bulk export',
        stage,
        effect: 'create',
        foreign: otherThanExportOf(body, this.#fields),
        send: ({ callApi }) => callApi({ method: 'POST', path: this.#paths.create, body }),
        recognise: (failure, error) => (isSlotsBusy(failure) ? slotsBusy(error) : undefined),
      },
      options,
    )
    return (
      bulkExportFrom(this.client, created, correlationId, request) ??
      jobWithoutId('create the bulk export', correlationId)
    )
  }

  /**
   * Looks for a job with the same filters, format and hold tag.
   *
   * @throws `UNSUPPORTED` if the platform has no list of jobs, or its list does not say what they are for. "None
   *   found" would then lead to a second job.
   */
  async findJob(
    request: ExportRequest,
    context: FindJobContext,
    options?: CallOptions,
  ): Promise<ExportJob | undefined> {
    const body = bulkExportBody(await this.#withIntegration(request, options), context.hold, this.#fields)
    const since = Date.parse(context.since)
    let newest: ExportJob | undefined
    for await (const listed of this.#jobs(options)) {
      const job = bulkExportFrom(this.client, listed, undefined, request)
      if (job === undefined || job.state === 'FAILED' || job.state === 'CANCELLED') continue
      const createdAt = job.createdAt ?? ''
      // `since` is of our clock, and the job's time of the platform's, which the list's answer has just shown.
      if (Date.parse(createdAt) < since + this.client.clockOffsetMs || createdAt < (newest?.createdAt ?? '')) continue
      const same =
        isSameExport(body, listed, this.#fields) ??
        isSameExport(body, (await this.#read(job.id, options)).body, this.#fields)
      if (same === undefined) throw cannotLookUp('its jobs do not say what they were created for')
      if (same) newest = job
    }
    return newest
  }

  /** Returns the job as it was given, because bulk exports start by themselves. */
  async executeJob(job: ExportJob): Promise<ExportJob> {
    return job
  }

  async getJob(id: string, options?: CallOptions): Promise<ExportJob> {
    const { body, correlationId } = await this.#read(id, options)
    return (
      bulkExportFrom(this.client, body, correlationId, undefined) ??
      jobWithoutId(`read the bulk export ${id}`, correlationId)
    )
  }

  async cancelJob(id: string, options?: CallOptions): Promise<void> {
    try {
      await this.client.request(
        {
          operation: `cancel the bulk export ${id}`,
          stage,
          effect: 'repeatable',
          expect: 'anything',
          send: ({ callApi }) => callApi({ method: 'DELETE', path: this.#paths.job, pathParams: { id } }),
        },
        options,
      )
    } catch (error) {
      const refused = LegalHoldError.isInstance(error) && [400, 404, 409].includes(error.status ?? 0)
      // A repeat after an answer that was lost is refused, because the job is cancelled.
      if (!refused || (await this.getJob(id, options)).state !== 'CANCELLED') throw error
    }
  }

  async *failedRecordings(job: ExportJob, options?: CallOptions): AsyncGenerator<FailedRecording, void, void> {
    const path = this.#paths.failedRecordings
    if (path === null) return
    const failed = cursorPages({ subject: `the failed recordings of the export ${job.id}`, stage }, async (cursor) => {
      const query = { pageSize: 100, includeTotal: false, ...(cursor === undefined ? {} : { cursor }) }
      const { body } = await this.client.request(
        {
          operation: `list the failed recordings of the bulk export ${job.id}`,
          stage,
          foreign: otherThanPage(),
          send: ({ callApi }) => callApi({ method: 'GET', path, pathParams: { id: job.id }, query }),
        },
        options,
      )
      return body
    })
    try {
      for await (const entry of failed) {
        const recordingId = textOf(answerOf(entry, 'recording'), 'id') ?? textOf(entry, 'recordingId', 'id')
        if (recordingId === undefined) continue
        yield {
          recordingId,
          conversationId: textOf(answerOf(entry, 'conversation'), 'id') ?? textOf(entry, 'conversationId'),
          reason: this.client.redact(textOf(entry, 'errorMessage', 'reason', 'error')),
        }
      }
    } catch (error) {
      // Not every platform has this list; what failed then shows as missing, so nothing is hidden by its absence.
      if (!LegalHoldError.isInstance(error) || !isAbsentPath(error)) throw error
    }
  }

  protected deliversScreens(): boolean {
    return true
  }

  /**
   * Switches the hold metadata of a profile on. `restore()` puts it back if the option `restoreProfile` says so.
   *
   * @throws `UNSUPPORTED` without `allowProfileUpdate`; `PROFILE_NOT_FOUND`.
   */
  async forceHoldMetadata(profileId: string, options?: CallOptions): Promise<ForcedProfile> {
    if (!this.#allowProfileUpdate) {
      throw new LegalHoldError(
        `The export profile ${profileId} was not changed: that is an organisation-wide setting. Allow it with allowProfileUpdate: true.`,
        { code: 'UNSUPPORTED', stage: 'export' },
      )
    }
    const profile = await this.profiles.read(profileId, options)
    if (profile === undefined) {
      throw new LegalHoldError(
        `No export profile has the id ${profileId}; an integration has no hold metadata to switch on. Give the request a profileId.`,
        { code: 'PROFILE_NOT_FOUND', stage },
      )
    }
    const before = profile.includesHoldMetadata
    if (before === true) return { changed: false, restore: async () => {} }
    await this.profiles.setHoldMetadata(profileId, true, options)
    return {
      changed: true,
      restore: (restoreOptions) => this.restoreHoldMetadata(profileId, before ?? false, restoreOptions),
    }
  }

  /**
   * Restores a forced profile if the option `restoreProfile` says so, and reads it back. Otherwise nobody would
   * notice an organisation-wide setting that stayed forced.
   *
   * @throws `PLATFORM_RESPONSE_INVALID` if the profile does not show the change that the platform confirmed
   */
  async restoreHoldMetadata(profileId: string, includesHoldMetadata: boolean, options?: CallOptions): Promise<void> {
    if (!this.#restoreProfile) return
    await this.profiles.setHoldMetadata(profileId, includesHoldMetadata, options)
    const shown = (await this.profiles.read(profileId, options))?.includesHoldMetadata
    if (shown === undefined || shown === includesHoldMetadata) return
    throw new LegalHoldError(
      `The export profile ${profileId} was put back and does not show it: its hold metadata is still ${shown ? 'on' : 'off'}.`,
      { code: 'PLATFORM_RESPONSE_INVALID', stage, retryable: true, outcome: 'unknown' },
    )
  }

  /** Every job needs the integration. A request that names only a profile takes the profile's. */
  async #withIntegration(request: ExportRequest, options: CallOptions | undefined): Promise<ExportRequest> {
    if (request.integrationId !== undefined || request.profileId === undefined) return request
    const profile = await this.profiles.read(request.profileId, options)
    if (profile === undefined) {
      const message = `No export profile has the id ${request.profileId}. Check the id and the region.`
      throw new LegalHoldError(message, { code: 'PROFILE_NOT_FOUND', stage })
    }
    return { ...request, integrationId: profile.integrationId }
  }

  async #read(id: string, options: CallOptions | undefined) {
    try {
      return await this.client.request(
        {
          operation: `read the bulk export ${id}`,
          stage,
          foreign: notThat(id, 'jobId', 'exportId'),
          send: ({ callApi }) => callApi({ method: 'GET', path: this.#paths.job, pathParams: { id } }),
        },
        options,
      )
    } catch (error) {
      throw jobNotFound(error, id)
    }
  }

  async *#jobs(options: CallOptions | undefined): AsyncGenerator<Answer, void, void> {
    const path = this.#paths.list
    if (path === null) throw cannotLookUp('paths.list is null')
    const jobs = numberedPages({ subject: 'the bulk exports', stage }, async (pageNumber) => {
      const { body, list } = await this.client.request(
        {
          operation: 'list the bulk exports',
          stage,
          expect: 'collection',
          send: ({ callApi }) => callApi({ method: 'GET', path, query: { pageSize: 100, pageNumber } }),
        },
        options,
      )
      return withEntities(body, list, ['exports', 'jobs', 'results'])
    })
    try {
      for await (const job of jobs) if (isAnswer(job)) yield job
    } catch (error) {
      if (!LegalHoldError.isInstance(error) || !isAbsentPath(error)) throw error
      this.#canList = false
      throw cannotLookUp(`it answered ${error.status} to ${path}`)
    }
  }
}

import { OptionCheck } from '../../internal/option-check.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { ProfileInspection } from '../../model/inspection.js'
import type { ExportJob, FailedRecording, PlatformCapabilities } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { CreateJobContext, FindJobContext, RecordingPlatform } from '../../ports/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, dateOf, isAnswer, notThat, otherThan, textOf } from '../client/answer.js'
import { GenesysClient } from '../client/client.js'
import { checkConnection, type GenesysConnectionOptions } from '../client/options.js'
import { cursorPages, numberedPages, otherThanPage } from '../client/pages.js'
import { checkLimits, type ExpectedRecordingsLimits } from '../expected/expected-recordings.js'
import { GenesysPlatform } from '../genesys-platform.js'
import { inspectIntegration } from '../organization/integration-inspection.js'
import { isSlotsBusy, slotFindings, slotsBusy } from '../organization/job-slots.js'
import { protectionFindings, sensitiveFindings, subjectOf } from '../request/findings.js'
import { coversMedia } from '../request/scope.js'
import { jobNotFound, jobWithoutId, recordingJobFrom } from './job.js'
import { overlappingJobs } from './overlapping-jobs.js'
import {
  type ExportTiming,
  isAged,
  isSameQuery,
  otherThanJobOf,
  recordingJobsQuery,
  requireNoProfile,
} from './query.js'

/** Options of {@link RecordingJobsPlatform}. */
export interface RecordingJobsOptions extends GenesysConnectionOptions, ExportTiming, ExpectedRecordingsLimits {
  /** Protect the request's conversations from deletion before the export. @defaultValue false */
  readonly protectSource?: boolean | undefined
  /** Read the audit trail of recordings, like the exporter's option of the same name. @defaultValue false */
  readonly audit?: boolean | undefined
}

const stage = 'export'
const pageSize = 100

const ownNames = [
  'actionDate',
  'actionAgeDays',
  'screenRecordingActionDate',
  'screenRecordingActionAgeDays',
  'protectSource',
  'audit',
  'maxMetadataCalls',
] as const satisfies readonly (keyof RecordingJobsOptions)[]

/**
 * The documented surface: `/api/v2/recording/jobs`. Its jobs carry no metadata, so objects land without the hold and
 * the library stamps them on S3.
 *
 * Permissions: recording:job:add, :view, :edit, :delete and editRetention on recordings; OAuth scope `recordings`.
 */
export class RecordingJobsPlatform extends GenesysPlatform implements RecordingPlatform {
  readonly name = 'recording-jobs'
  readonly capabilities: PlatformCapabilities = {
    stampsHoldMetadata: false,
    idempotency: 'lookup',
    deletionProtection: true,
    listsExpectedRecordings: true,
  }
  readonly #timing: ExportTiming

  /** @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`: all mistakes in one. */
  constructor(given: RecordingJobsOptions) {
    // From JavaScript there may be none.
    const options: RecordingJobsOptions = given ?? {}
    const mistakes = new OptionCheck('The options of RecordingJobsPlatform')
    const { actionDate, actionAgeDays, screenRecordingActionDate, screenRecordingActionAgeDays } = options
    const timing = { actionDate, actionAgeDays, screenRecordingActionDate, screenRecordingActionAgeDays }
    checkTiming(timing, mistakes)
    const maxMetadataCalls = checkLimits(options, mistakes)
    const client = new GenesysClient(options, checkConnection(options, 'RecordingJobsPlatform', mistakes, ownNames))
    super(client, { ...options, maxMetadataCalls })
    this.#timing = timing
  }

  /** Reads the integration with this id: its state, and the bucket and role it delivers with. */
  async inspectProfile(id: string, options?: CallOptions): Promise<ProfileInspection> {
    const { found, name, bucket, role, findings } = await inspectIntegration(this.client, id, options)
    return {
      id,
      name,
      kind: 'integration',
      bucket,
      role,
      includesHoldMetadata: false,
      findings: found ? [...findings, cannotStamp(id)] : findings,
    }
  }

  /** @throws `INVALID_REQUEST` for what no job can export: a `profileId`, an interval that is only in part older than 5 years, with filters, and others */
  async inspectRequest(request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]> {
    requireNoProfile(request)
    // What the platform has no job for is refused now, and not when the job is to be created.
    recordingJobsQuery(request, this.#timing, this.client.clock.now(), 'inspect')
    if (isAged(request, this.client.clock.now()) && this.protectSource) {
      throw new LegalHoldError(
        'Conversations older than 5 years cannot be listed, so protectSource cannot protect them. Leave it off for this request.',
        { code: 'INVALID_REQUEST', stage: 'inspect' },
      )
    }
    return [
      ...formatFindings(request),
      ...sensitiveFindings(request),
      ...protectionFindings(request, this.protectSource),
      ...(await this.#jobFindings(request, options)),
    ]
  }

  async createJob(request: ExportRequest, _context: CreateJobContext, options?: CallOptions): Promise<ExportJob> {
    const query = recordingJobsQuery(request, this.#timing, this.client.clock.now())
    const { body, correlationId } = await this.client.request(
      {
        operation: 'create the recording job',
        stage,
        effect: 'create',
        foreign: otherThanJobOf(query),
        send: ({ recording }) => recording.postRecordingJobs(query),
        recognise: (failure, error) => (isSlotsBusy(failure) ? slotsBusy(error) : undefined),
      },
      options,
    )
    return (
      recordingJobFrom(this.client, body, correlationId, request) ??
      jobWithoutId('create the recording job', correlationId)
    )
  }

  async findJob(
    request: ExportRequest,
    context: FindJobContext,
    options?: CallOptions,
  ): Promise<ExportJob | undefined> {
    const query = recordingJobsQuery(request, this.#timing, this.client.clock.now())
    const since = Date.parse(context.since)
    let newest: ExportJob | undefined
    for await (const listed of this.#jobs({ showOnlyMyJobs: true, sortBy: 'dateCreated' }, options)) {
      const job = recordingJobFrom(this.client, listed, undefined, request)
      if (job === undefined || job.state === 'FAILED' || job.state === 'CANCELLED') continue
      const createdAt = job.createdAt ?? ''
      // `since` is of our clock, and the job's time of the platform's, which the list's answer has just shown.
      if (Date.parse(createdAt) < since + this.client.clockOffsetMs || createdAt < (newest?.createdAt ?? '')) continue
      const full = isAnswer(answerOf(listed, 'recordingJobsQuery')) ? listed : (await this.#read(job.id, options)).body
      if (isSameQuery(query, answerOf(full, 'recordingJobsQuery'), this.#timing)) newest = job
    }
    return newest
  }

  /** Starts a job that is `READY`. A job that has already been started is returned in its present state. */
  async executeJob(job: ExportJob, options?: CallOptions): Promise<ExportJob> {
    if (job.state !== 'READY') return this.#started(job, undefined, options)
    try {
      const { body, correlationId } = await this.client.request(
        {
          operation: `start the recording job ${job.id}`,
          stage,
          effect: 'repeatable',
          expect: 'anything',
          foreign: otherThan(job.id),
          send: ({ recording }) => recording.putRecordingJob(job.id, { state: 'PROCESSING' }),
          recognise: (failure, error) => (isSlotsBusy(failure) ? slotsBusy(error) : undefined),
        },
        options,
      )
      return recordingJobFrom(this.client, body, correlationId, job.request) ?? this.getJob(job.id, options)
    } catch (error) {
      // A repeat after an answer that was lost is refused, because the job runs.
      const refused = LegalHoldError.isInstance(error) && (error.status === 400 || error.status === 409)
      if (!refused || error.code === 'JOB_SLOTS_BUSY') throw error
      return this.#started(job, error, options)
    }
  }

  async #started(job: ExportJob, refusal: LegalHoldError | undefined, options?: CallOptions): Promise<ExportJob> {
    const now = await this.getJob(job.id, options)
    if (now.state === 'PROCESSING' || now.state === 'FULFILLED') return { ...now, request: job.request }
    throw (
      refusal ??
      new LegalHoldError(`The recording job ${job.id} cannot be started: it is ${now.platformState}, not READY.`, {
        code: 'PLATFORM_CONFLICT',
        stage,
        requestId: now.correlationId,
      })
    )
  }

  async getJob(id: string, options?: CallOptions): Promise<ExportJob> {
    const { body, correlationId } = await this.#read(id, options)
    return (
      recordingJobFrom(this.client, body, correlationId, undefined) ??
      jobWithoutId(`read the recording job ${id}`, correlationId)
    )
  }

  async cancelJob(id: string, options?: CallOptions): Promise<void> {
    try {
      await this.client.request(
        {
          operation: `cancel the recording job ${id}`,
          stage,
          effect: 'repeatable',
          expect: 'anything',
          send: ({ recording }) => recording.deleteRecordingJob(id),
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
    const failed = cursorPages({ subject: `the failed recordings of the job ${job.id}`, stage }, async (cursor) => {
      const { body } = await this.client.request(
        {
          operation: `list the failed recordings of the job ${job.id}`,
          stage,
          foreign: otherThanPage(),
          send: ({ recording }) =>
            recording.getRecordingJobFailedrecordings(job.id, {
              pageSize,
              includeTotal: false,
              ...(cursor === undefined ? {} : { cursor }),
            }),
        },
        options,
      )
      return body
    })
    for await (const entry of failed) {
      const recordingId = textOf(answerOf(entry, 'recording'), 'id') ?? textOf(entry, 'recordingId')
      if (recordingId === undefined) continue
      yield {
        recordingId,
        conversationId: textOf(answerOf(entry, 'conversation'), 'id') ?? textOf(entry, 'conversationId'),
        reason: this.client.redact(textOf(entry, 'errorMessage', 'reason')),
      }
    }
  }

  protected deliversScreens(request: ExportRequest): boolean {
    return coversMedia(request, 'screen')
  }

  async #read(id: string, options: CallOptions | undefined) {
    try {
      return await this.client.request(
        {
          operation: `read the recording job ${id}`,
          stage,
          foreign: notThat(id),
          send: ({ recording }) => recording.getRecordingJob(id),
        },
        options,
      )
    } catch (error) {
      throw jobNotFound(error, id)
    }
  }

  async *#jobs(filter: Record<string, unknown>, options: CallOptions | undefined): AsyncGenerator<Answer, void, void> {
    const jobs = numberedPages({ subject: 'the recording jobs', stage }, async (pageNumber) => {
      const { body } = await this.client.request(
        {
          operation: 'list the recording jobs',
          stage,
          foreign: otherThanPage({ pageNumber }),
          send: ({ recording }) => recording.getRecordingJobs({ ...filter, pageSize, pageNumber }),
        },
        options,
      )
      return body
    })
    for await (const job of jobs) if (isAnswer(job)) yield job
  }

  async #jobFindings(request: ExportRequest, options: CallOptions | undefined): Promise<readonly Finding[]> {
    const active: Answer[] = []
    try {
      for (const state of ['PENDING', 'PROCESSING']) {
        for await (const job of this.#jobs({ state }, options)) if (textOf(job, 'state') === state) active.push(job)
      }
    } catch (error) {
      if (!LegalHoldError.isInstance(error) || error.code !== 'PLATFORM_FORBIDDEN') throw error
      return [
        {
          code: 'permission-missing',
          severity: 'blocker',
          subject: 'recording:job:view',
          message: 'The OAuth client may not read recording jobs, so no job could be followed.',
          remedy: 'Give its role the permission recording:job:view.',
        },
      ]
    }
    return [...slotFindings(active.length, subjectOf(request)), ...overlappingJobs(active, request)]
  }
}

function formatFindings(request: ExportRequest): Finding[] {
  const { format } = request
  if (format === undefined) return []
  return [
    {
      code: 'format-not-applicable',
      severity: 'warning',
      subject: subjectOf(request),
      message: `Recording jobs have no field for a format, so ${format} cannot be asked for: each recording comes in the form it is stored in, messages as JSON.`,
      remedy: 'Leave the format out.',
    },
  ]
}

function cannotStamp(subject: string): Finding {
  return {
    code: 'platform-cannot-stamp',
    severity: 'info',
    subject,
    message: 'Recording jobs have no field for metadata: every object lands without the hold.',
    remedy: 'Nothing: the hold is put on the objects on S3 after they have landed.',
  }
}

function checkTiming(timing: ExportTiming, mistakes: OptionCheck): void {
  for (const [date, age] of [
    ['actionDate', 'actionAgeDays'],
    ['screenRecordingActionDate', 'screenRecordingActionAgeDays'],
  ] as const) {
    if (timing[date] !== undefined && timing[age] !== undefined) {
      mistakes.add('', `Give ${date} or ${age}, not both.`)
    }
    if (timing[date] !== undefined && dateOf(timing, date) === undefined) {
      mistakes.add(`${date}`, `is not a valid ISO 8601 time`)
    }
    const days = timing[age]
    if (days !== undefined && (!Number.isInteger(days) || days < 0)) {
      mistakes.add(`${age}`, `must be a whole number of days`)
    }
  }
}

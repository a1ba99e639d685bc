import { forManyListeners } from '../internal/abort.js'
import { Lanes } from '../internal/lanes.js'
import { isStream } from '../internal/streams/source.js'
import { InPieces, mapWindow, type Source } from '../internal/streams/streams.js'
import { turnsOf } from '../internal/turns.js'
import { callSignal } from '../internal/waits/run-waits.js'
import { requireJournalWithoutRun } from '../journal/own-journal.js'
import { Recorder } from '../journal/recorder.js'
import { LegalHoldError } from '../model/errors.js'
import type { Inspection, ProfileInspection } from '../model/inspection.js'
import { parseKey } from '../model/layout/keys.js'
import { everythingInScope, placeByName } from '../model/layout/places.js'
import type { ObjectRef } from '../model/object.js'
import type { ExportJob } from '../model/platform.js'
import type { RunReport } from '../model/report.js'
import type { ExportRequest } from '../model/request.js'
import type { ObjectPlace, Release, Remediation, Verdict } from '../model/verdict.js'
import type { ValidationSource, WaitForJobOptions } from '../options/call-options.js'
import type { Settings } from '../options/exporter-options.js'
import type { PollingOptions } from '../options/polling.js'
import type { CallOptions } from '../ports/runtime.js'
import { RecordingLedger } from '../stages/account/ledger.js'
import { persist, type StageContext } from '../stages/context.js'
import { withDeletedKeys } from '../stages/discover/deleted.js'
import { type DiscoveredObject, type DiscoverySettings, discover, listFolder } from '../stages/discover/discover.js'
import { readExpectedList } from '../stages/export/expected-list.js'
import { createJob, waitForJob } from '../stages/export/job.js'
import { listsRecordings } from '../stages/export/parts.js'
import { bucketMismatch, inspect } from '../stages/inspect/inspect.js'
import { type ObjectPipeline, objectPipeline } from '../stages/object/pipeline.js'
import type { Processed } from '../stages/object/processed.js'
import { mustHaveContent, sizeUnknown, withListedSize } from '../stages/object/size.js'
import { confirming } from '../stages/reading/confirming-storage.js'
import { KeyLines } from '../stages/reading/key-lines.js'
import { type ListedLine, lineOf } from '../stages/reading/listed-line.js'
import {
  type JobAccount,
  leftOutBy,
  type Reconciliation,
  reconciliationOf,
  unnamedBy,
} from '../stages/reconcile/reconcile.js'
import { lookAgain, type ReleaseWork, releasesOf } from '../stages/release/again.js'
import { type ReleaseOptions, releaseObject } from '../stages/release/release.js'
import { checkSourceRelease, SourceReleasing } from '../stages/release/release-source.js'
import { witnessBeside } from '../stages/repair/witness-beside.js'
import { unreadable, type ValidationSubject } from '../stages/validate.js'
import type { RunOptions } from './run-options.js'
import { inspectionSubject } from './run-rules.js'
import { runAndTell } from './told-run.js'

type ReleaseSubject = ObjectRef & { readonly place?: ObjectPlace | undefined; readonly line: ListedLine }

/** An object to judge. */
interface ToBeJudged {
  readonly key: string
  readonly object: ValidationSubject
  readonly place: ObjectPlace | undefined
  /** Its verdict, where that is what was given. */
  readonly verdict?: Verdict | undefined
  /** Where its line is looked for; left out if it is known, or not available. */
  readonly lines?: KeyLines | undefined
}

/** The work behind the methods of `LegalHoldExporter`, on settings and arguments that it has checked. */
export class Engine {
  readonly #settings: Settings

  constructor(settings: Settings) {
    const { remediation, storage } = settings
    this.#settings = remediation.versions === 'all' ? { ...settings, storage: withDeletedKeys(storage) } : settings
  }

  async inspectProfile(id: string, options: CallOptions): Promise<ProfileInspection> {
    const { platform, storage } = this.#settings
    const context = this.#context(options)
    const { signal } = context
    const inspection = await persist(context, 'inspect', `profile ${id}`, () =>
      platform.inspectProfile(id, { ...options, signal }),
    )
    return { ...inspection, findings: [...inspection.findings, ...bucketMismatch(inspection, storage.bucket)] }
  }

  inspect(request: ExportRequest, options: CallOptions): Promise<Inspection> {
    return inspect(inspectionSubject(this.#settings, request, true), this.#context(options))
  }

  async createJob(request: ExportRequest, options: CallOptions): Promise<ExportJob> {
    const { platform, hold, polling } = this.#settings
    const context = this.#context(options)
    const job = await createJob(platform, request, { hold, runId: 'createJob', polling }, context)
    return { ...job, request }
  }

  waitForJob(job: ExportJob, options: WaitForJobOptions): Promise<ExportJob> {
    const { polling, platform } = this.#settings
    const waiting: PollingOptions = {
      ...polling,
      deadlineMs: options.deadlineMs ?? polling.deadlineMs,
      minIntervalMs: options.minIntervalMs ?? polling.minIntervalMs,
      maxIntervalMs: options.maxIntervalMs ?? polling.maxIntervalMs,
    }
    return waitForJob(platform, job, { ...waiting, onProgress: options.onProgress }, this.#context(options))
  }

  validate(source: ValidationSource, options: CallOptions): AsyncGenerator<Verdict, void, void> {
    const { storage, requirements } = this.#settings
    const context = this.#context(options)
    const pipeline = objectPipeline({ storage, requirements, context })
    const found = new InPieces(() => this.#toBeJudged(source, context))
    return mapWindow(found, context.lanes, async (item) => (await this.#judge(pipeline, item)).verdict)
  }

  async *remediate(
    source: ValidationSource | Source<Verdict>,
    options: CallOptions & { readonly dryRun?: boolean | undefined },
  ): AsyncGenerator<Remediation, void, void> {
    const { storage, requirements, remediation, journal, clock, hold } = this.#settings
    const context = this.#context(options)
    const witness = witnessBeside(context.lanes, new Recorder(journal, 'remediate', clock, hold.tag))
    const repair = { options: remediation, dryRun: options.dryRun ?? false, witness }
    const pipeline = objectPipeline({ storage, requirements, repair, context })
    await requireJournalWithoutRun(journal, 'remediate')
    // A source may name an object twice: the second repair reads what the first one left.
    const turns = turnsOf(storage)
    const found = new InPieces(() => this.#toBeJudged(source, context))
    const repairs = mapWindow(found, context.lanes, (item) =>
      turns.take(item.key, async () => (await this.#judge(pipeline, item)).remediation),
    )
    for await (const done of repairs) {
      if (done === undefined || (done.verdict.verdict === 'held' && done.outcome === 'not-needed')) continue
      yield done
    }
  }

  async *release(
    source: ValidationSource | Source<Verdict>,
    options: ReleaseOptions,
  ): AsyncGenerator<Release, void, void> {
    const { platform, storage, requirements, remediation, journal, clock, hold } = this.#settings
    const context = this.#context(options)
    const { reason, allowUnlock = false, dryRun = false, releaseSource = false } = options
    if (releaseSource) checkSourceRelease(platform, source)
    const sourceReleasing = releaseSource ? new SourceReleasing() : undefined
    const recorder = new Recorder(journal, 'release', clock, hold.tag)
    const witness = witnessBeside(context.lanes, recorder)
    const settings = { hold, requirements, options: remediation, reason, allowUnlock, dryRun, witness }
    const counts: Record<Release['outcome'], number> = {
      planned: 0,
      released: 0,
      'not-needed': 0,
      refused: 0,
      failed: 0,
    }
    await requireJournalWithoutRun(journal, 'release')
    const turns = turnsOf(storage)
    const begun = { ...(releaseSource ? { releaseSource } : {}), phase: 'begun' as const }
    await recorder.record('release', { hold, reason, allowUnlock, dryRun, ...begun })
    try {
      const work: ReleaseWork<ReleaseSubject> = {
        release: ({ place, line, ...object }) =>
          turns.take(object.key, () =>
            releaseObject(confirming(storage, line, context), { object, place }, settings, context),
          ),
        lookAgain: (release) => turns.take(release.object.key, () => lookAgain(storage, release, settings, context)),
      }
      for await (const release of releasesOf(this.#subjects(source, context), context.lanes, work, context)) {
        counts[release.outcome] += 1
        sourceReleasing?.note(release)
        if (release.outcome !== 'not-needed') yield release
      }
      const atSource = await sourceReleasing?.finish(platform, dryRun, context)
      const ended = { ...(atSource === undefined ? {} : { source: atSource }), phase: 'ended' as const, counts }
      await recorder.record('release', { hold, reason, allowUnlock, dryRun, ...ended })
      if (atSource !== undefined) options.onSourceReleased?.(atSource)
    } finally {
      await journal?.close?.()
    }
  }

  async reconcile(job: ExportJob, options: CallOptions): Promise<Reconciliation> {
    const { platform, storage } = this.#settings
    const context = this.#context(options)
    const { ledger, discovery, account } = await this.#expectations(job, context)
    for await (const failed of platform.failedRecordings(job, { signal: context.signal })) {
      ledger.failedAtSource(failed.recordingId, failed.reason, failed.conversationId)
      account.namedFailures += 1
    }
    let unexpected = 0
    for await (const piece of discover(storage, discovery, ledger, context)) {
      for (const { object, place } of piece) {
        if (place.kind === 'unexpected') {
          unexpected += 1
          continue
        }
        const sized = object.sizeBytes === undefined ? await withListedSize(storage, object, place, context) : object
        ledger.show(sized, place, 0, true)
        if (sized.sizeBytes === undefined && mustHaveContent(place)) {
          ledger.enter(object.key, place, 'unreadable', { reason: sizeUnknown })
        }
      }
    }
    return reconciliationOf(
      ledger,
      job,
      ledger.settle(
        unnamedBy(ledger, [account]),
        leftOutBy(ledger, [account], job.request?.includeSensitive === false),
      ),
      unexpected,
    )
  }

  run(request: ExportRequest, options: RunOptions): Promise<RunReport> {
    return runAndTell(this.#settings, request, options)
  }

  #context(options: CallOptions): StageContext & { readonly lanes: Lanes } {
    const { clock, logger, retry, objectConcurrency, storage } = this.#settings
    const lanes = new Lanes({ most: objectConcurrency, clock })
    const signal = forManyListeners(callSignal(options.signal, this.#settings))
    return { clock, logger, retry, lanes, signal, storageService: storage.service, emit: () => {} }
  }

  /** Objects whatever they are given as, in pieces. */
  async *#toBeJudged(
    source: ValidationSource | Source<Verdict>,
    context: StageContext,
  ): AsyncGenerator<readonly ToBeJudged[]> {
    if (!isStream(source)) {
      for await (const piece of this.#found(source, context)) {
        // Not the listing's version: the current one is meant.
        yield piece.map(({ object, place }) => {
          const { bucket, key } = object
          return { key, place, object: { bucket, key, line: lineOf(object) } }
        })
      }
      return
    }
    const lines = new KeyLines(this.#settings.storage, context)
    for await (const item of source as Source<string | ObjectRef | Verdict>) {
      if (typeof item === 'object' && 'verdict' in item) {
        yield [{ key: item.object.key, object: item.object, place: item.place, verdict: item }]
      } else {
        const object = this.#ref(item)
        yield [{ key: object.key, object, place: placeOf(object.key), lines }]
      }
    }
  }

  /** Sends one object through the pipeline; one that is known by its key is compared with its line in a listing. */
  #judge(pipeline: ObjectPipeline, judged: ToBeJudged): Promise<Processed> {
    const { object, place, verdict, lines } = judged
    // A version is known by its id; a listing shows current ones only.
    const hasLine = object.versionId === undefined && object.bucket === this.#settings.storage.bucket
    if (lines === undefined || !hasLine) return pipeline(object, place, { verdict })
    return judgeByLine(pipeline, { ...judged, lines })
  }

  /** Objects whatever they are given as, a verdict by its object. */
  async *#subjects(source: ValidationSource | Source<Verdict>, context: StageContext): AsyncGenerator<ReleaseSubject> {
    const { bucket } = this.#settings.storage
    if (!isStream(source)) {
      for await (const piece of this.#found(source, context)) {
        for (const { object, place } of piece) yield { bucket, key: object.key, place, line: lineOf(object) }
      }
      return
    }
    for await (const item of source as Source<string | ObjectRef | Verdict>) {
      const verdict = typeof item === 'object' && 'verdict' in item ? item : undefined
      const ref = this.#ref(verdict?.object ?? (item as string | ObjectRef))
      yield { bucket: ref.bucket, key: ref.key, place: placeOf(ref.key), line: verdict?.state }
    }
  }

  /** What lies under a prefix, or belongs to a job. */
  async *#found(
    source: { readonly prefix: string } | ExportJob,
    context: StageContext,
  ): AsyncGenerator<readonly DiscoveredObject[]> {
    const { storage } = this.#settings
    if ('prefix' in source) {
      yield* listFolder(storage, { prefix: source.prefix, hour: undefined }, everythingInScope, context)
      return
    }
    const { ledger, discovery } = await this.#expectations(source, context)
    for await (const piece of discover(storage, discovery, ledger, context)) {
      yield piece.filter(({ place }) => place.kind !== 'unexpected')
    }
  }

  async #expectations(
    job: ExportJob,
    context: StageContext,
  ): Promise<{
    readonly ledger: RecordingLedger
    readonly discovery: DiscoverySettings
    readonly account: JobAccount
  }> {
    const { platform, lookbackHours, folderConcurrency } = this.#settings
    const { request } = job
    if (request === undefined) {
      throw new LegalHoldError(
        `Job ${job.id} does not say what it was created for; give it its request: { ...job, request }.`,
        { code: 'INVALID_REQUEST', stage: 'discover' },
      )
    }
    const { signal } = context
    const organization = await persist(context, 'discover', 'organization', () => platform.organization({ signal }))
    // Without a time of its own the job may have written everything.
    const createdAt = job.createdAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(job.createdAt)
    const ledger = new RecordingLedger(listsRecordings(this.#settings, request), {
      isRecordingId: platform.isRecordingId?.bind(platform),
      writtenSince: () => createdAt,
    })
    const account = { job, expected: 0, skipped: 0, later: 0, namedFailures: 0, listing: undefined }
    if (ledger.listed) await readExpectedList({ platform, job, request, ledger, account, signal })
    const discovery = {
      organizationId: organization.id,
      interval: request.interval,
      lookbackHours,
      alsoHours: () => ledger.knownHours(),
      listConcurrency: folderConcurrency,
    }
    return { ledger, discovery, account }
  }

  #ref(item: string | ObjectRef): ObjectRef {
    if (typeof item === 'string') return { bucket: this.#settings.storage.bucket, key: item }
    const { key, versionId } = item
    const bucket = item.bucket ?? this.#settings.storage.bucket
    return versionId === undefined ? { bucket, key } : { bucket, key, versionId }
  }
}

/** Sends an object that is known by its key through the pipeline, with the line that a listing shows of it. */
async function judgeByLine(
  pipeline: ObjectPipeline,
  { object, place, lines }: ToBeJudged & { readonly lines: KeyLines },
): Promise<Processed> {
  let line: ListedLine
  try {
    line = await lines.of(object.key)
  } catch (error) {
    return pipeline(object, place, { verdict: unreadable(object, place, error, 0) })
  }
  return pipeline({ ...object, line }, place)
}

/** The place a key by itself speaks of, without its neighbours and without a job's list. */
function placeOf(key: string): ObjectPlace | undefined {
  const parsed = parseKey(key)
  return parsed === undefined ? undefined : placeByName(parsed)
}

import { createHash } from 'node:crypto'
import * as S3 from '@aws-sdk/client-s3'
import { LegalHoldError, type ObjectRef, type ObjectState, type RemediationStep } from '#src/index.js'
import type { MutationWitness } from '#src/journal/records.js'
import type { HoldRequirements } from '#src/model/requirements.js'
import { S3StorageAdapter } from '#src/s3.js'
import { S3Simulator } from '#src/testing/index.js'
import { type Repaired, repair } from '../fakes/repair.js'
import type { Event, ModelCase, ObjectCase } from './cases.js'
import { clientOf, type Fate, type Hooks, InProcessHandler, type Passing } from './in-process-s3.js'

export const tag = 'matter-1'
export const bucket = 'evidence'
export const key = 'org/a b+c/é.opus'
export const later = new Date('2045-01-01T00:00:00Z')
export const required = '2035-01-01T00:00:00Z'

type Version = NonNullable<ReturnType<S3Simulator['object']>>

const slots: Readonly<Record<string, readonly string[]>> = {
  ours: [tag],
  other: ['matter-2'],
  'other+ours': ['matter-2', tag],
  longer: [`${tag}0`],
}

/** What is known of the object beside what the library says: every version that was not written by it. */
export class World {
  readonly simulator: S3Simulator
  readonly client: S3.S3Client
  readonly case: ModelCase
  /** Versions of the platform and of other writers, as they were when they were written. */
  readonly foreign = new Map<string, Version>()
  /** Versions on which somebody else put a hold, a tag or a longer retention after they were written. */
  readonly heldByOthers = new Set<string>()
  readonly taggedByOthers = new Set<string>()
  readonly retainedByOthers = new Set<string>()
  readonly violations: string[] = []
  readonly requests: Passing[] = []

  constructor(model: ModelCase) {
    this.case = model
    this.simulator = new S3Simulator({ verifySignatures: false, minPartSizeBytes: 1 })
    this.client = clientOf(this.simulator)
    const { kind, acls, defaultRetention } = model.bucket
    this.simulator.createBucket(bucket, {
      objectLock: kind === 'locked',
      ...(kind === 'versioned' ? { versioning: 'Enabled' } : {}),
      ...(acls ? { objectOwnership: 'ObjectWriter', publicAccessBlock: null } : {}),
      ...(defaultRetention ? { defaultRetention: { mode: 'GOVERNANCE', days: 1 } } : {}),
    })
  }

  get versions(): readonly Version[] {
    return this.simulator.versions(bucket, key)
  }

  version(id: string | undefined): Version | undefined {
    return this.versions.find(({ versionId }) => versionId === (id ?? 'null'))
  }

  get requirements(): HoldRequirements {
    const { metadata, tags, legalHold, retain } = this.case.policy.requires
    return {
      ...(metadata ? { metadata: { 'legal-hold-tag': tag } } : {}),
      ...(tags ? { tags: { hold: tag } } : {}),
      ...(legalHold ? { legalHold } : {}),
      ...(retain ? { retainUntilDate: required } : {}),
    }
  }

  async seed(): Promise<void> {
    const { object } = this.case
    for (let at = 0; at < object.older; at += 1) await this.#put(`older ${at}`, {})
    await this.#put(object.body, inputOf(object))
    if (object.state === 'replica') this.simulator.setObjectState(bucket, key, { replicationStatus: 'REPLICA' })
    if (object.state === 'missing') this.simulator.setObjectState(bucket, key, { missingMetadata: 1 })
    this.#note()
    if (object.state === 'deleted') await this.write('delete')
  }

  /** Validates and repairs, under the given events. */
  async repair(events: readonly Event[]): Promise<Repaired> {
    const witness = new OpenIntents()
    const handler = new InProcessHandler(this.simulator, new Script(this, events, witness))
    const { policy } = this.case
    const adapter = new S3StorageAdapter({
      bucket,
      endpoint: 'http://127.0.0.1:9',
      region: this.simulator.region,
      credentials: S3Simulator.defaultCredentials,
      requestHandler: handler,
      retry: { retries: 2, minDelayMs: 0, maxDelayMs: 0 },
      ...(policy.multipart ? { multipartThresholdBytes: 1 } : {}),
    })
    try {
      const { onConflict, protectOriginal, versions, allowOverwrite, dryRun } = policy
      const options = { onConflict, protectOriginal, versions, allowOverwrite }
      return await repair(adapter, key, { requirements: this.requirements, options, dryRun, witness, retries: 6 })
    } finally {
      await handler.arriveAll()
      adapter.close()
    }
  }

  /** Somebody else writes. */
  async write(what: Extract<Event, { writer: unknown }>['writer']): Promise<void> {
    const [current] = this.versions
    const at = { Bucket: bucket, Key: key }
    const isThere = current !== undefined && !current.deleteMarker
    const isLocked = this.case.bucket.kind === 'locked'
    if (what === 'content') await this.#put(`theirs ${this.foreign.size}`, { Metadata: { by: 'another' } })
    if (what === 'metadata' && isThere) await this.#put(this.case.object.body, { Metadata: { by: 'another' } })
    if (what === 'delete') await this.client.send(new S3.DeleteObjectCommand(at))
    if (what === 'tag' && isThere) {
      const { TagSet = [] } = await this.client.send(new S3.GetObjectTaggingCommand(at))
      const tags = [...TagSet.filter(({ Key }) => Key !== 'theirs'), { Key: 'theirs', Value: '1' }]
      await this.client.send(new S3.PutObjectTaggingCommand({ ...at, Tagging: { TagSet: tags } }))
      this.taggedByOthers.add(current.versionId)
    }
    if (what === 'hold' && isThere && isLocked) {
      await this.client.send(new S3.PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }))
      this.heldByOthers.add(current.versionId)
    }
    if (what === 'retain' && isThere && isLocked) {
      const Mode = current.retention?.mode ?? 'GOVERNANCE'
      const Retention = { Mode, RetainUntilDate: later }
      await this.client.send(new S3.PutObjectRetentionCommand({ ...at, Retention }))
      this.retainedByOthers.add(current.versionId)
    }
    if (what === 'content' || what === 'metadata' || what === 'delete') this.#note()
  }

  async #put(text: string, input: Partial<S3.PutObjectCommandInput>): Promise<void> {
    const Body = new TextEncoder().encode(text)
    const ContentMD5 = createHash('md5').update(Body).digest('base64')
    await this.client.send(new S3.PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentMD5, ...input }))
    this.#note()
  }

  #note(): void {
    const [written] = this.versions
    if (written !== undefined) this.foreign.set(written.versionId, written)
  }
}

function inputOf(object: ObjectCase): Partial<S3.PutObjectCommandInput> {
  const metadata: Record<string, string> = Object.assign(Object.create(null), object.metadata)
  const tags: Record<string, string> = Object.assign(Object.create(null), object.tags)
  if (object.holdInMetadata !== undefined) metadata['legal-hold-tag'] = slots[object.holdInMetadata]?.join(',') ?? ''
  if (object.holdInTags !== undefined) tags.hold = slots[object.holdInTags]?.join(' ') ?? ''
  const tagging = Object.entries(tags).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  return {
    Metadata: metadata,
    ...object.headers,
    StorageClass: object.storageClass,
    ...(tagging.length === 0 ? {} : { Tagging: tagging.join('&') }),
    ...(object.redirect ? { WebsiteRedirectLocation: '/elsewhere' } : {}),
    ...(object.encryption === 'none' ? {} : { ServerSideEncryption: object.encryption }),
    ...(object.encryption === 'aws:kms'
      ? {
          SSEKMSKeyId: 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555',
          BucketKeyEnabled: object.redirect,
        }
      : {}),
    ...(object.checksum === 'none' ? {} : { ChecksumAlgorithm: object.checksum }),
    ...(object.grants ? { GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"' } : {}),
    ...(object.legalHold ? { ObjectLockLegalHoldStatus: 'ON' } : {}),
    ...(object.retention === 'none'
      ? {}
      : { ObjectLockMode: object.retention, ObjectLockRetainUntilDate: new Date('2040-01-01T00:00:00Z') }),
  }
}

/** The intents that were recorded and have no outcome yet. */
class OpenIntents implements MutationWitness {
  readonly open: { readonly step: RemediationStep; readonly object: ObjectRef; readonly before: ObjectState }[] = []
  count = 0

  async intent(...[object, step, before]: Parameters<MutationWitness['intent']>): Promise<void> {
    this.count += 1
    this.open.push({ step, object, before })
  }

  async outcome(...[object, step]: Parameters<MutationWitness['outcome']>): Promise<void> {
    const at = this.open.findIndex((one) => one.step === step && one.object.versionId === object.versionId)
    if (at >= 0) this.open.splice(at, 1)
  }
}

const allowed: Readonly<Record<RemediationStep['action'], RegExp>> = {
  'merge-tags': /^PUT tagging$/,
  'replace-tags': /^PUT tagging$/,
  'protect-original': /^PUT legal-hold$/,
  'put-legal-hold': /^PUT legal-hold$/,
  'hold-noncurrent': /^PUT legal-hold$/,
  'lift-legal-hold': /^PUT legal-hold$/,
  'put-retention': /^PUT retention$/,
  // With what puts back in place what a server dropped.
  'replace-metadata': /^(CopyObject|POST uploads|UploadPartCopy|(Complete|Abort)MultipartUpload|PUT .*)$/,
}

const mutations = /^(PUT|POST|DELETE)/
const copies = /^(CopyObject|CompleteMultipartUpload)$/
const xml = (code: string) => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>as scripted</Message></Error>`

/** Lets events happen at their requests, and watches what the library sends (invariants 4 and 5 of the design). */
class Script implements Hooks {
  readonly #world: World
  readonly #events: readonly Event[]
  readonly #witness: OpenIntents
  #count = 0
  /** A mutation whose outcome nobody knows, until something is read. */
  #unknown: string | undefined

  constructor(world: World, events: readonly Event[], witness: OpenIntents) {
    this.#world = world
    this.#events = events
    this.#witness = witness
  }

  async before(request: Passing): Promise<Fate> {
    this.#count += 1
    this.#world.requests.push(request)
    this.#watch(request)
    let fate: Fate = { kind: 'pass' }
    for (const event of this.#events) {
      if (event.at !== this.#count) continue
      if ('fault' in event) fate = fateOf(event.fault, request.operation, this.#count)
      // Between the reading and the writing of tags S3 has no condition (docs/repair.md, races).
      else if (!(event.writer === 'tag' && request.operation === 'PUT tagging')) await this.#world.write(event.writer)
    }
    return fate
  }

  after({ operation, method }: Passing, status: number | undefined): void {
    const isMutation = mutations.test(method) && operation !== 'UploadPartCopy' && operation !== 'AbortMultipartUpload'
    if (isMutation && (status === undefined || status >= 500) && status !== 501) this.#unknown = operation
    if (!isMutation && (method === 'HEAD' || method === 'GET') && status !== undefined) this.#unknown = undefined
  }

  #watch({ operation, method, key: of }: Passing): void {
    if (!mutations.test(method)) return
    const covering = this.#witness.open.filter(({ step }) => allowed[step.action].test(operation))
    if (of !== key) this.#world.violations.push(`${operation} of another key: ${of}`)
    // An upload that is aborted after its step failed changes nothing that anybody can see.
    if (covering.length === 0 && operation !== 'AbortMultipartUpload') {
      this.#world.violations.push(`${operation} without an intent on record`)
    }
    for (const { before, step } of covering) {
      if (!holdsWhatMayChange(step.action, before)) {
        this.#world.violations.push(`${operation}: the intent does not hold what it may change`)
      }
    }
    if (this.#unknown === operation) this.#world.violations.push(`${operation} was repeated without looking first`)
  }
}

/** A copy may change everything; a change in place only what it is about. */
function holdsWhatMayChange(
  action: RemediationStep['action'],
  { tags, acl, legalHold, retention }: ObjectState,
): boolean {
  switch (action) {
    case 'replace-metadata':
      return [tags, acl, legalHold, retention].every((property) => property !== undefined)
    case 'merge-tags':
    case 'replace-tags':
      return tags !== undefined
    case 'put-retention':
      return retention !== undefined
    default:
      return legalHold !== undefined
  }
}

function fateOf(fault: Extract<Event, { fault: unknown }>['fault'], operation: string, count: number): Fate {
  const answer = (status: number, code: string, worked = false): Fate => ({
    kind: 'answer',
    status,
    body: xml(code),
    worked,
  })
  const isCopy = copies.test(operation)
  switch (fault) {
    case '503':
      return answer(503, 'SlowDown')
    case '503 after':
      return answer(503, 'SlowDown', true)
    case '200 with an error':
    case '200 with an error after': {
      const worked = fault.endsWith('after')
      const carries = isCopy || operation === 'UploadPartCopy'
      return carries ? answer(200, 'InternalError', worked) : answer(500, 'InternalError', worked)
    }
    case 'reset':
      return { kind: 'drop', worked: false }
    case 'reset after':
      return { kind: 'drop', worked: true }
    case '409':
      return isCopy ? answer(409, 'ConditionalRequestConflict') : answer(503, 'SlowDown')
    case '412':
      return isCopy ? answer(412, 'PreconditionFailed') : answer(503, 'SlowDown')
    case '501':
      return isCopy ? answer(501, 'NotImplemented') : answer(503, 'SlowDown')
    case 'late':
      return operation === 'CopyObject' ? { kind: 'late', requests: (count % 3) + 1 } : { kind: 'drop', worked: false }
  }
}

/** What a failure says, for a message of a test. */
export function describeError(error: unknown): string {
  return LegalHoldError.isInstance(error) ? `${error.code}: ${error.message}` : String(error)
}

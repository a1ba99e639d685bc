import type { PriceTable } from '../../model/prices.js'

/** What an estimate rests on. */
export interface EstimateFacts {
  readonly recordings: number
  readonly shards: number
  readonly objects: number
  /** Of these, the ones that are not read, since an inventory shows the hold on them. @defaultValue 0 */
  readonly byInventory?: number | undefined
  /** Objects that are read to find out whether the inventory is right. @defaultValue 0 */
  readonly sampled?: number | undefined
  /** How many of these must be repaired. */
  readonly repairs: number
  /** Bytes of an object, on average. */
  readonly averageObjectBytes: number
  /** Shards at once. */
  readonly concurrency: number
  /** Whether the engine limits how many shards run at once. @defaultValue true */
  readonly limitsConcurrency?: boolean | undefined
  /** `s3-batch`, `map`, `local`. */
  readonly engine: string
  readonly prices: PriceTable
}

/** What a plan will cost, by list prices of us-east-1, without KMS and transfer. */
export interface ScaleEstimate {
  readonly objects: number
  readonly repairs: number
  /** Requests to S3 by operation. */
  readonly requests: Readonly<Record<string, number>>
  /** US dollars. */
  readonly dollars: {
    readonly requests: number
    /** The engine's own price. */
    readonly engine: number
    /** Time and calls of the functions. */
    readonly lambda: number
    /** Lists, journals and seals: written and read once. */
    readonly evidence: number
    /** Data events of S3 in CloudTrail, where the trail records them. */
    readonly cloudTrail: number
    /** All that is paid once. */
    readonly total: number
    /** The copies that repairs leave beneath, and the evidence, as long as they are kept. */
    readonly storagePerMonth: number
  }
  readonly bytes: {
    /** What the copies of repairs add. */
    readonly storage: number
    readonly evidence: number
  }
  readonly concurrency: number
  /**
   * What to reserve for the worker's function, which is what limits an engine without a limit of its own, as S3 Batch
   * Operations is. Absent for other engines.
   */
  readonly reservedConcurrency?: number | undefined
  readonly hours: number
}

const gb = 1024 ** 3
/** A listing shows a thousand keys. */
const keysPerPage = 1_000
/** Segments, list, claim, release, seal: what the journal of a shard is written in. */
const writesPerShard = 12
/** What a second look, a listing and the store are read with. */
const readsPerShard = 16
/** Records of an object: a verdict, and of a repair two intents and outcomes more. */
const verdictBytes = 1_500
const repairBytes = 4_000
/** Of one object in one shard, with 64 requests under way, and what a shard takes before and after. */
const msPerObject = 5
const msPerRepair = 20
const msPerShard = 3_000
/** Memory of a function, which its time is paid by. */
const lambdaGb = 1
/** List prices of us-east-1: AWS Lambda (x86), S3 Batch Operations, Step Functions (standard), CloudTrail data events. */
const lambdaPerGbSecond = 0.0000166667
const lambdaPerCall = 0.0000002
const batchPerJob = 0.25
const batchPerObject = 0.000001
const mapPerShard = 0.000025
const dataEvent = 0.000001

/** Reckons what a plan will cost. Pure. */
export function estimateOf(facts: EstimateFacts): ScaleEstimate {
  const { objects, repairs, shards, averageObjectBytes, concurrency, engine, prices } = facts
  const reads = Math.max(0, objects - (facts.byInventory ?? 0))
  const { writesPer1000, readsPer1000, storagePerGbMonth } = prices.classes.STANDARD ?? {
    writesPer1000: 0,
    readsPer1000: 0,
    storagePerGbMonth: 0,
  }
  const requests = {
    ListObjectsV2: Math.ceil(objects / keysPerPage) + 5 * shards,
    // Once to look, and after a repair again: the hold on the original, and the copy.
    HeadObject: reads + (facts.sampled ?? 0) + 2 * repairs,
    PutObjectLegalHold: repairs,
    CopyObject: repairs,
    ListObjectVersions: Math.ceil(repairs / keysPerPage),
  }
  const lists = requests.ListObjectsV2 + requests.ListObjectVersions
  const writes = requests.PutObjectLegalHold + requests.CopyObject
  const ofRequests = (lists * prices.listsPer1000 + writes * writesPer1000 + requests.HeadObject * readsPer1000) / 1_000
  const ofEvidence = (shards * (writesPerShard * writesPer1000 + readsPerShard * readsPer1000)) / 1_000
  const seconds = (reads * msPerObject + repairs * msPerRepair + shards * msPerShard) / 1_000
  const atOnce = Math.max(1, Math.min(concurrency, shards))
  const isLocal = engine === 'local'
  const lambda = isLocal ? 0 : seconds * lambdaGb * lambdaPerGbSecond + shards * lambdaPerCall
  const ofEngine = engine === 's3-batch' ? batchPerJob + shards * batchPerObject : isLocal ? 0 : shards * mapPerShard
  const events = requests.HeadObject + writes + shards * (writesPerShard + readsPerShard)
  const cloudTrail = events * dataEvent
  const bytes = {
    storage: repairs * averageObjectBytes,
    evidence: objects * verdictBytes + repairs * repairBytes,
  }
  return {
    objects,
    repairs,
    requests,
    dollars: {
      requests: cents(ofRequests),
      engine: cents(ofEngine),
      lambda: cents(lambda),
      evidence: cents(ofEvidence),
      cloudTrail: cents(cloudTrail),
      total: cents(ofRequests + ofEngine + lambda + ofEvidence + cloudTrail),
      storagePerMonth: cents(((bytes.storage + bytes.evidence) / gb) * storagePerGbMonth),
    },
    bytes,
    concurrency,
    ...(facts.limitsConcurrency === false ? { reservedConcurrency: atOnce } : {}),
    hours: Math.round((seconds / atOnce / 3_600) * 1_000) / 1_000,
  }
}

function cents(dollars: number): number {
  return Math.round(dollars * 10_000) / 10_000
}

import type { ObjectCounts, VerdictTotals } from '../model/report.js'

/** How a run was cut into shards. */
export interface RecordedShardPlan {
  /** SHA-256 of the plan, hex. */
  readonly planSha256: string
  readonly shards: number
  /** Recordings of all shards that a list names, each once. */
  readonly recordings: number
}

/** An engine's job: recorded before it is submitted, when it exists, and when it ended. */
export interface RecordedShardJob {
  readonly engine: string
  /** From 1. */
  readonly round: number
  readonly token: string
  readonly shards: number
  /** The engine's own id; absent before the job is submitted. */
  readonly id?: string | undefined
  readonly state?: string | undefined
  readonly reason?: string | undefined
}

/** A recording of a shard that is not on S3 with its sidecar. */
export interface UndeliveredRecording {
  readonly recordingId: string
  /** Nothing of it was found: the platform may still say why. */
  readonly isOpen: boolean
  /** What the jobs left out without naming it explains it. */
  readonly isLeftOut: boolean
}

/** What a merged report needs of a shard beside its own report. It is on record right before that. */
export interface RecordedShardAccount {
  /** Sums of the shard's ledger, by name. */
  readonly ledger: Readonly<Record<string, number>>
  /** What the repairs cost, by storage class: sums by name, requests by operation with `request:` in front. */
  readonly cost: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Of the conversations that the request names, those that the shard knows. */
  readonly known: readonly string[]
  readonly undelivered: readonly UndeliveredRecording[]
}

/** A sealed shard, as the account of the whole run takes it in. */
export interface RecordedShard {
  /** From 0. */
  readonly shard: number
  /** Key of its list in the store. */
  readonly key: string
  /** SHA-256 of its seal, hex. */
  readonly sealSha256: string
  readonly held: number
  readonly repaired: number
  /** Of those that are held or repaired, the ones that a list names. */
  readonly listed: number
  /** Hash total over these. */
  readonly digest: string
  readonly objects: ObjectCounts
  readonly verdicts: VerdictTotals
  /** Of the verdicts, those that rest on an inventory. Absent if the plan has no inventory. */
  readonly byInventory?: number | undefined
  /** Repairs by outcome. */
  readonly repairs: Readonly<Record<string, number>>
  /** Steps of repairs by action. */
  readonly steps: Readonly<Record<string, number>>
}

import type {
  RecordedShard,
  RecordedShardAccount,
  RecordedShardJob,
  RecordedShardPlan,
  UndeliveredRecording,
} from '../shard-data.js'
import { type Forms, flag, list, number, object, optional, table, text } from './form.js'
import { numbers } from './model-forms.js'
import { objects, verdictTotals } from './report-form.js'

export const shardPlanMembers: Forms<RecordedShardPlan> = { planSha256: text, shards: number, recordings: number }

export const shardJobMembers: Forms<RecordedShardJob> = {
  engine: text,
  round: number,
  token: text,
  shards: number,
  id: optional(text),
  state: optional(text),
  reason: optional(text),
}

export const shardAccountMembers: Forms<RecordedShardAccount> = {
  ledger: numbers,
  cost: table(numbers),
  known: list(text),
  undelivered: list(object<UndeliveredRecording>({ recordingId: text, isOpen: flag, isLeftOut: flag })),
}

export const shardMembers: Forms<RecordedShard> = {
  shard: number,
  key: text,
  sealSha256: text,
  held: number,
  repaired: number,
  listed: number,
  digest: text,
  objects,
  verdicts: verdictTotals,
  byInventory: optional(number),
  repairs: numbers,
  steps: numbers,
}

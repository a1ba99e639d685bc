import type { RecordedShardAccount, UndeliveredRecording } from '../journal/shard-data.js'
import type { ExportRequest } from '../model/request.js'
import type { SettledLedger } from '../stages/account/ledger-view.js'
import type { Tally } from './tally.js'

/** Sums of a ledger that the account of the whole run adds up. */
export const ledgerSums = [
  'skippedAndAbsent',
  'onlyOlder',
  'delivered',
  'pending',
  'openConversations',
  'later',
  'unlisted',
  'contradictions',
] as const satisfies readonly (keyof SettledLedger)[]

/** One of {@link ledgerSums}. */
export type LedgerSum = (typeof ledgerSums)[number]

const nobody = { missing: 0, failed: 0, skipped: 0 }
// No reason of a ledger.
const probe = '\u0000'

/**
 * What the account of the whole run needs of a shard beside its report. The state of a recording that never came
 * may depend on what the jobs left out as a whole, and on what the platform says when asked. Only the whole run
 * knows both.
 */
export function shardAccountOf(
  ledger: ShardLedger,
  tally: Pick<Tally, 'costSums'>,
  { conversationIds = [] }: ExportRequest,
): RecordedShardAccount {
  const leftOut = new Set<string>()
  for (const { recordingId, reason } of ledger.settled(nobody, { count: Number.POSITIVE_INFINITY, reason: probe })) {
    if (recordingId !== undefined && reason === probe) leftOut.add(recordingId)
  }
  const undelivered: UndeliveredRecording[] = []
  for (const { recordingId, isOpen } of ledger.undelivered?.() ?? []) {
    undelivered.push({ recordingId, isOpen, isLeftOut: leftOut.has(recordingId) })
  }
  return {
    ledger: Object.fromEntries(ledgerSums.map((name) => [name, ledger[name]])),
    cost: tally.costSums(),
    known: conversationIds.filter((id) => ledger.knows(id) || ledger.knows(id.toLowerCase())),
    undelivered,
  }
}

interface ShardLedger extends SettledLedger {
  undelivered?(): Iterable<{ readonly recordingId: string; readonly isOpen: boolean }>
}

import type { Recorder } from '../../journal/recorder.js'
import type { ExpectedListing } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { RecordingPlatform } from '../../ports/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { ExplainedLedger } from '../account/ledger-view.js'
import { type JobAccount, uncountedBy } from '../reconcile/reconcile.js'

/** What the platform is asked about. */
export interface MissingSubject {
  readonly platform: RecordingPlatform
  readonly request: ExportRequest
  readonly ledger: ExplainedLedger
  readonly accounts: () => readonly JobAccount[]
  readonly recorder: Pick<Recorder, 'note'>
}

/**
 * Asks the platform why recordings did not come, and enters what it says.
 *
 * @returns what that cost; `undefined` if the platform does not say, or was not asked
 */
export async function explainMissing(
  { platform, request, ledger, accounts, recorder }: MissingSubject,
  { signal }: CallOptions,
): Promise<ExpectedListing | undefined> {
  if (platform.explainMissing === undefined || !ledger.listed) return undefined
  let cost: ExpectedListing | undefined
  const onListing = (listing: ExpectedListing) => {
    cost = listing
  }
  const notCovered: string[] = []
  for await (const found of platform.explainMissing(ledger.pendingRecordings(), request, { signal, onListing })) {
    if (found.kind === 'skipped') ledger.skippedAtSource(found.recordingId, found.reason ?? 'left out')
    else if (found.kind === 'not-covered') notCovered.push(found.recordingId)
    else if (found.reason !== undefined) ledger.noteAtSource(found.recordingId, found.reason)
  }
  // A job delivers conversations as a whole: what it counts it must deliver, of whatever medium.
  if (notCovered.length <= uncountedBy(ledger, accounts())) {
    for (const recordingId of notCovered) ledger.withdraw(recordingId)
  }
  const { withdrawn } = ledger
  if (withdrawn > 0) await recorder.note('withdrawal', { recordings: withdrawn })
  return cost
}

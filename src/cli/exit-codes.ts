import type { VerificationStatus } from '../custody/bundle/problem.js'
import type { RunOutcome } from '../model/report.js'

/** Exit codes: each means the same for every command. Those of signals are in `signals.ts`. */
export const exitCodes = { success: 0, failed: 1, badResult: 2, nothingShown: 3 } as const

/** Help and documentation show this table as it is. */
export const exitCodeTable: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'success: complete, verifies, nothing blocks'],
  ['1', 'the command could not finish: a wrong argument, or an error, which is named'],
  ['2', 'finished with a bad result: incomplete, does not verify, blocked'],
  [
    '3',
    'nothing is proven: no recording was expected, no key was given to authenticate the signer, or the run is not over',
  ],
  ['129', 'SIGHUP ended it'],
  ['130', 'SIGINT (Ctrl-C) ended it'],
  ['143', 'SIGTERM ended it'],
]

const ofOutcome: Readonly<Record<RunOutcome, number>> = {
  complete: exitCodes.success,
  incomplete: exitCodes.badResult,
  'nothing-expected': exitCodes.nothingShown,
}

/** The exit code for a run. A report with an outcome that this version does not know is not a success. */
export function exitCodeOfRun({ outcome }: { readonly outcome: RunOutcome }): number {
  return ofOutcome[outcome] ?? exitCodes.badResult
}

const ofStatus: Readonly<Record<VerificationStatus, number>> = {
  verifies: exitCodes.success,
  'not-authenticated': exitCodes.nothingShown,
  'does-not-verify': exitCodes.badResult,
}

/** The exit code for a verification. */
export function exitCodeOfVerification({ status }: { readonly status: VerificationStatus }): number {
  return ofStatus[status]
}

/** Why a check failed. The codes are API. */
export type EvidenceProblemCode =
  | 'no-key'
  | 'wrong-key'
  | 'statement-malformed'
  | 'signature-invalid'
  | 'file-missing'
  | 'file-changed'
  | 'record-malformed'
  | 'record-changed'
  | 'record-contradictory'
  | 'sequence-gap'
  | 'root-mismatch'
  | 'counts-mismatch'
  | 'policy-mismatch'
  | 'report-mismatch'
  | 'chain-broken'
  | 'timestamp-invalid'
  | 'record-not-found'
  | 'live-drift'
  | 'shard-mismatch'

/** A failed check, and where it failed. */
export interface EvidenceProblem {
  readonly code: EvidenceProblemCode
  readonly message: string
  readonly file?: string | undefined
  /** Line of records.jsonl, from 1. */
  readonly line?: number | undefined
}

/**
 * The result of a verification. `not-authenticated`: everything that can be checked without a key is right, but no
 * key was given, so nobody knows who signed it.
 */
export type VerificationStatus = 'verifies' | 'not-authenticated' | 'does-not-verify'

/** Reads the status from the problems. Pure. */
export function statusOf(problems: readonly EvidenceProblem[]): VerificationStatus {
  if (problems.length === 0) return 'verifies'
  return problems.every(({ code }) => code === 'no-key') ? 'not-authenticated' : 'does-not-verify'
}

/** What a verification found, as it goes. */
export class Findings {
  readonly problems: EvidenceProblem[] = []
  /** What was not checked, and why. */
  readonly notes: string[] = []

  fail(code: EvidenceProblemCode, message: string, file?: string, line?: number): void {
    this.problems.push({
      code,
      message,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    })
  }

  note(what: string): void {
    this.notes.push(what)
  }
}

/** Why a signature in an envelope is refused although it is by the key. */
export const rewrittenSignature =
  'is signed by this key, but its signature is written in another form than a signature has (ECDSA with a high s, or ' +
  'not in DER): somebody rewrote it, or a version before signatures had one form sealed it'

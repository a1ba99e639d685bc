import { LegalHoldError } from '../../model/errors.js'

/** Why a journal did not become evidence. */
export function notSealed(why: string): LegalHoldError {
  return new LegalHoldError(`The evidence was not sealed: ${why}`, { code: 'EVIDENCE_NOT_SEALED', stage: 'report' })
}

/** The error itself where it has a code, else as what kept a journal from becoming evidence. */
export function asNotSealed(error: unknown): LegalHoldError {
  if (LegalHoldError.isInstance(error)) return error
  const why = error instanceof Error ? error.message : String(error)
  return new LegalHoldError(`The evidence was not sealed: ${why}.`, {
    code: 'EVIDENCE_NOT_SEALED',
    stage: 'report',
    cause: error,
  })
}

import { OptionCheck } from '../../internal/option-check.js'
import { didYouMean } from '../../internal/text/closest.js'
import {
  errorCodes,
  LegalHoldError,
  type LegalHoldErrorCode,
  type LegalHoldErrorInit,
  type Stage,
} from '../../model/errors.js'

/** What else an error says. */
export type ErrorInit = Partial<Omit<LegalHoldErrorInit, 'code'>> & { readonly message?: string | undefined }

/** Codes of faults that go by themselves. */
const passing: ReadonlySet<LegalHoldErrorCode> = new Set([
  'PLATFORM_RATE_LIMITED',
  'PLATFORM_UNAVAILABLE',
  'STORAGE_THROTTLED',
  'STORAGE_UNAVAILABLE',
  'NETWORK_ERROR',
  'TIMEOUT',
  'ENGINE_UNAVAILABLE',
])

/** Where a fault of each kind arises as a rule, by how its code begins. */
const stages: readonly (readonly [string, Stage])[] = [
  ['INVALID', 'options'],
  ['PREFLIGHT', 'inspect'],
  ['PROFILE', 'inspect'],
  ['JOB', 'export'],
  ['PLATFORM', 'export'],
  ['JOURNAL', 'journal'],
  ['CHECKPOINT', 'journal'],
  ['EVIDENCE', 'report'],
  ['TIMESTAMP', 'report'],
  ['SHARD', 'scale'],
  ['ENGINE', 'scale'],
  ['INVENTORY', 'scale'],
]

/**
 * An error as this library throws it, for tests of what catches one: `buildError('STORAGE_THROTTLED')`. Stage and
 * `retryable` are those that the code has as a rule, unless they are given.
 *
 * @throws LegalHoldError `INVALID_OPTIONS` for a code that no error of this library has
 */
export function buildError(code: LegalHoldErrorCode, { message, ...init }: ErrorInit = {}): LegalHoldError {
  const mistakes = new OptionCheck('buildError')
  if (!errorCodes.includes(code)) {
    mistakes.add(
      'code',
      `${JSON.stringify(code)} is not a code of LegalHoldError${didYouMean(String(code), errorCodes)}`,
    )
  }
  mistakes.throwIfAny()
  const [, stage] = stages.find(([beginning]) => code.startsWith(beginning)) ?? ['', 'validate' as const]
  return new LegalHoldError(message ?? `A fault for a test: ${code}.`, {
    stage,
    retryable: passing.has(code),
    ...init,
    code,
  })
}

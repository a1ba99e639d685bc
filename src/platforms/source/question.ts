import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { Answer } from '../client/answer.js'
import type { GenesysClient, GenesysRequest } from '../client/client.js'
import type { RawCall } from '../client/sdk.js'

/** A request whose failure is a finding: no run depends on its answer. */
export interface SourceQuestion {
  /** Completes "Could not …". */
  readonly operation: string
  /** What is not known without an answer. */
  readonly unknown: string
  /** What the client needs for it; absent if Genesys asks for none. */
  readonly permission?: string | undefined
  readonly call: RawCall
  /** Says what an answer is that belongs to another question. */
  readonly foreign?: GenesysRequest['foreign']
}

/** The answer, or what to report without one. */
export type SourceAnswer =
  | { readonly body: Answer; readonly finding?: undefined }
  | { readonly body?: undefined; readonly finding: Finding; readonly reason: string }

/** A run must not wait for minutes for something that it can do without. It waits only for the end of a rate limit. */
export const patience = { retries: 3, totalTimeoutMs: 120_000 }

/** Asks, and turns every failure but an abort into a finding. */
export async function ask(
  client: GenesysClient,
  question: SourceQuestion,
  options: CallOptions = {},
): Promise<SourceAnswer> {
  const { operation, call, foreign } = question
  try {
    const { body } = await client.request(
      { operation, stage: 'inspect', retry: patience, foreign, send: ({ callApi }) => callApi(call) },
      options,
    )
    return { body }
  } catch (error) {
    if (!isAnswerable(error)) throw error
    return { finding: unanswered(question, error), reason: error.message }
  }
}

/** Not an abort, and not credentials that nothing else will be answered with either. */
export function isAnswerable(error: unknown): error is LegalHoldError {
  return LegalHoldError.isInstance(error) && error.code !== 'ABORTED' && error.code !== 'PLATFORM_UNAUTHORIZED'
}

/** The finding for a question that was not answered: it names the permission where that is what lacks. */
export function unanswered(
  { permission, unknown }: Pick<SourceQuestion, 'permission' | 'unknown'>,
  error: LegalHoldError,
): Finding {
  if (error.code === 'PLATFORM_FORBIDDEN' && permission !== undefined) {
    return {
      code: 'permission-missing',
      severity: 'warning',
      subject: permission,
      message: `The OAuth client lacks the permission ${permission}, so ${unknown} is not known.`,
      remedy: `Give its role the permission ${permission}.`,
    }
  }
  return {
    code: 'configuration-unreadable',
    severity: 'warning',
    subject: permission ?? 'Genesys Cloud',
    message: `Genesys Cloud did not say ${unknown}: ${error.message}`,
    remedy: 'Inspect again, or have an administrator of the organisation look it up.',
  }
}

import type { EvidenceVerification } from '../../custody/verify/verify.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Notice, Notifier } from '../../ports/notifier.js'
import type { Resolved } from '../config/resolve.js'

/** What a forged bundle may say of itself is cut: the notice stays small. */
const longestText = 200
const longestMessage = 500

/** Tells what a verification came to; whether somebody hears it changes nothing. */
export async function tellVerified(notifiers: readonly Notifier[], found: EvidenceVerification): Promise<void> {
  const { status, problems, predicate, live } = found
  const { tag, matter } = predicate?.hold ?? {}
  await tellAll(notifiers, {
    ...headOf('evidence-verified', { tag, matter, bucket: predicate?.storage.bucket }),
    runId: predicate?.runId,
    verification: { status, problems: problems.length, drifted: live?.drifted },
  })
}

/** Tells that a verification could not be made: silence must not look like a bundle that verifies. */
export async function tellUnverified(
  notifiers: readonly Notifier[],
  { matter: { hold, s3 } }: Resolved,
  error: unknown,
): Promise<void> {
  const head = headOf('verification-failed', { tag: hold?.tag, matter: hold?.matter, bucket: s3?.bucket })
  if (!LegalHoldError.isInstance(error)) {
    const message = 'The verification failed unexpectedly; its own output says why.'
    return tellAll(notifiers, { ...head, error: { code: 'UNEXPECTED', message, retryable: false } })
  }
  const { code, stage, retryable, requestId } = error
  const message = error.message.slice(0, longestMessage)
  return tellAll(notifiers, { ...head, error: { code, stage, message, retryable, requestId } })
}

async function tellAll(notifiers: readonly Notifier[], notice: Notice): Promise<void> {
  // The signal of the command may have ended it, which is what is told.
  await Promise.all(notifiers.map((notifier) => notifier(notice, {})))
}

function headOf(
  kind: Notice['kind'],
  about: { readonly tag: string | undefined; readonly matter: string | undefined; readonly bucket: string | undefined },
): Notice {
  const cut = (text: string | undefined) => (text ?? 'unknown').slice(0, longestText)
  const matter = about.matter === undefined ? {} : { matter: cut(about.matter) }
  return {
    schemaVersion: 1,
    kind,
    at: new Date().toISOString(),
    hold: { tag: cut(about.tag), ...matter },
    bucket: cut(about.bucket),
  }
}

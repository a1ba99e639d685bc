import { bundleFiles } from '../../bundle/contents.js'
import { type Findings, rewrittenSignature } from '../../bundle/problem.js'
import type { EnvelopeContents } from '../../crypto/envelope.js'
import { envelopeFinding, type Given, type PublicKey, readKey } from './key.js'

/** Who is to have signed, by what was given from elsewhere. */
export interface Signatory {
  readonly given: Given
  /** The text of the key inside, where one is there. */
  readonly inside: string | undefined
  /** Fingerprint that the envelope names. */
  readonly claimed: string
}

/**
 * The key to check with. One from inside authenticates nobody: with it alone the signature is checked all the same, which
 * shows a change by chance, and `no-key` is entered in `findings`.
 */
export function keyFor({ given, inside, claimed }: Signatory, findings: Findings): PublicKey | undefined {
  const found = inside === undefined ? undefined : readKey(inside)
  const own = typeof found === 'object' ? found : undefined
  if (own?.fingerprint !== claimed) {
    const message = `The key inside is not the one that the statement names, ${claimed}.`
    findings.fail('wrong-key', message, bundleFiles.publicKey)
  }
  if (given === undefined) {
    findings.fail(
      'no-key',
      `Nobody is authenticated without a key from elsewhere. It claims to be signed with the key ${claimed}. Ask the ` +
        'signer, by another way than the one this folder came by, for the key or its fingerprint.',
    )
    return own?.fingerprint === claimed ? own : undefined
  }
  if ('der' in given) {
    if (given.fingerprint !== claimed) {
      const message = `It claims the key ${claimed}, the one that you were given is ${given.fingerprint}.`
      findings.fail('wrong-key', message, bundleFiles.statement)
    }
    return given
  }
  if (own?.fingerprint === given.fingerprint) return own
  const message = `The key inside does not have the fingerprint ${given.fingerprint} that you were given.`
  findings.fail('wrong-key', message, bundleFiles.publicKey)
  return undefined
}

/** How an envelope is checked. */
export interface SignatureCheck {
  readonly subtle: typeof crypto.subtle
  readonly key: PublicKey
  readonly file: string
  readonly code: 'signature-invalid' | 'timestamp-invalid'
}

/** Checks the signature of an envelope. Returns what the browser lacks for it. */
export async function checkSignature(
  envelope: EnvelopeContents,
  { subtle, key, file, code }: SignatureCheck,
  findings: Findings,
): Promise<readonly string[]> {
  const finding = await envelopeFinding(subtle, key, envelope)
  if (finding === 'invalid') findings.fail(code, `${file} is not signed by the key ${key.fingerprint}.`, file)
  if (finding === 'rewritten') findings.fail(code, `${file} ${rewrittenSignature}.`, file)
  if (finding !== 'unsupported') return []
  return [
    `This browser cannot check signatures of the kind ${key.kind}: the signature of ${file} was not checked. Use another browser, a newer one, or the commands in ${bundleFiles.instructions}.`,
  ]
}

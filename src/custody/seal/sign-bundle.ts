import type { KeyObject } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../internal/canonical-json.js'
import type { SealedEvidence } from '../../model/evidence.js'
import type { Signer } from '../../ports/evidence.js'
import type { CallOptions, Clock } from '../../ports/runtime.js'
import {
  bundleFiles,
  type CustodyPredicate,
  type CustodyStatement,
  statementPayloadType,
  timestampPayloadType,
} from '../bundle/contents.js'
import { isEnvelopeOf, openEnvelope, signEnvelope } from '../crypto/dsse.js'
import { type DsseEnvelope, formatEnvelope } from '../crypto/envelope.js'
import { fingerprintOf, inOneForm } from '../crypto/keys.js'
import { loadTimestamp } from '../crypto/load-timestamp.js'
import { sha256 } from '../crypto/sha256.js'
import { furthestStampMs, rejected, type TimestampOptions, type VerifiedTimestamp } from '../crypto/timestamp/facts.js'
import { syncDirectory } from '../journal/directories.js'
import { notSealed } from './not-sealed.js'
import { partialStatement } from './record-files.js'
import { changedFile } from './written-check.js'

/** By whom a bundle is signed and stamped. */
export interface SigningOptions extends CallOptions {
  readonly signer: Signer
  /** The signer's public key. */
  readonly key: KeyObject
  readonly timestamp?: TimestampOptions | undefined
  readonly clock?: Clock | undefined
}

/**
 * Signs a statement, has the signature stamped, reads everything back, and gives the statement its name as the last file
 * of the bundle.
 *
 * @throws LegalHoldError `EVIDENCE_NOT_SEALED`, `TIMESTAMP_REJECTED`, `NETWORK_ERROR`, `INVALID_OPTIONS`, `ABORTED`
 */
export async function signBundle(
  dir: string,
  statement: CustodyStatement,
  options: SigningOptions,
): Promise<Pick<SealedEvidence, 'statementSha256' | 'payloadSha256'>> {
  const { timestamp, signal } = options
  const written = Object.fromEntries(statement.subject.map(({ name, digest }) => [name, digest.sha256]))
  const payload = Buffer.from(canonicalJson(statement))
  const envelope = await signOwn(statementPayloadType, payload, options)
  if (timestamp !== undefined) {
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64')
    const { obtainTimestamp } = await loadTimestamp()
    const { answer, verified } = await obtainTimestamp(signature, timestamp, { signal })
    // A clock of the caller's own is his word: that it is another time, whoever verifies is told.
    if (options.clock === undefined) requireSameDay(statement.predicate, verified)
    // Signed too, so that no byte of it can change unseen, whatever the authority left unsigned.
    const stamp = await signOwn(timestampPayloadType, answer, options)
    const text = formatEnvelope(stamp)
    await writeAnew(join(dir, bundleFiles.timestamp), text)
    written[bundleFiles.timestamp] = sha256(text)
  }
  const text = formatEnvelope(envelope)
  const path = join(dir, bundleFiles.statement)
  await writeAnew(join(dir, partialStatement), text)
  const changed = await changedFile(dir, { ...written, [partialStatement]: sha256(text) }, options)
  if (changed !== undefined) {
    throw notSealed(
      `${join(dir, changed.name)} ${changed.what} by another program while the bundle was written. Keep other programs ` +
        'away from its folder, and seal the same journal again.',
    )
  }
  await rename(join(dir, partialStatement), path)
  await syncDirectory(dir)
  return { statementSha256: sha256(text), payloadSha256: sha256(payload) }
}

/** What lies there may be a link to a file elsewhere, which is not to be written over. */
export async function writeAnew(path: string, text: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, text, { flag: 'wx', flush: true })
}

/** A signature that does not verify is found here, not by the court: a KMS key id may name another key. */
async function signOwn(type: string, payload: Buffer, { signer, key }: SigningOptions): Promise<DsseEnvelope> {
  const envelope = await signEnvelope(type, payload, inOneForm(signer, key), fingerprintOf(key))
  const opened = openEnvelope(formatEnvelope(envelope))
  if (typeof opened === 'string' || !isEnvelopeOf(key, opened)) {
    throw notSealed("the signer's signature does not verify with the signer's public key.")
  }
  return envelope
}

/** Here a wrong clock can still be set right; in court the bundle would not verify. */
function requireSameDay({ sealedAt }: CustodyPredicate, { time }: VerifiedTimestamp): void {
  if (Math.abs(Date.parse(time) - Date.parse(sealedAt)) <= furthestStampMs) return
  throw rejected(
    `the authority says that it is ${time}, and the clock of this machine says ${sealedAt}. Set the clock right, or ask another authority`,
  )
}

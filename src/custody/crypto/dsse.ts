import type { KeyObject } from 'node:crypto'
import type { Signer } from '../../ports/evidence.js'
import { type DsseEnvelope, type EnvelopeContents, readEnvelope, signedBytes } from './envelope.js'
import { fingerprintOf, type SignatureFinding, signatureFinding } from './keys.js'

/** The bytes that are signed: see {@link signedBytes}. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  return view(signedBytes(payloadType, payload))
}

/** Signs a payload. */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signer: Signer,
  keyid: string,
): Promise<DsseEnvelope> {
  const sig = await signer.sign(preAuthEncoding(payloadType, payload))
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return { payload: base64(payload), payloadType, signatures: [{ keyid, sig: base64(sig) }] }
}

/** An envelope's contents. */
export interface OpenedEnvelope extends EnvelopeContents {
  readonly payload: Buffer
  readonly signature: Buffer
}

/** Opens an envelope: see {@link readEnvelope}. Nothing is verified yet. */
export function openEnvelope(text: string): OpenedEnvelope | string {
  const read = readEnvelope(text)
  return typeof read === 'string' ? read : { ...read, payload: view(read.payload), signature: view(read.signature) }
}

/** How an envelope stands to a key: whether it is signed by it, in the one form of a signature, and says so. */
export function envelopeFinding(
  key: KeyObject,
  { payloadType, payload, signature, keyid }: OpenedEnvelope,
): SignatureFinding {
  if (keyid !== fingerprintOf(key)) return 'invalid'
  return signatureFinding(key, preAuthEncoding(payloadType, payload), signature)
}

/** Whether an envelope is signed by this key, and says so. */
export function isEnvelopeOf(key: KeyObject, envelope: OpenedEnvelope): boolean {
  return envelopeFinding(key, envelope) === 'valid'
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

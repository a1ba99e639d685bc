import type { KeyObject } from 'node:crypto'
import type { Signer } from '../../ports/evidence.js'
import { fingerprintOf, type SignatureFinding, signatureFinding } from './keys.js'

/** A DSSE envelope with one signature (https://github.com/secure-systems-lab/dsse, v1.0). */
export interface DsseEnvelope {
  /** Base64. */
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/** The bytes that are signed: type and payload with their lengths, so that neither can pass for the other. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload])
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

/** The one form in which an envelope is written to a file: whoever changes a byte of it changes the envelope. */
export function formatEnvelope(envelope: DsseEnvelope): string {
  return `${JSON.stringify(envelope, null, 2)}\n`
}

/** An envelope's contents. */
export interface OpenedEnvelope {
  readonly payloadType: string
  readonly payload: Buffer
  readonly signature: Buffer
  readonly keyid: string
}

/** Opens an envelope as {@link formatEnvelope} writes it; says why if it is not one. Nothing is verified yet. */
export function openEnvelope(text: string): OpenedEnvelope | string {
  let envelope: DsseEnvelope
  try {
    envelope = JSON.parse(text)
  } catch {
    return 'it is not valid JSON'
  }
  const { payload, payloadType, signatures } = envelope ?? {}
  const [first, ...more] = Array.isArray(signatures) ? signatures : []
  if (typeof payload !== 'string' || typeof payloadType !== 'string') return 'it is not a DSSE envelope'
  if (typeof first?.sig !== 'string' || typeof first.keyid !== 'string' || more.length > 0) {
    return 'it must carry exactly one signature'
  }
  const { sig, keyid } = first
  const opened = { payload: Buffer.from(payload, 'base64'), signature: Buffer.from(sig, 'base64') }
  const again = {
    payload: opened.payload.toString('base64'),
    payloadType,
    signatures: [{ keyid, sig: opened.signature.toString('base64') }],
  }
  if (formatEnvelope(again) !== text) return 'its bytes are not those that were written'
  return { payloadType, keyid, ...opened }
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

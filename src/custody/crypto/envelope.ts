import { joinBytes } from './bytes.js'

/** A DSSE envelope with one signature (https://github.com/secure-systems-lab/dsse, v1.0). */
export interface DsseEnvelope {
  /** Base64. */
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}

/** An envelope's contents, as bytes. */
export interface EnvelopeContents {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly keyid: string
}

/** The one form in which an envelope is written to a file: whoever changes a byte of it changes the envelope. */
export function formatEnvelope(envelope: DsseEnvelope): string {
  return `${JSON.stringify(envelope, null, 2)}\n`
}

/**
 * Reads an envelope as {@link formatEnvelope} writes it; says why where it is none. Nothing is verified. It runs in Node
 * and in the page that is in each bundle.
 */
export function readEnvelope(text: string): EnvelopeContents | string {
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
    return 'it has to carry exactly one signature'
  }
  const { sig, keyid } = first
  const isInOneForm =
    isBase64(payload) &&
    isBase64(sig) &&
    formatEnvelope({ payload, payloadType, signatures: [{ keyid, sig }] }) === text
  if (!isInOneForm) return 'its bytes are not those that were written'
  return { payloadType, keyid, payload: fromBase64(payload), signature: fromBase64(sig) }
}

/** The bytes that are signed: type and payload with their lengths, so that neither can pass for the other. */
export function signedBytes(payloadType: string, payload: Uint8Array): Uint8Array {
  const encoder = new TextEncoder()
  const type = encoder.encode(payloadType)
  return joinBytes([encoder.encode(`DSSEv1 ${type.length} `), type, encoder.encode(` ${payload.length} `), payload])
}

/** @throws Error for what is not base64 */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Whether a text is base64 as it is written: no other characters, padded, and no bits left over. */
function isBase64(text: string): boolean {
  try {
    return btoa(atob(text)) === text
  } catch {
    return false
  }
}

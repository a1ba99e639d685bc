import { createHash, createHmac } from 'node:crypto'

/*
 * Metadata that HEAD returned with bytes above 0x7F must be sent back byte for byte. Node sends a header string as
 * latin1, one byte a character, while the SDK's signer hashes it as UTF-8 and takes the byte 0xA0 (half of "à") for
 * white space; every server then answers SignatureDoesNotMatch. So such values wear another form while they are signed.
 */

/** First of 256 private-use characters that stand for one byte each while a header is signed. */
const byteBase = 0xe000
const highByte = /[\x80-\xff]/g
const anyHighByte = /[\x80-\xff]/

/** Whether a header value needs another form for its signature. */
export function hasHighBytes(value: string): boolean {
  return anyHighByte.test(value)
}

/**
 * The form under which a header value is signed. With {@link RawHeaderSha256} any bytes can be; a caller's own client
 * hashes as UTF-8, so there the bytes must be UTF-8.
 */
export function signable(value: string, ownHash: boolean): string {
  if (ownHash) return value.replace(highByte, (byte) => String.fromCharCode(byteBase + byte.charCodeAt(0)))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

/** SHA-256 for the SDK's signer that takes {@link signable} characters for the bytes they stand for. */
export class RawHeaderSha256 {
  readonly #begin: () => { update(data: Uint8Array): unknown; digest(): Buffer }
  #hash: { update(data: Uint8Array): unknown; digest(): Buffer }

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#begin = () => (secret === undefined ? createHash('sha256') : createHmac('sha256', toBuffer(secret)))
    this.#hash = this.#begin()
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    const bytes = toBuffer(data)
    this.#hash.update(isCanonicalRequest(bytes) ? asSent(bytes) : bytes)
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest())
  }

  reset(): void {
    this.#hash = this.#begin()
  }
}

/** Told from a payload by its first line: XML begins with `<`, no body of ours with a method. */
function isCanonicalRequest(bytes: Buffer): boolean {
  return /^(GET|PUT|POST|HEAD|DELETE)\n\//.test(bytes.subarray(0, 8).toString('latin1'))
}

/** A canonical request is ASCII except for those characters: paths and queries are URL-encoded. */
function asSent(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8')
  return Buffer.from(
    text.replace(/[\ue080-\ue0ff]/g, (stand) => String.fromCharCode(stand.charCodeAt(0) - byteBase)),
    'latin1',
  )
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from(data)
}

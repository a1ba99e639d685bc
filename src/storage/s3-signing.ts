import { createHash, createHmac } from 'node:crypto'

/**
 * SHA-256 for the SDK's signer that signs what goes over the wire. Node sends header strings as latin1, the signer
 * hashes them as UTF-8; for a header with bytes above 0x7F the two differ and every server answers
 * SignatureDoesNotMatch. Metadata that HEAD returned with such bytes has to be sent back as it is.
 *
 * A canonical request is told from a payload by its first line: XML begins with `<`, no body of ours with a method.
 */
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

function isCanonicalRequest(bytes: Buffer): boolean {
  return /^(GET|PUT|POST|HEAD|DELETE)\n\//.test(bytes.subarray(0, 8).toString('latin1'))
}

function asSent(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8')
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 0xff) return bytes
  }
  return Buffer.from(text, 'latin1')
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from(data)
}

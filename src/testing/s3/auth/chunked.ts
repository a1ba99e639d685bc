import { S3Error } from '../http/errors.js'
import type { ChunkSigning } from './claim.js'
import { hmacHex, sameSignature, sha256Hex } from './signature.js'

/** A body that came in `aws-chunked` pieces. */
export interface Dechunked {
  readonly bytes: Buffer
  readonly trailers: ReadonlyMap<string, string>
}

const emptyHash = sha256Hex('')

/**
 * Takes an `aws-chunked` body apart and checks the signature of each chunk, chained from that of the request.
 * Source: "Signature calculations: transferring payload in multiple chunks" of the S3 API reference.
 */
export function dechunk(raw: Buffer, hasTrailer: boolean, signing: ChunkSigning | undefined): Dechunked {
  const chunks: Buffer[] = []
  let previous = signing?.seed ?? ''
  let at = 0
  for (;;) {
    const [header, next] = readLine(raw, at)
    const [sizeText = '', extension = ''] = header.split(';', 2)
    if (!/^[0-9a-fA-F]+$/.test(sizeText)) throw new S3Error('IncompleteBody')
    const size = Number.parseInt(sizeText, 16)
    if (next + size > raw.length) throw new S3Error('IncompleteBody')
    const bytes = raw.subarray(next, next + size)
    if (signing !== undefined) previous = checkChunk(bytes, extension, previous, signing)
    at = next + size
    if (size === 0) break
    if (raw.toString('latin1', at, at + 2) !== '\r\n') throw new S3Error('IncompleteBody')
    at += 2
    chunks.push(bytes)
  }
  const trailers = hasTrailer ? readTrailers(raw, at, previous, signing) : new Map<string, string>()
  return { bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks), trailers }
}

function readLine(raw: Buffer, from: number): [line: string, next: number] {
  const end = raw.indexOf('\r\n', from)
  if (end < 0) throw new S3Error('IncompleteBody')
  return [raw.toString('latin1', from, end), end + 2]
}

function checkChunk(bytes: Buffer, extension: string, previous: string, signing: ChunkSigning): string {
  const given = /^chunk-signature=([0-9a-f]{64})$/.exec(extension)?.[1]
  const text = [
    'AWS4-HMAC-SHA256-PAYLOAD',
    signing.timestamp,
    signing.scope,
    previous,
    emptyHash,
    sha256Hex(bytes),
  ].join('\n')
  const expected = hmacHex(signing.key, text)
  if (given === undefined || !sameSignature(given, expected)) throw new S3Error('SignatureDoesNotMatch')
  return expected
}

function readTrailers(
  raw: Buffer,
  from: number,
  previous: string,
  signing: ChunkSigning | undefined,
): ReadonlyMap<string, string> {
  const trailers = new Map<string, string>()
  let given: string | undefined
  let signed = ''
  // Some clients end the last chunk with a line break of its own, some do not.
  let at = raw.toString('latin1', from, from + 2) === '\r\n' && from + 2 < raw.length ? from + 2 : from
  while (at < raw.length) {
    const end = raw.indexOf('\r\n', at)
    const line = raw.toString('latin1', at, end < 0 ? raw.length : end)
    at = end < 0 ? raw.length : end + 2
    // In the signed form a trailer may end in a bare line feed.
    for (const field of line.split('\n')) {
      const colon = field.indexOf(':')
      if (colon < 0) continue
      const name = field.slice(0, colon).trim().toLowerCase()
      const value = field.slice(colon + 1).trim()
      if (name === 'x-amz-trailer-signature') given = value
      else {
        trailers.set(name, value)
        signed += `${name}:${value}\n`
      }
    }
  }
  if (signing !== undefined) checkTrailer(signed, given, previous, signing)
  return trailers
}

function checkTrailer(signed: string, given: string | undefined, previous: string, signing: ChunkSigning): void {
  const text = ['AWS4-HMAC-SHA256-TRAILER', signing.timestamp, signing.scope, previous, sha256Hex(signed)].join('\n')
  if (given === undefined || !sameSignature(given, hmacHex(signing.key, text))) {
    throw new S3Error('SignatureDoesNotMatch')
  }
}

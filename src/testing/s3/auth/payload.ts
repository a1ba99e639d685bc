import { hash } from 'node:crypto'
import type { Fields } from '../../http/fields.js'
import { checkChecksum, type GivenChecksum, givenChecksum } from '../content/checksums.js'
import { invalidRequest, S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import { dechunk } from './chunked.js'
import type { PayloadMode } from './claim.js'
import { sha256Hex } from './signature.js'

/** The body of a request, checked against everything its sender said of it. */
export interface Payload {
  readonly bytes: Buffer
  /** MD5 of the bytes, in hex: computed when it is asked for, as not everything that is sent becomes an ETag. */
  readonly md5: () => string
  readonly hasContentMd5: boolean
  readonly checksum: GivenChecksum | undefined
}

/** Largest body of a request that is not an upload: room for 1,000 keys of 1,024 bytes in `DeleteObjects`. */
const documentBytes = 8 * 1024 * 1024

/** Reads an upload. */
export async function readUpload(request: S3Request, mode: PayloadMode, maxBytes: number): Promise<Payload> {
  checkLength(request, mode, maxBytes)
  return readPayload(request, mode, maxBytes)
}

/** What is asked of a document. */
export interface DocumentOptions {
  /** Whether S3 refuses the document without a Content-MD5 or checksum. */
  readonly digestRequired: boolean
  /** Whether the checksum headers are about the object and not about the document. */
  readonly checksumOfObject?: boolean
}

/** Reads a document, such as a set of tags. */
export async function readDocument(request: S3Request, mode: PayloadMode, options: DocumentOptions): Promise<string> {
  const payload = await readPayload(request, mode, documentBytes, {
    tooLongCode: 'MaxMessageLengthExceeded',
    checksumOfObject: options.checksumOfObject ?? false,
  })
  if (options.digestRequired && !payload.hasContentMd5 && payload.checksum === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5')
  }
  return payload.bytes.toString('utf8')
}

function checkLength(request: S3Request, mode: PayloadMode, maxBytes: number): void {
  const declared =
    request.headers.get('x-amz-decoded-content-length') ??
    (mode.kind === 'chunked' ? null : request.headers.get('content-length'))
  if (declared === null) {
    if (mode.kind === 'chunked') throw new S3Error('MissingContentLength')
    if (!request.overHttp) return
    if (request.headers.has('transfer-encoding')) {
      throw new S3Error('NotImplemented', { details: [['Header', 'Transfer-Encoding']] })
    }
    throw new S3Error('MissingContentLength')
  }
  if (Number(declared) > maxBytes) throw tooLarge(Number(declared), maxBytes)
}

function tooLarge(sizeBytes: number, maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', {
    details: [
      ['ProposedSize', sizeBytes],
      ['MaxSizeAllowed', maxBytes],
    ],
  })
}

const noBytes = Buffer.alloc(0)

type TooLongCode = 'EntityTooLarge' | 'MaxMessageLengthExceeded'

async function readPayload(
  request: S3Request,
  mode: PayloadMode,
  maxBytes: number,
  options: { readonly tooLongCode: TooLongCode; readonly checksumOfObject: boolean } = {
    tooLongCode: 'EntityTooLarge',
    checksumOfObject: false,
  },
): Promise<Payload> {
  const contentMd5 = readContentMd5(request.headers)
  // Refused before the body is read, where the headers alone are wrong.
  const announced = options.checksumOfObject ? undefined : givenChecksum(request.headers)
  // Chunk headers come on top of the content.
  const most = mode.kind === 'chunked' ? maxBytes * 1.1 + 65_536 : maxBytes
  const raw =
    (await request.body?.read(most, (sizeBytes) =>
      options.tooLongCode === 'EntityTooLarge' ? tooLarge(sizeBytes, most) : new S3Error(options.tooLongCode),
    )) ?? noBytes
  const { bytes, trailers } = decode(request, mode, raw)
  const md5 = contentMd5 === undefined ? undefined : checkedMd5(bytes, contentMd5)
  const checksum = trailers.size > 0 ? givenChecksum(request.headers, trailers) : announced
  checkAnnouncedTrailer(request.headers, trailers)
  if (checksum !== undefined) checkChecksum(checksum, bytes)
  return { bytes, md5: () => md5 ?? hash('md5', bytes), hasContentMd5: contentMd5 !== undefined, checksum }
}

function checkedMd5(bytes: Buffer, expected: Buffer): string {
  const calculated = hash('md5', bytes)
  if (calculated === expected.toString('hex')) return calculated
  throw new S3Error('BadDigest', {
    details: [
      ['ExpectedDigest', expected.toString('hex')],
      ['CalculatedDigest', Buffer.from(calculated, 'hex').toString('base64')],
    ],
  })
}

function readContentMd5(headers: Fields): Buffer | undefined {
  const value = headers.get('content-md5')
  if (value === null) return undefined
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== value)
    throw new S3Error('InvalidDigest', { details: [['Content-MD5', value]] })
  return bytes
}

const noTrailers: ReadonlyMap<string, string> = new Map()

function decode(
  request: S3Request,
  mode: PayloadMode,
  raw: Buffer,
): { readonly bytes: Buffer; readonly trailers: ReadonlyMap<string, string> } {
  if (mode.kind === 'chunked') {
    const dechunked = dechunk(raw, mode.trailer, mode.signing)
    if (
      dechunked.bytes.length !== Number(request.headers.get('x-amz-decoded-content-length') ?? dechunked.bytes.length)
    ) {
      throw new S3Error('IncompleteBody')
    }
    return dechunked
  }
  if (mode.kind === 'hash') {
    const computed = sha256Hex(raw)
    if (computed !== mode.sha256) {
      throw new S3Error('XAmzContentSHA256Mismatch', {
        details: [
          ['ClientComputedContentSHA256', mode.sha256],
          ['S3ComputedContentSHA256', computed],
        ],
      })
    }
  }
  return { bytes: raw, trailers: noTrailers }
}

function checkAnnouncedTrailer(headers: Fields, trailers: ReadonlyMap<string, string>): void {
  const announced = headers.get('x-amz-trailer')
  if (announced === null) return
  const names = announced.split(',').map((name) => name.trim().toLowerCase())
  if (names.some((name) => !trailers.has(name)) || [...trailers.keys()].some((name) => !names.includes(name))) {
    throw new S3Error('MalformedTrailerError')
  }
}

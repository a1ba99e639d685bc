import { createHash } from 'node:crypto'
import type { Fields } from '../../http/fields.js'
import { invalidRequest, S3Error } from '../http/errors.js'
import type { ChecksumAlgorithm, ChecksumType, StoredChecksum } from '../state/object-version.js'
import { crc32Checksum, crc32cChecksum, crc64nvmeChecksum, type RunningChecksum } from './crc.js'

const widths: ReadonlyMap<ChecksumAlgorithm, number> = new Map([
  ['CRC32', 4],
  ['CRC32C', 4],
  ['CRC64NVME', 8],
  ['SHA1', 20],
  ['SHA256', 32],
  ['SHA512', 64],
  ['MD5', 16],
])

const headerPrefix = 'x-amz-checksum-'

/** Name of the header that carries a checksum, e.g. `x-amz-checksum-sha256`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return headerPrefix + algorithm.toLowerCase()
}

/** Name of the element that carries a checksum, e.g. `ChecksumSHA256`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`
}

/** The algorithms that the simulator can compute: those of S3 but the XXHASH family. */
export const checksumAlgorithms: readonly ChecksumAlgorithm[] = [...widths.keys()]

/** Reads the value of `x-amz-checksum-algorithm` and its kin. */
export function readAlgorithm(value: string | null, header: string): ChecksumAlgorithm | undefined {
  if (value === null) return undefined
  const algorithm = checksumAlgorithms.find((known) => known === value.toUpperCase())
  if (algorithm !== undefined) return algorithm
  if (value.toUpperCase().startsWith('XXHASH')) {
    throw new S3Error('NotImplemented', { details: [['Header', header]] })
  }
  throw invalidRequest(
    header === 'x-amz-checksum-algorithm'
      ? 'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]'
      : `Value for ${header} header is invalid.`,
  )
}

/** Begins a checksum over several pieces. */
export function runningChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'CRC32':
      return crc32Checksum()
    case 'CRC32C':
      return crc32cChecksum()
    case 'CRC64NVME':
      return crc64nvmeChecksum()
    case 'SHA1':
    case 'SHA256':
    case 'SHA512':
    case 'MD5':
      return createHash(algorithm.toLowerCase())
  }
}

/** Checksum of bytes, in base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Buffer): string {
  const running = runningChecksum(algorithm)
  running.update(bytes)
  return running.digest().toString('base64')
}

/** Checksum of a stream of bytes, in base64. */
export async function checksumOfAll(algorithm: ChecksumAlgorithm, chunks: AsyncIterable<Buffer>): Promise<string> {
  const running = runningChecksum(algorithm)
  for await (const chunk of chunks) running.update(chunk)
  return running.digest().toString('base64')
}

/** Checksum of the checksums of the parts, `value-N`. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): StoredChecksum {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
  return { algorithm, value: `${checksumOf(algorithm, bytes)}-${parts.length}`, type: 'COMPOSITE' }
}

/** The type a multipart upload has for an algorithm, if it names none (user guide, "Checking object integrity"). */
export function defaultChecksumType(algorithm: ChecksumAlgorithm): ChecksumType {
  return algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE'
}

/** Only the CRCs can be full-object checksums of a multipart upload, and CRC64NVME can be nothing else. */
export function checkChecksumType(algorithm: ChecksumAlgorithm, type: ChecksumType): void {
  const fits = type === 'FULL_OBJECT' ? algorithm.startsWith('CRC') : algorithm !== 'CRC64NVME'
  if (!fits) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  }
}

/** A checksum that the sender gave, not yet compared. */
export interface GivenChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

/** Reads the one checksum that headers or trailers give. */
export function givenChecksum(
  headers: Fields,
  trailers: ReadonlyMap<string, string> = new Map(),
  options: { readonly composite?: boolean } = {},
): GivenChecksum | undefined {
  const declared = readAlgorithm(headers.get('x-amz-sdk-checksum-algorithm'), 'x-amz-sdk-checksum-algorithm')
  const given: GivenChecksum[] = []
  for (const fields of [headers, trailers]) {
    for (const name of fields.keys()) {
      if (!name.startsWith(headerPrefix)) continue
      const algorithm = checksumAlgorithms.find((known) => checksumHeader(known) === name)
      if (algorithm === undefined) {
        if (/^x-amz-checksum-(type|mode|algorithm)$/.test(name)) continue
        throw new S3Error('NotImplemented', { details: [['Header', name]] })
      }
      given.push({ algorithm, value: fields.get(name) ?? '' })
    }
  }
  const [first] = given
  if (given.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  if (declared !== undefined && first === undefined && headers.get('x-amz-trailer') === null) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  if (declared !== undefined && first !== undefined && declared !== first.algorithm) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
  if (first !== undefined) checkForm(first, options.composite ?? false)
  return first
}

function checkForm({ algorithm, value }: GivenChecksum, composite: boolean): void {
  const text = composite ? value.replace(/-\d+$/, '') : value
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text || bytes.length !== widths.get(algorithm)) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`)
  }
}

/** Compares a given checksum with the content. */
export function checkChecksum(given: GivenChecksum, bytes: Buffer): void {
  if (checksumOf(given.algorithm, bytes) !== given.value) {
    throw new S3Error('BadDigest', {
      message: `The ${given.algorithm} you specified did not match the calculated checksum.`,
    })
  }
}

/** Headers that tell a checksum. */
export function checksumHeaders(checksum: StoredChecksum | undefined): [string, string][] {
  if (checksum === undefined) return []
  return [
    [checksumHeader(checksum.algorithm), checksum.value],
    ['x-amz-checksum-type', checksum.type],
  ]
}

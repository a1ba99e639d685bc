import type { ObjectChecksum, ObjectState } from '../../../model/object.js'

/*
 * Checksums are an open set: S3 had five algorithms until 2026, has ten since, and other servers have others. Each is a
 * header `x-amz-checksum-NAME`.
 */

const prefix = 'x-amz-checksum-'
/** Headers of that form that are not checksums. */
const others: ReadonlySet<string> = new Set(['type', 'mode', 'algorithm'])

/** The algorithm whose checksum a header shows, as S3 names it; `undefined` for any other header. */
export function checksumAlgorithmOf(header: string): string | undefined {
  const lowerCase = header.toLowerCase()
  if (!lowerCase.startsWith(prefix)) return undefined
  const name = lowerCase.slice(prefix.length)
  return name === '' || others.has(name) ? undefined : name.toUpperCase()
}

/** A checksum with its type; where S3 does not name the type, one of parts ends in their number. */
export function checksumFrom(algorithm: string, value: string, type: string | undefined): ObjectChecksum {
  return { algorithm, value, type: type ?? (/-\d+$/.test(value) ? 'COMPOSITE' : 'FULL_OBJECT') }
}

/** Those that were there before 2026 first, in the order in which one of them was always taken. */
const order = ['CRC64NVME', 'SHA256', 'SHA1', 'CRC32C', 'CRC32']

/** What an object's state says of its checksums. */
export function checksumFields(found: readonly ObjectChecksum[]): Pick<ObjectState, 'checksum' | 'checksums'> {
  if (found.length < 2) return { checksum: found[0], checksums: undefined }
  const checksums = [...found].sort((a, b) => rank(a) - rank(b) || (a.algorithm < b.algorithm ? -1 : 1))
  return { checksum: checksums[0], checksums }
}

function rank({ algorithm }: ObjectChecksum): number {
  const at = order.indexOf(algorithm)
  return at < 0 ? order.length : at
}

/**
 * The algorithm to ask for in a copy, which takes one. Where there are several it is not the one that the server adds by
 * itself. What the copy does not get in the end shows when it is read back.
 */
export function algorithmToCarry({ checksum, checksums }: ObjectState): string | undefined {
  if (typeof checksums !== 'object') return checksum?.algorithm
  return (checksums.find(({ algorithm }) => algorithm !== 'CRC64NVME') ?? checksum)?.algorithm
}

import { isOtherVersion } from '../../../model/identity.js'
import { echoContradiction, isUnder, type ListAsked, type ListEcho } from '../protocol/list-echo.js'
import { factsOf } from '../protocol/operation-table.js'
import type { S3Operation } from '../protocol/operations.js'

/** What is read of any input. */
interface AnyInput {
  readonly Bucket: string
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
  readonly CopySource?: string | undefined
  readonly Prefix?: string | undefined
  readonly Delimiter?: string | undefined
  readonly StartAfter?: string | undefined
  readonly ContinuationToken?: string | undefined
  readonly KeyMarker?: string | undefined
  readonly VersionIdMarker?: string | undefined
  readonly UploadIdMarker?: string | undefined
}

/** What is read of any output. */
interface AnyOutput extends Partial<Record<keyof AnyInput | 'Name' | 'EncodingType', unknown>> {}

type Headers = Readonly<Record<string, string | undefined>>

/**
 * What shows that an answer belongs to another request. It compares what the answer repeats of the request: the
 * version, the source of a copy, the place of a listing, the object of an upload. `undefined` if the answer may
 * belong to this request. Pure.
 */
export function foreignAnswer(
  operation: S3Operation,
  input: object,
  answer: { readonly output: object; readonly headers: Headers },
): string | undefined {
  const { output, headers } = answer
  const asked = input as AnyInput
  const { echoes } = factsOf(operation)
  if (echoes === 'listing') {
    const echoed = echoContradiction(askedOf(operation, asked), echoOf(operation, output))
    return echoed ?? (isOutside(output, asked.Prefix ?? '') ? 'a listing of keys outside of the prefix' : undefined)
  }
  const version = headers['x-amz-version-id']
  if (isOtherVersion(asked.VersionId, version)) return `what belongs to version ${version}`
  const source = headers['x-amz-copy-source-version-id']
  if (asked.CopySource !== undefined && isOtherVersion(sourceVersionOf(asked.CopySource), source)) {
    return `what belongs to a copy of version ${source}`
  }
  if (echoes !== 'key') return undefined
  const { Key } = output as AnyOutput
  // XML does not carry every key as it is.
  const isOther = typeof Key === 'string' && Key !== asked.Key && plain.test(asked.Key ?? '')
  return isOther ? 'what belongs to another key' : undefined
}

const plain = /^[!-$&-~]+$/

/** What an error of S3 names. */
interface NamingError {
  readonly Key?: unknown
  readonly Resource?: unknown
}

/** In what a refusal is that of another request: it names the key, or the path that ends in it. Pure. */
export function foreignRefusal(error: object, key: string | undefined): string | undefined {
  const { Key, Resource } = error as NamingError
  // XML and URLs do not carry every key as it is.
  if (key === undefined || !plain.test(key)) return undefined
  const isOther = typeof Key === 'string' && plain.test(Key) && Key !== key
  const isElsewhere = typeof Resource === 'string' && plain.test(Resource) && !`/${Resource}`.endsWith(`/${key}`)
  // Some servers name no more than the bucket.
  const namesAny = typeof Resource === 'string' && /[^/]\/[^/]/.test(Resource)
  return isOther || (isElsewhere && namesAny) ? 'what is said of another key' : undefined
}

const versionParameter = '?versionId='

function sourceVersionOf(source: string): string | undefined {
  const at = source.lastIndexOf(versionParameter)
  return at < 0 ? undefined : decodeURIComponent(source.slice(at + versionParameter.length))
}

/** The parts of a listing, each of which has a key. */
const parts = ['Contents', 'Versions', 'DeleteMarkers', 'Uploads'] as const

function isOutside(output: object, prefix: string): boolean {
  const { EncodingType } = output as AnyOutput
  const encoding = typeof EncodingType === 'string' ? EncodingType : undefined
  const listed = output as Partial<Record<(typeof parts)[number], readonly { readonly Key?: unknown }[]>>
  return parts.some((part) =>
    listed[part]?.some(({ Key }) => typeof Key === 'string' && !isUnder(Key, prefix, encoding)),
  )
}

/** What a listing was asked for, as its input says it. */
export function askedOf(operation: string, input: AnyInput): ListAsked {
  return {
    bucket: input.Bucket,
    prefix: input.Prefix,
    delimiter: input.Delimiter,
    startAfter: input.StartAfter,
    token: input.ContinuationToken,
    keyMarker: input.KeyMarker,
    idMarker: operation === 'ListMultipartUploads' ? input.UploadIdMarker : input.VersionIdMarker,
  }
}

function echoOf(operation: string, output: AnyOutput): ListEcho {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const isUploads = operation === 'ListMultipartUploads'
  return {
    name: text(isUploads ? output.Bucket : output.Name),
    prefix: text(output.Prefix),
    delimiter: text(output.Delimiter),
    startAfter: text(output.StartAfter),
    token: text(output.ContinuationToken),
    keyMarker: text(output.KeyMarker),
    idMarker: text(isUploads ? output.UploadIdMarker : output.VersionIdMarker),
    encoding: text(output.EncodingType),
  }
}

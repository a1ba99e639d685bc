import type { Stage } from '../errors.js'
import type { CallOptions } from '../ports.js'
import { decodeKey } from './s3-list.js'
import { invalidAnswer, type S3Requests } from './s3-requests.js'

/** One entry of a key's history. */
export interface VersionEntry {
  readonly versionId: string
  readonly deleteMarker: boolean
}

/**
 * The version or delete marker that lies right beneath `after`, or on top without it. One entry a request: S3 answers
 * versions and markers in separate lists, whose order among each other is lost as soon as there are two.
 */
export async function nextVersion(
  requests: S3Requests,
  at: { readonly key: string; readonly after?: string | undefined },
  stage: Stage,
  call: CallOptions,
): Promise<VersionEntry | undefined> {
  const { output } = await requests.send(
    'ListObjectVersions',
    {
      Prefix: at.key,
      MaxKeys: 1,
      EncodingType: 'url',
      ...(at.after === undefined ? {} : { KeyMarker: at.key, VersionIdMarker: at.after }),
    },
    { stage, signal: call.signal },
  )
  if (output.IsTruncated === undefined && output.Name === undefined) {
    const context = { operation: 'ListObjectVersions', stage, bucket: requests.bucket, key: at.key, mutation: false }
    throw invalidAnswer(context, 'something other than a list of versions')
  }
  const version = output.Versions?.[0]
  const marker = output.DeleteMarkers?.[0]
  const entry = version ?? marker
  // Longer keys with this prefix follow the key's own history.
  if (entry?.Key === undefined || decodeKey(entry.Key, output.EncodingType) !== at.key) return undefined
  return { versionId: entry.VersionId ?? 'null', deleteMarker: version === undefined }
}

import { parseCsv } from '../../internal/text/csv.js'
import type { JobRequest } from './create-job.js'
import type { StorageAccess } from './storage.js'

/** One task of a job. */
export interface ControlTask {
  readonly id: string
  readonly bucket: string
  /** Decoded. */
  readonly key: string
  /** As the manifest has it. */
  readonly encodedKey: string
  readonly versionId: string | undefined
}

/** Why a manifest cannot be used; the job fails with it. */
export class ManifestFault extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Reads the tasks of a job from its manifest, by the rules of the user guide, "Specifying a manifest". */
export async function readTasks(access: StorageAccess, { manifest }: JobRequest): Promise<ControlTask[]> {
  const object = await access.read(manifest.bucket, manifest.key)
  if (object === undefined) throw new ManifestFault('ManifestNotFound', 'Manifest object was not found.')
  if (object.etag !== manifest.etag) {
    throw new ManifestFault('ManifestETagMismatch', 'The ETag of the manifest object is not the one that was given.')
  }
  if (object.encryption !== undefined && object.encryption !== 'AES256') {
    throw new ManifestFault(
      'ManifestEncryption',
      'Manifests that are encrypted with SSE-KMS or SSE-C are not supported.',
    )
  }
  const rows = parseCsv(object.body.toString('utf8'))
  if (rows === undefined) throw new ManifestFault('ManifestInvalid', 'The manifest is not CSV.')
  if (rows.length === 0) throw new ManifestFault('ManifestEmpty', 'The manifest has no tasks.')
  const at = (name: string) => manifest.fields.indexOf(name)
  const [bucketAt, keyAt, versionAt] = [at('Bucket'), at('Key'), at('VersionId')]
  const buckets = new Set<string>()
  return rows.map((row, index) => {
    const line = index + 1
    if (row.length !== manifest.fields.length) {
      throw new ManifestFault('ManifestInvalid', `Row ${line} has ${row.length} fields, not ${manifest.fields.length}.`)
    }
    const [bucket = '', encodedKey = '', version = ''] = [row[bucketAt], row[keyAt], row[versionAt]]
    const key = decode(encodedKey)
    if (bucket === '' || key === undefined || key === '' || Buffer.byteLength(key) > 1024) {
      throw new ManifestFault('ManifestInvalid', `Row ${line} does not name an object: keys must be URL-encoded.`)
    }
    buckets.add(bucket)
    if (buckets.size > 1) throw new ManifestFault('ManifestInvalid', 'All objects must be in the same bucket.')
    const id = Buffer.from(`task ${line}`).toString('base64')
    return { id, bucket, key, encodedKey, versionId: version === '' ? undefined : version }
  })
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

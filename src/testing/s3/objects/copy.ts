import type { Answer } from '../../http/answer.js'
import type { Fields } from '../../http/fields.js'
import type { Call } from '../call.js'
import { joinBodies, readBody, releaseBody, retainBody } from '../content/blobs.js'
import { checksumElement, checksumOfAll, readAlgorithm } from '../content/checksums.js'
import { invalidArgument, invalidRequest } from '../http/errors.js'
import { xmlAnswer } from '../http/respond.js'
import { isoSeconds } from '../http/time.js'
import { leaf, xmlDocument } from '../http/xml.js'
import type { ObjectProperties, ObjectVersion, StoredChecksum } from '../state/object-version.js'
import { checkSourceConditions, checkWriteConditionForm, checkWriteConditions } from './conditions.js'
import { type CopySource, findSource } from './copy-source.js'
import { hasPlainEtag } from './encryption.js'
import { withDefaultRetention } from './lock.js'
import { allowWrite, metadataFromHeaders, propertiesFromHeaders } from './properties.js'
import { versionHeader, writeVersion } from './versions.js'
import { allowConditions, commit, contentEtag, writeHeaders } from './write.js'

/**
 * Copies an object. Properties that the request does not name are not copied but get S3's defaults. See the table
 * of s3-facts, "A copy onto itself is the only way to change user metadata, and it loses things".
 */
export async function copyObject(call: Call): Promise<Answer> {
  const { headers } = call
  allowWrite(call)
  allowConditions(call)
  checkWriteConditionForm(headers)
  const directives = readDirectives(headers)
  const source = findSource(call)
  const { version } = source
  if (directives.tags === 'COPY' && version.tags.length > 0) {
    call.allow('s3:GetObjectTagging', { bucket: source.bucket, key: version.key, version })
    call.allow('s3:PutObjectTagging')
  }
  checkSourceConditions(call, version)
  const { maxCopySizeBytes } = call.simulation.limits
  if (version.body.sizeBytes > maxCopySizeBytes) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${maxCopySizeBytes}`,
    )
  }
  if (directives.metadata === 'COPY') refusePointless(call, source)
  const properties = copiedProperties(call, version, directives)
  const copy = await write(call, version, properties)
  return xmlAnswer(copyResult('CopyObjectResult', copy), [
    // The ETag of a copy is in its document only.
    ...writeHeaders(call.bucket(), copy).filter(([name]) => !/^(etag|x-amz-version-id|x-amz-checksum-.*)$/.test(name)),
    // Unlike other writes, a copy also answers the null version of a suspended bucket.
    ['x-amz-version-id', versionHeader(call.bucket(), copy)],
    ['x-amz-copy-source-version-id', version.versionId === 'null' ? undefined : version.versionId],
  ])
}

interface Directives {
  readonly metadata: 'COPY' | 'REPLACE'
  readonly tags: 'COPY' | 'REPLACE'
}

function readDirectives(headers: Fields): Directives {
  return {
    metadata: readDirective(headers, 'x-amz-metadata-directive', 'Unknown metadata directive.'),
    tags: readDirective(headers, 'x-amz-tagging-directive', 'Unknown tagging directive.'),
  }
}

function readDirective(headers: Fields, name: string, message: string): 'COPY' | 'REPLACE' {
  const value = headers.get(name) ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') throw invalidArgument(name, value, message)
  return value
}

/** A copy of the current version onto itself must change something. */
function refusePointless(call: Call, { bucket, version, versionId }: CopySource): void {
  const onItself = bucket.settings.name === call.bucketName && version.key === call.key
  const isCurrent = versionId === undefined || bucket.objects.current(version.key) === version
  const changes = [...call.headers.keys()].some(
    (name) =>
      name === 'x-amz-storage-class' ||
      name === 'x-amz-website-redirect-location' ||
      name.startsWith('x-amz-server-side-encryption'),
  )
  // The copy gets the bucket's default, which may differ from how the source is encrypted.
  const reencrypts = bucket.settings.encryptionConfigured || version.encryption.algorithm !== 'AES256'
  if (onItself && isCurrent && !changes && !reencrypts) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
}

function copiedProperties(call: Call, source: ObjectVersion, directives: Directives): ObjectProperties {
  const { settings } = call.bucket()
  if (directives.metadata === 'REPLACE') metadataFromHeaders(call.headers)
  const sent = withDefaultRetention(propertiesFromHeaders(call.headers, settings, call.nowMs), settings, call.nowMs)
  return {
    ...sent,
    ...(directives.metadata === 'COPY' ? { metadata: source.metadata, headers: source.headers } : {}),
    ...(directives.tags === 'COPY' ? { tags: source.tags } : {}),
  }
}

async function write(call: Call, source: ObjectVersion, properties: ObjectProperties): Promise<ObjectVersion> {
  const { blobs } = call.store
  // Kept, should the source be deleted while it is read.
  retainBody(blobs, source.body)
  try {
    const body = joinBodies([source.body])
    const sameEtag =
      source.parts === undefined && hasPlainEtag(source.encryption) && hasPlainEtag(properties.encryption)
    const etag = sameEtag ? source.etag : await contentEtag(call, body, properties.encryption)
    const checksum = await copiedChecksum(call, source)
    return commit(call, body, (bucket, current) => {
      checkWriteConditions(call, current)
      return writeVersion(call, bucket, { ...properties, key: call.key, deleteMarker: false, body, etag, checksum })
    })
  } finally {
    releaseBody(blobs, source.body)
  }
}

/** The algorithm of the source is kept unless another is asked for; the value is one of the whole object. */
async function copiedChecksum(call: Call, source: ObjectVersion): Promise<StoredChecksum> {
  const name = 'x-amz-checksum-algorithm'
  const algorithm = readAlgorithm(call.headers.get(name), name) ?? source.checksum?.algorithm ?? 'CRC64NVME'
  if (source.checksum?.type === 'FULL_OBJECT' && source.checksum.algorithm === algorithm) return source.checksum
  const value = await checksumOfAll(algorithm, readBody(call.store.blobs, source.body))
  return { algorithm, value, type: 'FULL_OBJECT' }
}

/** The document that answers a copy. */
export function copyResult(
  root: 'CopyObjectResult' | 'CopyPartResult',
  result: {
    readonly lastModifiedMs: number
    readonly etag: string
    readonly checksum?:
      | { readonly algorithm: StoredChecksum['algorithm']; readonly value: string; readonly type?: string }
      | undefined
  },
): string {
  const { checksum } = result
  return xmlDocument(
    root,
    leaf('LastModified', isoSeconds(result.lastModifiedMs)),
    leaf('ETag', `"${result.etag}"`),
    checksum === undefined ? '' : leaf(checksumElement(checksum.algorithm), checksum.value),
    leaf('ChecksumType', checksum?.type),
  )
}

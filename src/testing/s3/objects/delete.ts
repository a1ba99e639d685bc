import type { Answer } from '../../http/answer.js'
import { privateAcl } from '../access/acl.js'
import type { Call } from '../call.js'
import { S3Error } from '../http/errors.js'
import { asS3Error, emptyAnswer, xmlAnswer } from '../http/respond.js'
import { children, childText, leaf, node, onlyChildren, type XmlElement, xmlDocument } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { sequenceOfVersion } from '../state/version-id.js'
import { matchesEtag } from './conditions.js'
import { bypassesGovernance, checkDeletable } from './lock.js'
import { writeVersion } from './versions.js'

interface Deletion {
  readonly key: string
  readonly versionId: string | undefined
  readonly ifMatch: string | undefined
}

interface Deleted {
  readonly versionId: string | undefined
  readonly marker: boolean
}

/** A version id that the bucket never gave; `DeleteObjects` has another code for it than `DeleteObject`. */
class UnknownVersion extends S3Error {
  constructor(versionId: string) {
    super('InvalidArgument', {
      message: 'Invalid version id specified',
      details: [
        ['ArgumentName', 'versionId'],
        ['ArgumentValue', versionId],
      ],
    })
  }
}

/** Carries out `DeleteObject`. */
export function deleteObject(call: Call): Answer {
  const deleted = remove(call, {
    key: call.key,
    versionId: call.requestedVersion,
    ifMatch: call.header('if-match'),
  })
  return emptyAnswer(204, [
    ['x-amz-version-id', deleted.versionId],
    ['x-amz-delete-marker', deleted.marker ? 'true' : undefined],
  ])
}

function remove(call: Call, deletion: Deletion): Deleted {
  const bucket = call.bucket()
  const { key, versionId, ifMatch } = deletion
  const versions = bucket.objects.get(key)
  const target = versionId === undefined ? versions[0] : versions.find((version) => version.versionId === versionId)
  call.allow(versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', { key, version: target })
  if (ifMatch !== undefined && target !== undefined && (target.deleteMarker || !matchesEtag(ifMatch, target.etag))) {
    throw new S3Error('PreconditionFailed', { details: [['Condition', 'If-Match']] })
  }
  if (versionId !== undefined) return removeVersion(call, bucket, versionId, target)
  return bucket.settings.versioning === undefined
    ? removeOnly(call, bucket, target)
    : addMarker(call, bucket, key, versions)
}

function removeVersion(call: Call, bucket: Bucket, versionId: string, target: ObjectVersion | undefined): Deleted {
  const { name, versioning } = bucket.settings
  call.versionId = versionId
  const named = versioning === undefined ? undefined : versionId
  if (target === undefined) {
    // Deleting what is gone succeeds, so that it can be repeated; an id that was never given does not.
    if (versionId !== 'null' && sequenceOfVersion(name, versionId) === undefined) throw new UnknownVersion(versionId)
    return { versionId: named, marker: false }
  }
  checkDeletable(target, call.nowMs, () => bypassesGovernance(call))
  call.store.removeVersion(name, target)
  return { versionId: named, marker: target.deleteMarker }
}

function removeOnly(call: Call, bucket: Bucket, target: ObjectVersion | undefined): Deleted {
  if (target !== undefined) {
    checkDeletable(target, call.nowMs, () => bypassesGovernance(call))
    call.store.removeVersion(bucket.settings.name, target)
  }
  return { versionId: undefined, marker: false }
}

/** A marker lies on top, also where there was nothing; while versioning is suspended it replaces the null version. */
function addMarker(call: Call, bucket: Bucket, key: string, versions: readonly ObjectVersion[]): Deleted {
  if (bucket.settings.versioning === 'Suspended') {
    const replaced = versions.find(({ versionId }) => versionId === 'null')
    if (replaced !== undefined) checkDeletable(replaced, call.nowMs, () => bypassesGovernance(call))
  }
  const marker = writeVersion(call, bucket, {
    key,
    deleteMarker: true,
    body: { segments: [], sizeBytes: 0 },
    etag: '',
    metadata: [],
    headers: [],
    storageClass: 'STANDARD',
    encryption: { algorithm: 'AES256' },
    tags: [],
    acl: privateAcl,
  })
  return { versionId: marker.versionId, marker: true }
}

const mostKeys = 1000

/** Carries out `DeleteObjects`. */
export async function deleteObjects(call: Call): Promise<Answer> {
  const document = await call.xml('Delete', { digestRequired: true })
  onlyChildren(document, ['Object', 'Quiet'])
  const objects = children(document, 'Object')
  if (objects.length === 0 || objects.length > mostKeys) throw new S3Error('MalformedXML')
  const quiet = childText(document, 'Quiet')?.toLowerCase() === 'true'
  const results = objects.map(readDeletion).map((deletion) => removeOne(call, deletion, quiet))
  return xmlAnswer(xmlDocument('DeleteResult', ...results))
}

function readDeletion(element: XmlElement): Deletion {
  const key = childText(element, 'Key')
  if (key === undefined) throw new S3Error('MalformedXML')
  return { key, versionId: childText(element, 'VersionId') || undefined, ifMatch: childText(element, 'ETag') }
}

/** Each key succeeds or fails by itself. */
function removeOne(call: Call, deletion: Deletion, quiet: boolean): string {
  const { key, versionId } = deletion
  try {
    if (key === '') throw new S3Error('InvalidArgument', { message: 'Key must not be empty' })
    if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
    const deleted = remove(call, deletion)
    if (quiet) return ''
    return node(
      'Deleted',
      leaf('Key', key),
      leaf('VersionId', versionId),
      leaf('DeleteMarker', deleted.marker ? true : undefined),
      leaf('DeleteMarkerVersionId', deleted.marker ? deleted.versionId : undefined),
    )
  } catch (error) {
    const { code, message } = asS3Error(error instanceof UnknownVersion ? new S3Error('NoSuchVersion') : error)
    return node('Error', leaf('Key', key), leaf('VersionId', versionId), leaf('Code', code), leaf('Message', message))
  }
}

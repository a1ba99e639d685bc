import { dayMs } from '../../../internal/durations.js'
import type { Answer } from '../../http/answer.js'
import { aclFromHeaders, aclFromXml, aclXml, namesAcl } from '../access/acl.js'
import type { Call } from '../call.js'
import { invalidRequest, S3Error } from '../http/errors.js'
import { emptyAnswer, xmlAnswer } from '../http/respond.js'
import { childText, leaf, xmlDocument } from '../http/xml.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { Bucket } from '../state/state.js'
import { bypassesGovernance, checkRetentionChange, requireObjectLock, retainUntil, retentionFromXml } from './lock.js'
import { tagSetXml, tagsFromXml } from './tags.js'
import { findVersion, markerNotAllowed, versionHeader } from './versions.js'

interface Target {
  readonly bucket: Bucket
  readonly version: ObjectVersion
}

/** Finds the version a sub-resource belongs to. */
function locate(
  call: Call,
  action: string,
  versionedAction: string,
  options: { readonly markerIsMissing?: boolean } = {},
): Target {
  const bucket = call.bucket()
  const versionId = call.requestedVersion
  const known = bucket.objects.get(call.key)
  const asked = versionId === undefined ? known[0] : known.find((version) => version.versionId === versionId)
  call.allow(versionId === undefined ? action : versionedAction, { version: asked })
  const version = findVersion(call, { bucket, key: call.key, versionId }, { markers: !options.markerIsMissing })
  // A marker has no sub-resources: for most of them not even the current one counts as a missing key.
  if (version.deleteMarker) throw markerNotAllowed(call, bucket, version)
  return { bucket, version }
}

/** Changes a version in place: no new version arises, and its date stays. */
function change(call: Call, { bucket, version }: Target, changes: Partial<ObjectVersion>): void {
  call.store.saveVersion(bucket.settings.name, { ...version, ...changes })
}

function versionHeaders({ bucket, version }: Target): [string, string | undefined][] {
  return [['x-amz-version-id', versionHeader(bucket, version)]]
}

/** Carries out `GetObjectTagging`. */
export function getObjectTagging(call: Call): Answer {
  const target = locate(call, 's3:GetObjectTagging', 's3:GetObjectVersionTagging')
  return xmlAnswer(xmlDocument('Tagging', tagSetXml(target.version.tags)), versionHeaders(target))
}

/** Carries out `PutObjectTagging`. */
export async function putObjectTagging(call: Call): Promise<Answer> {
  locate(call, 's3:PutObjectTagging', 's3:PutObjectVersionTagging')
  const tags = tagsFromXml(await call.xml('Tagging', { digestRequired: false }), 'object')
  for (const [name, value] of tags) call.addConditionKey(`s3:RequestObjectTag/${name}`, [value])
  const target = locate(call, 's3:PutObjectTagging', 's3:PutObjectVersionTagging')
  change(call, target, { tags })
  return emptyAnswer(200, versionHeaders(target))
}

/** Carries out `DeleteObjectTagging`. */
export function deleteObjectTagging(call: Call): Answer {
  const target = locate(call, 's3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging')
  change(call, target, { tags: [] })
  return emptyAnswer(204, versionHeaders(target))
}

/** Carries out `GetObjectAcl`. */
export function getObjectAcl(call: Call): Answer {
  const { version } = locate(call, 's3:GetObjectAcl', 's3:GetObjectVersionAcl', { markerIsMissing: true })
  return xmlAnswer(aclXml(version.acl))
}

/** Carries out `PutObjectAcl`. */
export async function putObjectAcl(call: Call): Promise<Answer> {
  locate(call, 's3:PutObjectAcl', 's3:PutObjectVersionAcl')
  const { settings } = call.bucket()
  const text = await call.text({ digestRequired: false })
  if (text !== '' && namesAcl(call.headers)) throw new S3Error('UnexpectedContent')
  const fromHeaders = aclFromHeaders(call.headers, settings)
  if (fromHeaders === undefined && text === '') {
    throw new S3Error('MissingSecurityHeader', { details: [['MissingHeaderName', 'x-amz-acl']] })
  }
  const acl = fromHeaders ?? aclFromXml(call.parse(text, 'AccessControlPolicy'), settings)
  const target = locate(call, 's3:PutObjectAcl', 's3:PutObjectVersionAcl')
  change(call, target, { acl })
  return emptyAnswer(200, versionHeaders(target))
}

/** Carries out `GetObjectLegalHold`. */
export function getObjectLegalHold(call: Call): Answer {
  const { version, bucket } = locate(call, 's3:GetObjectLegalHold', 's3:GetObjectLegalHold')
  requireObjectLock(bucket)
  if (version.legalHold === undefined) throw new S3Error('NoSuchObjectLockConfiguration')
  return xmlAnswer(xmlDocument('LegalHold', leaf('Status', version.legalHold)))
}

/** Carries out `PutObjectLegalHold`. */
export async function putObjectLegalHold(call: Call): Promise<Answer> {
  call.allow('s3:PutObjectLegalHold')
  const document = await call.xml('LegalHold', { digestRequired: true })
  const status = childText(document, 'Status')
  if (status !== 'ON' && status !== 'OFF') throw new S3Error('MalformedXML')
  requireObjectLock(call.bucket())
  const target = locate(call, 's3:PutObjectLegalHold', 's3:PutObjectLegalHold')
  change(call, target, { legalHold: status })
  return emptyAnswer(200)
}

/** Carries out `GetObjectRetention`. */
export function getObjectRetention(call: Call): Answer {
  const { version, bucket } = locate(call, 's3:GetObjectRetention', 's3:GetObjectRetention')
  requireObjectLock(bucket)
  const { retention } = version
  if (retention === undefined) throw new S3Error('NoSuchObjectLockConfiguration')
  return xmlAnswer(
    xmlDocument('Retention', leaf('Mode', retention.mode), leaf('RetainUntilDate', retainUntil(retention))),
  )
}

/** Carries out `PutObjectRetention`. */
export async function putObjectRetention(call: Call): Promise<Answer> {
  call.allow('s3:PutObjectRetention')
  requireObjectLock(call.bucket())
  const document = await call.xml('Retention', { digestRequired: true })
  const retention = retentionFromXml(document, call.nowMs)
  const target = locate(call, 's3:PutObjectRetention', 's3:PutObjectRetention')
  const bypass = bypassesGovernance(call)
  checkRetentionChange(target.version.retention, retention, { nowMs: call.nowMs, bypass })
  change(call, target, { retention })
  return emptyAnswer(200)
}

/** Restores an archived object at once: the simulator has no shelves to fetch it from. */
export async function restoreObject(call: Call): Promise<Answer> {
  const target = locate(call, 's3:RestoreObject', 's3:RestoreObject')
  const document = await call.xml('RestoreRequest', { digestRequired: false })
  const days = Number(childText(document, 'Days'))
  const { version } = target
  const archived = version.storageClass === 'GLACIER' || version.storageClass === 'DEEP_ARCHIVE'
  if (!archived && version.archiveStatus === undefined) {
    throw new S3Error('InvalidObjectState', {
      message: "Restore is not allowed for the object's current storage class",
      details: [['StorageClass', version.storageClass]],
    })
  }
  if (version.archiveStatus !== undefined) {
    change(call, target, { archiveStatus: undefined })
    return emptyAnswer(202)
  }
  if (!Number.isInteger(days) || days < 1) throw invalidRequest('Days must be a positive integer')
  const restored = (version.restoredUntilMs ?? 0) > call.nowMs
  change(call, target, { restoredUntilMs: Math.ceil((call.nowMs + days * dayMs) / dayMs) * dayMs })
  return emptyAnswer(restored ? 200 : 202)
}

import pLimit from 'p-limit'
import { dayMs } from '../../../internal/durations.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { ObjectRef } from '../../../model/object.js'
import type { CallOptions } from '../../../ports/runtime.js'
import { isUnsupported } from '../read/bucket.js'
import { target } from '../read/target.js'
import type { S3Requests } from '../send/requests.js'

const stage = 'inspect'

/** An action that was tried in vain: the caller may not take it, or the server does not implement it. */
export interface ProbedAction {
  readonly action: string
  readonly result: 'refused' | 'unsupported'
}

/**
 * Tries the needed actions without changing anything and returns those that are denied.
 *
 * S3 checks permissions before it looks for the key. A write to a key that does not exist therefore answers 403 or
 * 404 and never has an effect. PutObjectTagging, PutObjectLegalHold, PutObjectRetention and PutObjectAcl change
 * existing objects only. A part for an upload that was never begun (s3:PutObject) is NoSuchUpload. A conditional
 * copy or put would not do, since Ceph RGW ignores the condition and writes (s3-facts: servers).
 *
 * Some permissions cannot be tried without an effect and are not tried. These are kms:Decrypt and
 * kms:GenerateDataKey of a caller's key, and conditions on the tags, encryption or storage class of a request.
 */
export async function probeActions(
  requests: S3Requests,
  actions: readonly string[],
  at: { readonly prefix: string; readonly sample?: ObjectRef | undefined },
  call: CallOptions,
): Promise<readonly ProbedAction[]> {
  const missing = { bucket: requests.bucket, key: `${at.prefix}.permission-probe-${crypto.randomUUID()}` }
  const limit = pLimit(8)
  const probed = await Promise.all(
    actions.map((action) =>
      limit(async (): Promise<ProbedAction | undefined> => {
        const result = await failureOf(() => probe(requests, action, { ...at, missing }, call))
        return result === undefined ? undefined : { action, result }
      }),
    ),
  )
  return probed.filter((failed) => failed !== undefined)
}

async function failureOf(attempt: () => Promise<unknown>): Promise<ProbedAction['result'] | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    if (!LegalHoldError.isInstance(error)) throw error
    if (error.code === 'STORAGE_FORBIDDEN') return 'refused'
    if (isUnsupported(error)) return 'unsupported'
    // No answer about the permission: the whole inspection must be repeated.
    if (error.retryable || error.code === 'ABORTED' || error.code === 'STORAGE_UNAUTHORIZED') throw error
    return undefined
  }
}

async function probe(
  requests: S3Requests,
  action: string,
  at: { readonly prefix: string; readonly sample?: ObjectRef | undefined; readonly missing: ObjectRef },
  { signal }: CallOptions,
): Promise<unknown> {
  const call = { stage, signal } as const
  const { missing } = at
  const nowhere = target(missing)
  const nullVersion = { ...nowhere, VersionId: 'null' }
  const sample = at.sample ?? missing
  const current = { Key: sample.key }
  const version = { Key: sample.key, VersionId: sample.versionId ?? 'null' }
  const untagged = { Tagging: { TagSet: [] } }
  switch (action) {
    case 's3:ListBucket':
      return requests.send('ListObjectsV2', { Prefix: at.prefix, MaxKeys: 1 }, call)
    case 's3:ListBucketVersions':
      return requests.send('ListObjectVersions', { Prefix: at.prefix, MaxKeys: 1 }, call)
    case 's3:ListBucketMultipartUploads':
      return requests.send('ListMultipartUploads', { Prefix: at.prefix, MaxUploads: 1 }, call)
    case 's3:GetObject':
      return requests.send('HeadObject', current, call)
    case 's3:GetObjectVersion':
      return requests.send('HeadObject', version, call)
    case 's3:GetObjectTagging':
      return requests.send('GetObjectTagging', current, call)
    case 's3:GetObjectVersionTagging':
      return requests.send('GetObjectTagging', version, call)
    case 's3:GetObjectLegalHold':
      return requests.send('GetObjectLegalHold', current, call)
    case 's3:GetObjectRetention':
      return requests.send('GetObjectRetention', current, call)
    case 's3:GetObjectAcl':
      return requests.send('GetObjectAcl', current, call)
    case 's3:GetObjectVersionAcl':
      return requests.send('GetObjectAcl', version, call)
    case 's3:PutObject':
      return requests.send(
        'UploadPart',
        { ...nowhere, UploadId: 'permission-probe', PartNumber: 1, Body: noBytes },
        call,
      )
    case 's3:AbortMultipartUpload':
      return requests.send('AbortMultipartUpload', { ...nowhere, UploadId: 'permission-probe' }, call)
    case 's3:PutObjectTagging':
      return requests.send('PutObjectTagging', { ...nowhere, ...untagged }, call)
    case 's3:PutObjectVersionTagging':
      return requests.send('PutObjectTagging', { ...nullVersion, ...untagged }, call)
    case 's3:PutObjectLegalHold':
      return requests.send('PutObjectLegalHold', { ...nowhere, LegalHold: { Status: 'OFF' } }, call)
    case 's3:PutObjectRetention': {
      const RetainUntilDate = new Date(Date.now() + dayMs)
      return requests.send(
        'PutObjectRetention',
        { ...nowhere, Retention: { Mode: 'GOVERNANCE', RetainUntilDate } },
        call,
      )
    }
    case 's3:PutObjectAcl':
      return requests.send('PutObjectAcl', { ...nowhere, ACL: 'private' }, call)
    case 's3:PutObjectVersionAcl':
      return requests.send('PutObjectAcl', { ...nullVersion, ACL: 'private' }, call)
    default:
      throw new LegalHoldError(`The action ${action} has no probe.`, { code: 'INTERNAL', stage })
  }
}

const noBytes = new Uint8Array(0)

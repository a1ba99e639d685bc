// What a careful engineer writes with the AWS SDK so that a copy loses nothing: reads tags and locks, holds the original, copies
// that very version with all its properties, reads back, and looks at what lies beneath.
import {
  CopyObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLegalHoldCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { credentials, endpoint, inLanes, measureRun, objectLock, region, tag } from './measure.mjs'

const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })

/**
 * An object without a lock is an error in S3.
 *
 * @template T
 * @param {Promise<T>} request
 */
async function ifAny(request) {
  try {
    return await request
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchObjectLockConfiguration') return undefined
    throw error
  }
}

/** @param {{ Bucket: string, Key: string, VersionId: string | undefined }} version */
async function locksOf(version) {
  if (!objectLock) return {}
  const hold = await ifAny(client.send(new GetObjectLegalHoldCommand(version)))
  const retention = await ifAny(client.send(new GetObjectRetentionCommand(version)))
  return { hold: hold?.LegalHold?.Status, retention: retention?.Retention }
}

await measureRun((Bucket, objects) => {
  async function* keys() {
    for await (const page of paginateListObjectsV2({ client }, { Bucket })) {
      for (const { Key } of page.Contents ?? []) yield decodeURIComponent(Key ?? '')
    }
  }
  return inLanes(keys(), objects, async (Key) => {
    const before = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    const { VersionId, Metadata, ETag } = before
    const original = { Bucket, Key, VersionId }
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(original))
    const { hold, retention } = await locksOf(original)
    if (objectLock && hold !== 'ON') {
      await client.send(new PutObjectLegalHoldCommand({ ...original, LegalHold: { Status: 'ON' } }))
    }
    const copy = await client.send(
      new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}?versionId=${VersionId}`,
        CopySourceIfMatch: ETag,
        MetadataDirective: 'REPLACE',
        Metadata: { ...Metadata, 'legal-hold-tag': tag },
        TaggingDirective: 'COPY',
        CacheControl: before.CacheControl,
        ContentDisposition: before.ContentDisposition,
        ContentEncoding: before.ContentEncoding,
        ContentLanguage: before.ContentLanguage,
        ContentType: before.ContentType,
        StorageClass: before.StorageClass,
        ServerSideEncryption: before.ServerSideEncryption,
        SSEKMSKeyId: before.SSEKMSKeyId,
        WebsiteRedirectLocation: before.WebsiteRedirectLocation,
        ObjectLockLegalHoldStatus: objectLock ? 'ON' : undefined,
        ObjectLockMode: retention?.Mode,
        ObjectLockRetainUntilDate: retention?.RetainUntilDate,
      }),
    )
    const written = { Bucket, Key, VersionId: copy.VersionId }
    const after = await client.send(new HeadObjectCommand(written))
    if (after.Metadata?.['legal-hold-tag'] !== tag || after.ETag !== ETag) throw new Error(`${Key} is not as it was`)
    if (objectLock && after.ObjectLockLegalHoldStatus !== 'ON') throw new Error(`${Key} is not held`)
    const tags = await client.send(new GetObjectTaggingCommand(written))
    if (JSON.stringify(tags.TagSet) !== JSON.stringify(TagSet)) throw new Error(`${Key} has lost tags`)
    if (objectLock) {
      const { LegalHold } = await client.send(new GetObjectLegalHoldCommand(original))
      if (LegalHold?.Status !== 'ON') throw new Error(`The original of ${Key} is not held`)
    }
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, MaxKeys: 2 }))
    const [top, beneath] = Versions
    if (top?.VersionId !== copy.VersionId || beneath?.VersionId !== VersionId) {
      throw new Error(`Somebody has written ${Key} meanwhile`)
    }
  })
})

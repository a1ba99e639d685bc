// The same by the AWS SDK as its documentation shows it: read, change, read again.
import {
  CopyObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { bucket, credentials, endpoint, measureRepair, region, tag } from './measure.mjs'

const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })

await measureRepair({
  copy: async (Key) => {
    const { VersionId, ETag, ContentType } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    const source = `${bucket}/${Key.split('/').map(encodeURIComponent).join('/')}?versionId=${VersionId}`
    await client.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key,
        CopySource: source,
        CopySourceIfMatch: ETag,
        MetadataDirective: 'REPLACE',
        TaggingDirective: 'COPY',
        Metadata: { 'legal-hold-tag': tag },
        ContentType,
      }),
    )
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    if (Metadata?.['legal-hold-tag'] !== tag) throw new Error(`${Key} is not tagged`)
  },
  tags: async (Key, round) => {
    const wanted = { Key: 'legal-hold', Value: `${tag}-${round}` }
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }))
    const tags = [...TagSet.filter((present) => present.Key !== wanted.Key), wanted]
    await client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key, Tagging: { TagSet: tags } }))
    const after = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }))
    if (!after.TagSet?.some(({ Value }) => Value === wanted.Value)) throw new Error(`${Key} is not tagged`)
  },
  hold: async (Key) => {
    await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key, LegalHold: { Status: 'ON' } }))
    const { LegalHold } = await client.send(new GetObjectLegalHoldCommand({ Bucket: bucket, Key }))
    if (LegalHold?.Status !== 'ON') throw new Error(`${Key} is not held`)
  },
})

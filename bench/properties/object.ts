import { createHash } from 'node:crypto'
import * as S3 from '@aws-sdk/client-s3'

/** Where the objects lie. */
export interface Place {
  readonly client: S3.S3Client
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
}

export const tag = 'discovery-batch-2023-10'
const everybody = 'http://acs.amazonaws.com/groups/global/AllUsers'
const sound = Buffer.from('OggS and the sound of a conversation')
const kmsKey = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d70001'

/** What a recording's object may carry. A server that refuses one of these gets the object without it. */
const everything: Readonly<Record<string, Partial<S3.PutObjectCommandInput>>> = {
  metadata: { Metadata: { 'conversation-id': 'c0ffee00-0000-4000-9000-000000000001', agent: 'Ms M. Weber' } },
  content: {
    ContentType: 'audio/ogg; codecs=opus',
    ContentEncoding: 'identity',
    ContentLanguage: 'de-DE',
    ContentDisposition: 'attachment; filename="call.ogg"',
    CacheControl: 'private, max-age=60',
    Expires: new Date('2030-01-01T00:00:00Z'),
    WebsiteRedirectLocation: '/where-it-went',
  },
  class: { StorageClass: 'STANDARD_IA' },
  encryption: { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKey, BucketKeyEnabled: true },
  grants: { GrantRead: `uri="${everybody}"` },
  tags: { Tagging: 'department=sales&region=emea' },
  lock: {
    ObjectLockLegalHoldStatus: 'ON',
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000),
  },
  checksum: { ChecksumSHA256: createHash('sha256').update(sound).digest('base64') },
}

/** Puts the object there, without what the server refuses. */
export async function put({ client, bucket }: Place, key: string, isLocked = true): Promise<void> {
  const properties = { ...everything }
  if (!isLocked) delete properties.lock
  const ContentMD5 = createHash('md5').update(sound).digest('base64')
  for (const without of ['', 'encryption', 'grants', 'checksum', 'class']) {
    delete properties[without]
    const input = Object.assign({ Bucket: bucket, Key: key, Body: sound }, ...Object.values(properties))
    // Several digests of one body are refused, and a locked object needs one.
    if (input.ChecksumSHA256 === undefined) input.ContentMD5 = ContentMD5
    try {
      await client.send(new S3.PutObjectCommand(input))
      return
    } catch (error) {
      if (without === 'class') throw error
    }
  }
}

/** What is compared: each property as text, `undefined` where the object has none. */
export type Properties = Readonly<Record<string, string | undefined>>

export interface Seen {
  readonly versionId: string | undefined
  readonly holdTag: string | undefined
  readonly properties: Properties
}

/** Reads one version with the plain SDK, not with the library that is being compared. */
export async function look({ client, bucket }: Place, key: string, version?: string): Promise<Seen> {
  const at = { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) }
  const head = await client.send(new S3.HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }))
  const { TagSet } = await client.send(new S3.GetObjectTaggingCommand(at))
  const { Grants } = await client.send(new S3.GetObjectAclCommand(at))
  const { Body } = await client.send(new S3.GetObjectCommand(at))
  const content = (await Body?.transformToByteArray()) ?? new Uint8Array()
  const { 'legal-hold-tag': holdTag, ...metadata } = head.Metadata ?? {}
  const checksums = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
  return {
    versionId: head.VersionId,
    holdTag,
    properties: {
      content: createHash('sha256').update(content).digest('hex'),
      'other user metadata': text(metadata),
      'Content-Type': head.ContentType,
      'Content-Encoding': head.ContentEncoding,
      'Content-Language': head.ContentLanguage,
      'Content-Disposition': head.ContentDisposition,
      'Cache-Control': head.CacheControl,
      Expires: head.ExpiresString,
      'website redirect': head.WebsiteRedirectLocation,
      'storage class': head.StorageClass,
      encryption: head.ServerSideEncryption,
      'KMS key': head.SSEKMSKeyId,
      'bucket key': head.BucketKeyEnabled === undefined ? undefined : String(head.BucketKeyEnabled),
      'ACL grants': text((Grants ?? []).map(({ Grantee, Permission }) => [Grantee?.URI ?? 'owner', Permission])),
      tags: text((TagSet ?? []).map(({ Key, Value }) => [Key, Value])),
      'Object Lock hold': head.ObjectLockLegalHoldStatus,
      'Object Lock retention': text(
        [head.ObjectLockMode, head.ObjectLockRetainUntilDate?.toISOString()].filter((value) => value !== undefined),
      ),
      'checksum algorithm': checksums.find((name) => head[`Checksum${name}`] !== undefined),
    },
  }
}

function text(value: object): string | undefined {
  const entries = Array.isArray(value) ? value : Object.entries(value)
  return entries.length === 0 ? undefined : JSON.stringify([...entries].map((entry) => JSON.stringify(entry)).sort())
}

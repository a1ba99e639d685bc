// The loop that a user writes with the AWS SDK: list, HEAD, copy with the tag, HEAD. It keeps the content type, and nothing else.
import { CopyObjectCommand, HeadObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { credentials, endpoint, inLanes, measureRun, region, tag } from './measure.mjs'

const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })

await measureRun((Bucket, objects) => {
  async function* keys() {
    for await (const page of paginateListObjectsV2({ client }, { Bucket })) {
      for (const { Key } of page.Contents ?? []) yield decodeURIComponent(Key ?? '')
    }
  }
  return inLanes(keys(), objects, async (Key) => {
    const { Metadata, ContentType } = await client.send(new HeadObjectCommand({ Bucket, Key }))
    if (Metadata?.['legal-hold-tag'] === tag) throw new Error(`${Key} is tagged already`)
    await client.send(
      new CopyObjectCommand({
        Bucket,
        Key,
        CopySource: `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`,
        MetadataDirective: 'REPLACE',
        Metadata: { ...Metadata, 'legal-hold-tag': tag },
        ContentType,
      }),
    )
    const after = await client.send(new HeadObjectCommand({ Bucket, Key }))
    if (after.Metadata?.['legal-hold-tag'] !== tag) throw new Error(`${Key} is not tagged`)
  })
})

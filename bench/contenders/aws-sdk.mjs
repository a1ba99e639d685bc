// The AWS SDK as its documentation shows it: a paginator and a HeadObjectCommand for each key.
import { HeadObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { bucket, credentials, endpoint, inLanes, measure, region, tag } from './measure.mjs'

const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })

async function* keys() {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key } of page.Contents ?? []) yield decodeURIComponent(Key)
  }
}

await measure((objects) =>
  inLanes(keys(), objects, async (Key) => {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    if (Metadata?.['legal-hold-tag'] !== tag) throw new Error(`${Key} is not tagged`)
  }),
)

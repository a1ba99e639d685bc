// minio-js: listObjectsV2 and statObject for each key.

import { Agent } from 'node:http'
import { Client } from 'minio'
import { bucket, concurrency, credentials, endpoint, inLanes, measure, region, tag } from './measure.mjs'

const url = new URL(endpoint)
const client = new Client({
  endPoint: url.hostname,
  port: Number(url.port) || undefined,
  useSSL: url.protocol === 'https:',
  region,
  accessKey: credentials.accessKeyId,
  secretKey: credentials.secretAccessKey,
  pathStyle: true,
  ...(url.protocol === 'https:' ? {} : { transportAgent: new Agent({ keepAlive: true, maxSockets: concurrency }) }),
})

await measure((objects) =>
  inLanes(client.listObjectsV2(bucket, '', true), objects, async ({ name }) => {
    const { metaData } = await client.statObject(bucket, name)
    if (metaData['legal-hold-tag'] !== tag) throw new Error(`${name} is not tagged`)
  }),
)

// The HEAD of this library alone, for each key of a listing.
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { bucket, credentials, endpoint, inLanes, measure, region } from './measure.mjs'

const storage = new S3StorageAdapter({ bucket, endpoint, region, credentials })
const listed = []

await measure(async (objects) => {
  // The keys are listed before the clock starts: the warm-up does it.
  if (listed.length === 0) {
    for await (const page of storage.listPages('')) {
      for (const { key } of page) listed.push(key)
      if (listed.length >= Math.min(20_000, Number(process.argv[3]))) break
    }
  }
  async function* keys() {
    for (let at = 0; ; at += 1) yield listed[at % listed.length]
  }
  return inLanes(keys(), objects, async (key) => {
    const head = await storage.head({ bucket, key })
    if (!head.found) throw new Error(`${key} was not found`)
  })
})

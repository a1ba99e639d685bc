// The repairs of this library, each with what makes it safe: what is there is read before, and read again afterwards.
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { bucket, credentials, endpoint, measureRepair, region, tag } from './measure.mjs'

const storage = new S3StorageAdapter({ bucket, endpoint, region, credentials })

await measureRepair({
  copy: async (key) => {
    const before = await storage.head({ bucket, key }, { full: true })
    if (!before.found) throw new Error(`${key} was not found`)
    await storage.replaceMetadata(before.state, { 'legal-hold-tag': tag })
  },
  tags: (key, round) => storage.mergeTags({ bucket, key }, { 'legal-hold': `${tag}-${round}` }),
  hold: (key) => storage.putLegalHold({ bucket, key }, 'ON'),
})

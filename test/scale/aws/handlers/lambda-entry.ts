/** The entry of a bundle, with a worker of the test's own: it reads the list of a shard and seals it, over the bundled SDK. */
import { S3ShardStore } from 'genesys-legal-hold-exporter/scale/aws'
import { lambdaHandlers } from '../../../../examples/lambda/handler.js'

const { EVIDENCE_BUCKET: bucket = '', S3_ENDPOINT: endpoint } = process.env
const store = new S3ShardStore({ bucket, endpoint, region: 'eu-west-1', retry: { retries: 2 } })

export const { batch, map } = lambdaHandlers({
  bucket,
  worker: async (ref, invocation) => {
    const list = await store.read(ref.key)
    if (list === undefined) return { outcome: 'refused', ref, code: 'OBJECT_NOT_FOUND', reason: 'there is no list' }
    const isNew = await store.create(`${ref.key}.seal`, list)
    return {
      outcome: 'sealed',
      ref,
      sealSha256: `${list.length} bytes by ${invocation?.deadlineMs ?? 'no deadline'}`,
      isNew,
    }
  },
})

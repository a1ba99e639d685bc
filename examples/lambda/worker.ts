/*
 * A worker's Lambda function, ready to be bundled:
 *
 *   node --import tsx examples/lambda/build.ts examples/lambda/worker.ts worker.zip
 *
 * It reads EVIDENCE_BUCKET (plans, journals and seals), EXPORT_BUCKET (the recordings), and AWS_REGION, which Lambda sets.
 * S3_ENDPOINT names another S3 server.
 */
import { S3StorageAdapter } from 'genesys-legal-hold-exporter/s3'
import { shardWorker } from 'genesys-legal-hold-exporter/scale'
import { S3ShardStore } from 'genesys-legal-hold-exporter/scale/aws'
import { lambdaHandlers } from './handler.js'

const { EVIDENCE_BUCKET = '', EXPORT_BUCKET = '', AWS_REGION = '', S3_ENDPOINT } = process.env
const location = {
  region: AWS_REGION,
  ...(S3_ENDPOINT === undefined ? {} : { endpoint: S3_ENDPOINT, forcePathStyle: true }),
}
const store = new S3ShardStore({ bucket: EVIDENCE_BUCKET, ...location })
const storage = new S3StorageAdapter({ bucket: EXPORT_BUCKET, ...location })

export const { handler, batch, map } = lambdaHandlers({
  worker: shardWorker({ store, storage }),
  bucket: EVIDENCE_BUCKET,
})

/*
 * The worker's Lambda function: `handler.batch` for S3 Batch Operations, `handler.map` for Step Functions. `build.ts` beside
 * this bundles an entry that gives it a worker:
 *
 *   export const { batch, map } = lambdaHandlers({ worker, bucket: process.env.EVIDENCE_BUCKET })
 */
import { mapHandler, type S3BatchHandlerParts, s3BatchHandler } from 'genesys-legal-hold-exporter/scale/aws'

/** Both handlers over one worker: the same function may serve either engine. */
export function lambdaHandlers(parts: S3BatchHandlerParts) {
  return { batch: s3BatchHandler(parts), map: mapHandler(parts) }
}

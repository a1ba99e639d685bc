/*
 * The worker's Lambda function. `handler.handler` serves both engines, `handler.batch` S3 Batch Operations alone, `handler.map`
 * Step Functions alone. `build.ts` beside this bundles an entry that gives it a worker:
 *
 *   export const { handler, batch, map } = lambdaHandlers({ worker, bucket: process.env.EVIDENCE_BUCKET })
 */
import {
  type LambdaContextLike,
  type MapEvent,
  mapHandler,
  type S3BatchEvent,
  type S3BatchHandlerParts,
  s3BatchHandler,
} from 'genesys-legal-hold-exporter/scale/aws'

/** Handlers over one worker. */
export function lambdaHandlers(parts: S3BatchHandlerParts) {
  const batch = s3BatchHandler(parts)
  const map = mapHandler(parts)
  /** Only S3 Batch Operations names a schema. */
  const handler = async (event: S3BatchEvent | MapEvent, context?: LambdaContextLike) =>
    'invocationSchemaVersion' in event ? batch(event, context) : map(event, context)
  return { batch, map, handler }
}

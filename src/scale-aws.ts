export { S3BatchEngine } from './scale/aws/batch/engine.js'
export type { S3BatchEngineOptions } from './scale/aws/batch/options.js'
export type { AwsClientLike, AwsClientSettings } from './scale/aws/client/settings.js'
export {
  type ScalePolicies,
  type ScalePolicy,
  type ScalePolicyOptions,
  type ScaleRole,
  type ScaleStatement,
  scalePolicies,
} from './scale/aws/deployment/policies.js'
export { type StateMachineOptions, stateMachineDefinition } from './scale/aws/deployment/state-machine.js'
export {
  type DeploymentOptions,
  type DeploymentResource,
  type DeploymentTemplate,
  deploymentTemplate,
} from './scale/aws/deployment/template.js'
export type { HandlerParts, LambdaContextLike } from './scale/aws/handlers/invocation.js'
export {
  type MapEvent,
  type MapItem,
  type MapResponse,
  mapHandler,
  ShardError,
} from './scale/aws/handlers/map-handler.js'
export {
  type S3BatchEvent,
  type S3BatchHandlerParts,
  type S3BatchResponse,
  type S3BatchResultCode,
  type S3BatchTask,
  s3BatchHandler,
} from './scale/aws/handlers/s3-batch-handler.js'
export { S3Inventory, type S3InventoryOptions } from './scale/aws/inventory/s3-inventory.js'
export { S3MetadataTable, type S3MetadataTableOptions } from './scale/aws/inventory/s3-metadata-table.js'
export { MapEngine } from './scale/aws/map/engine.js'
export type { MapEngineOptions } from './scale/aws/map/options.js'
export type { S3ObjectsSettings } from './scale/aws/s3/objects.js'
export { S3ShardStore, type S3ShardStoreOptions } from './scale/aws/s3-shard-store.js'
export type {
  InventoryDescription,
  InventoryFacet,
  InventoryRow,
  InventoryRowsOptions,
  InventorySource,
} from './scale/ports/inventory-source.js'
export type { IamPolicyOptions } from './storage/s3/inspect/iam-policy.js'

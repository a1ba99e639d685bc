export { S3ShardStore, type S3ShardStoreOptions } from './scale/aws/s3-shard-store.js'

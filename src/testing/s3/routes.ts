import type { Answer } from '../http/answer.js'
import {
  deleteBucketPolicy,
  deletePublicAccessBlock,
  getBucketAcl,
  getBucketPolicy,
  getBucketPolicyStatus,
  getPublicAccessBlock,
  putBucketAcl,
  putBucketPolicy,
  putPublicAccessBlock,
} from './buckets/access.js'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets/buckets.js'
import { documentOperations, documentResources } from './buckets/documents.js'
import {
  deleteBucketEncryption,
  deleteBucketOwnershipControls,
  deleteBucketTagging,
  getBucketEncryption,
  getBucketOwnershipControls,
  getBucketTagging,
  getBucketVersioning,
  getObjectLockConfiguration,
  putBucketEncryption,
  putBucketOwnershipControls,
  putBucketTagging,
  putBucketVersioning,
  putObjectLockConfiguration,
} from './buckets/settings.js'
import type { Call } from './call.js'
import { S3Error } from './http/errors.js'
import { hoistable, type S3Request } from './http/request.js'
import { listObjects, listObjectsV2 } from './listing/objects.js'
import { listObjectVersions } from './listing/versions.js'
import { completeMultipartUpload } from './multipart/complete.js'
import { listMultipartUploads, listParts } from './multipart/list.js'
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './multipart/parts.js'
import { getObjectAttributes } from './objects/attributes.js'
import { copyObject } from './objects/copy.js'
import { deleteObject, deleteObjects } from './objects/delete.js'
import { getObject, headObject } from './objects/read.js'
import {
  deleteObjectTagging,
  getObjectAcl,
  getObjectLegalHold,
  getObjectRetention,
  getObjectTagging,
  putObjectAcl,
  putObjectLegalHold,
  putObjectRetention,
  putObjectTagging,
  restoreObject,
} from './objects/subresources.js'
import { putObject } from './objects/write.js'

/** What carries an operation out. */
export type Operation = (call: Call) => Answer | Promise<Answer>

/** An operation under the name that the S3 API reference gives it. */
export interface Route {
  readonly name: string
  readonly run: Operation
}

type Level = 'service' | 'bucket' | 'object'

/** By level and method, then by sub-resource; what has none is beneath the empty text. */
const table = new Map<string, Map<string, Route>>()
/** Every sub-resource that some request has. */
const knownResources = new Set(['list-type', 'uploadId'])

function route(level: Level, request: string, name: string, run: Operation): void {
  const [method = '', ...words] = request.split(' ')
  const resource = words.join(' ')
  const place = `${level} ${method}`
  const routes = table.get(place) ?? new Map<string, Route>()
  table.set(place, routes.set(resource, { name, run }))
  if (resource !== '') knownResources.add(resource)
}

route('service', 'GET', 'ListBuckets', listBuckets)

route('bucket', 'PUT', 'CreateBucket', createBucket)
route('bucket', 'HEAD', 'HeadBucket', headBucket)
route('bucket', 'DELETE', 'DeleteBucket', deleteBucket)
route('bucket', 'GET', 'ListObjects', listObjects)
route('bucket', 'GET list-type', 'ListObjectsV2', listObjectsV2)
route('bucket', 'GET versions', 'ListObjectVersions', listObjectVersions)
route('bucket', 'GET uploads', 'ListMultipartUploads', listMultipartUploads)
route('bucket', 'POST delete', 'DeleteObjects', deleteObjects)
route('bucket', 'GET location', 'GetBucketLocation', getBucketLocation)
route('bucket', 'GET versioning', 'GetBucketVersioning', getBucketVersioning)
route('bucket', 'PUT versioning', 'PutBucketVersioning', putBucketVersioning)
route('bucket', 'GET object-lock', 'GetObjectLockConfiguration', getObjectLockConfiguration)
route('bucket', 'PUT object-lock', 'PutObjectLockConfiguration', putObjectLockConfiguration)
route('bucket', 'GET policy', 'GetBucketPolicy', getBucketPolicy)
route('bucket', 'PUT policy', 'PutBucketPolicy', putBucketPolicy)
route('bucket', 'DELETE policy', 'DeleteBucketPolicy', deleteBucketPolicy)
route('bucket', 'GET policyStatus', 'GetBucketPolicyStatus', getBucketPolicyStatus)
route('bucket', 'GET encryption', 'GetBucketEncryption', getBucketEncryption)
route('bucket', 'PUT encryption', 'PutBucketEncryption', putBucketEncryption)
route('bucket', 'DELETE encryption', 'DeleteBucketEncryption', deleteBucketEncryption)
route('bucket', 'GET ownershipControls', 'GetBucketOwnershipControls', getBucketOwnershipControls)
route('bucket', 'PUT ownershipControls', 'PutBucketOwnershipControls', putBucketOwnershipControls)
route('bucket', 'DELETE ownershipControls', 'DeleteBucketOwnershipControls', deleteBucketOwnershipControls)
route('bucket', 'GET acl', 'GetBucketAcl', getBucketAcl)
route('bucket', 'PUT acl', 'PutBucketAcl', putBucketAcl)
route('bucket', 'GET tagging', 'GetBucketTagging', getBucketTagging)
route('bucket', 'PUT tagging', 'PutBucketTagging', putBucketTagging)
route('bucket', 'DELETE tagging', 'DeleteBucketTagging', deleteBucketTagging)
route('bucket', 'GET publicAccessBlock', 'GetPublicAccessBlock', getPublicAccessBlock)
route('bucket', 'PUT publicAccessBlock', 'PutPublicAccessBlock', putPublicAccessBlock)
route('bucket', 'DELETE publicAccessBlock', 'DeletePublicAccessBlock', deletePublicAccessBlock)

const documentNames: ReadonlyMap<string, string> = new Map([
  ['lifecycle', 'BucketLifecycleConfiguration'],
  ['cors', 'BucketCors'],
  ['website', 'BucketWebsite'],
  ['replication', 'BucketReplication'],
  ['logging', 'BucketLogging'],
  ['notification', 'BucketNotificationConfiguration'],
  ['accelerate', 'BucketAccelerateConfiguration'],
  ['requestPayment', 'BucketRequestPayment'],
  ['analytics', 'BucketAnalyticsConfiguration'],
  ['inventory', 'BucketInventoryConfiguration'],
  ['metrics', 'BucketMetricsConfiguration'],
  ['intelligent-tiering', 'BucketIntelligentTieringConfiguration'],
])

for (const resource of documentResources) {
  const { get, put, remove } = documentOperations(resource)
  const name = documentNames.get(resource) ?? resource
  route('bucket', `GET ${resource}`, `Get${name}`, get)
  route('bucket', `PUT ${resource}`, `Put${name}`, put)
  // Logging, notification, acceleration and payment are switched off by a PUT.
  if (/^(lifecycle|cors|website|replication|analytics|inventory|metrics|intelligent-tiering)$/.test(resource)) {
    route('bucket', `DELETE ${resource}`, `Delete${name.replace('LifecycleConfiguration', 'Lifecycle')}`, remove)
  }
}

route('object', 'GET', 'GetObject', getObject)
route('object', 'HEAD', 'HeadObject', headObject)
route('object', 'PUT', 'PutObject', putObject)
route('object', 'PUT copy', 'CopyObject', copyObject)
route('object', 'DELETE', 'DeleteObject', deleteObject)
route('object', 'GET tagging', 'GetObjectTagging', getObjectTagging)
route('object', 'PUT tagging', 'PutObjectTagging', putObjectTagging)
route('object', 'DELETE tagging', 'DeleteObjectTagging', deleteObjectTagging)
route('object', 'GET acl', 'GetObjectAcl', getObjectAcl)
route('object', 'PUT acl', 'PutObjectAcl', putObjectAcl)
route('object', 'GET legal-hold', 'GetObjectLegalHold', getObjectLegalHold)
route('object', 'PUT legal-hold', 'PutObjectLegalHold', putObjectLegalHold)
route('object', 'GET retention', 'GetObjectRetention', getObjectRetention)
route('object', 'PUT retention', 'PutObjectRetention', putObjectRetention)
route('object', 'GET attributes', 'GetObjectAttributes', getObjectAttributes)
route('object', 'POST restore', 'RestoreObject', restoreObject)
route('object', 'POST uploads', 'CreateMultipartUpload', createMultipartUpload)
route('object', 'PUT uploadId', 'UploadPart', uploadPart)
route('object', 'PUT uploadId copy', 'UploadPartCopy', uploadPartCopy)
route('object', 'POST uploadId', 'CompleteMultipartUpload', completeMultipartUpload)
route('object', 'DELETE uploadId', 'AbortMultipartUpload', abortMultipartUpload)
route('object', 'GET uploadId', 'ListParts', listParts)

// Parameters that qualify a request rather than name a sub-resource.
const parameters: ReadonlySet<string> = new Set([
  'AWSAccessKeyId',
  'Expires',
  'Signature',
  'continuation-token',
  'bucket-region',
  'delimiter',
  'encoding-type',
  'fetch-owner',
  'id',
  'key-marker',
  'marker',
  'max-buckets',
  'max-keys',
  'max-parts',
  'max-uploads',
  'part-number-marker',
  'partNumber',
  'prefix',
  'select-type',
  'start-after',
  'upload-id-marker',
  'version-id-marker',
  'versionId',
])

/** Names of all operations. */
export function operationNames(): readonly string[] {
  return [...table.values()].flatMap((routes) => [...routes.values()].map(({ name }) => name))
}

/**
 * Finds the operation of a request. An unknown sub-resource is `NotImplemented`. It must never be taken for a
 * request on the object itself, or a PUT of it would overwrite the content.
 */
export function findRoute(request: S3Request): Route {
  const { method, bucket, key, query, headers } = request
  const level = bucket === undefined ? 'service' : key === undefined ? 'bucket' : 'object'
  const routes = table.get(`${level} ${method}`)
  const resource = query.isEmpty ? '' : resourceOf(request, level, routes)
  const copies = method === 'PUT' && level === 'object' && headers.has('x-amz-copy-source')
  const found = routes?.get(copies && copyable.has(resource) ? `${resource} copy`.trim() : resource)
  // A part without its upload would overwrite the object with one part of it.
  const strayPart = method === 'PUT' && query.has('partNumber') && resource !== 'uploadId'
  if (found === undefined || strayPart) throw methodNotAllowed(request, level)
  return found
}

/** Sub-resources of a PUT that a header makes a copy of. */
const copyable: ReadonlySet<string> = new Set(['', 'uploadId'])

/** The one sub-resource that a query names, empty if it names none. */
function resourceOf(request: S3Request, level: Level, routes: ReadonlyMap<string, Route> | undefined): string {
  const resources = [...request.query.names()].filter((name) => isResource(name, request))
  const known = resources.filter((name) => name !== '' && routes?.has(name))
  if (known.length > 1) {
    throw new S3Error('InvalidArgument', {
      message: 'Conflicting query string parameters',
      details: [['ResourceType', known.join(', ')]],
    })
  }
  if (resources.length > known.length) throw notImplemented(request, level, resources)
  return known[0] ?? ''
}

function isResource(name: string, { method, query }: S3Request): boolean {
  if (parameters.has(name) || /^(x-|response-)/i.test(name)) return false
  const presigned = query.has('X-Amz-Signature') || query.has('Signature')
  if (presigned && hoistable.has(name.toLowerCase())) return false
  // S3 ignores what it does not know; a read can afford that, as long as it does not look like a sub-resource.
  return !(method === 'GET' || method === 'HEAD') || query.get(name) === '' || knownResources.has(name)
}

function notImplemented(request: S3Request, level: Level, resources: readonly string[]): S3Error {
  const ofLevel = [...table].filter(([place]) => place.startsWith(`${level} `))
  const elsewhere = resources.every((name) => ofLevel.some(([, routes]) => name !== '' && routes.has(name)))
  if (elsewhere) return methodNotAllowed(request, level)
  return new S3Error('NotImplemented', {
    message: 'A query parameter you provided implies functionality that is not implemented',
    details: [['Resource', resources.join(', ')]],
  })
}

function methodNotAllowed({ method }: S3Request, level: Level): S3Error {
  return new S3Error('MethodNotAllowed', {
    details: [
      ['Method', method],
      ['ResourceType', level.toUpperCase()],
    ],
  })
}

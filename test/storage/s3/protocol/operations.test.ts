import * as S3 from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { refuseForeignAnswer } from '#src/storage/s3/answer/checks.js'
import { actionOf, factsOf, isFastOperation } from '#src/storage/s3/protocol/operation-table.js'
import type { S3Operation } from '#src/storage/s3/protocol/operations.js'

const operations: Readonly<Record<S3Operation, true>> = {
  HeadBucket: true,
  GetBucketVersioning: true,
  GetObjectLockConfiguration: true,
  GetBucketEncryption: true,
  GetBucketOwnershipControls: true,
  GetBucketPolicy: true,
  GetBucketLifecycleConfiguration: true,
  ListObjectsV2: true,
  ListObjectVersions: true,
  ListMultipartUploads: true,
  HeadObject: true,
  GetObject: true,
  PutObject: true,
  GetObjectTagging: true,
  PutObjectTagging: true,
  GetObjectLegalHold: true,
  PutObjectLegalHold: true,
  GetObjectRetention: true,
  PutObjectRetention: true,
  GetObjectAcl: true,
  PutObjectAcl: true,
  CopyObject: true,
  CreateMultipartUpload: true,
  UploadPart: true,
  UploadPartCopy: true,
  CompleteMultipartUpload: true,
  AbortMultipartUpload: true,
}
const all = Object.keys(operations) as S3Operation[]

/** The method that the SDK's own schema of an operation gives it. */
function methodOf(operation: S3Operation): string {
  const schema = (S3 as unknown as Record<string, readonly [unknown, string, string, { http: [string] }]>)[
    `${operation}$`
  ]
  return schema?.[3].http[0] ?? 'no schema'
}

test.each(all)('%s changes something exactly where it is neither GET nor HEAD', (operation) => {
  expect(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']).toContain(methodOf(operation))
  expect(factsOf(operation).mutates).toBe(!['GET', 'HEAD'].includes(methodOf(operation)))
})

test('an HTML page in place of a document, or of the nothing that S3 answers a change with, is refused', () => {
  const isRefused = (operation: S3Operation) => {
    const context = { operation, stage: 'remediate', bucket: 'b', mutation: factsOf(operation).mutates } as const
    try {
      refuseForeignAnswer(operation, { 'content-type': 'text/html' }, false, context)
      return false
    } catch {
      return true
    }
  }
  // HEAD and GET show the content type of the object itself; a policy is JSON.
  expect(all.filter((one) => !isRefused(one)).sort()).toEqual([
    'GetBucketPolicy',
    'GetObject',
    'HeadBucket',
    'HeadObject',
  ])
})

test('what goes past the SDK by its schemas is what a repair sends', () => {
  expect(all.filter(isFastOperation).sort()).toEqual([
    'CopyObject',
    'GetObjectAcl',
    'GetObjectLegalHold',
    'GetObjectRetention',
    'GetObjectTagging',
    'ListObjectVersions',
    'PutObjectLegalHold',
    'PutObjectRetention',
    'PutObjectTagging',
  ])
})

test('an operation needs another action on a version where S3 has one, and an unknown one has none', () => {
  expect(actionOf('GetObjectTagging', true)).toBe('s3:GetObjectVersionTagging')
  expect(actionOf('GetObjectTagging', false)).toBe('s3:GetObjectTagging')
  expect(actionOf('CopyObject', true)).toBe('s3:PutObject')
  expect(actionOf('constructor', false)).toBeUndefined()
})

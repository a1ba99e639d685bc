import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  MemoryStorageAdapter,
  type StorageConformanceFeature,
  type StorageConformanceSubject,
  storageConformance,
  storageConformanceFeatures,
} from '../../src/testing/index.js'
import { real, realEndpoint, S3, simulated, upload, type World } from './s3/world.js'

// What servers are known not to do; S3_SERVER says which one S3_ENDPOINT is.
const lacksOf: Readonly<Record<string, readonly StorageConformanceFeature[]>> = {
  'ceph-rgw': ['copy-keeps-tags', 'copy-keeps-lock', 'checksums'],
}

const server = process.env.S3_SERVER ?? ''
const runner = { describe, test, expect }

function memory(options: ConstructorParameters<typeof MemoryStorageAdapter>[0]): StorageConformanceSubject {
  const adapter = new MemoryStorageAdapter(options)
  return {
    adapter,
    lacks: ['checksums'],
    seed: async (key, { body, metadata, tags, contentType }) => {
      adapter.put(key, { body, metadata, tags, headers: { contentType } })
    },
    remove: async (key) => adapter.delete(key),
  }
}

async function onS3(
  world: Omit<World, 'simulator'>,
  lacks: readonly StorageConformanceFeature[] = [],
): Promise<StorageConformanceSubject> {
  const adapter = world.adapter()
  // What the bucket can do is known from its inspection on.
  await adapter.inspectBucket({
    prefix: '',
    metadata: true,
    tags: true,
    legalHold: true,
    retention: true,
    remediate: true,
    protectOriginal: true,
  })
  return {
    adapter,
    lacks,
    seed: async (key, { body, metadata, tags, contentType }) => {
      await upload(world, key, body, {
        ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
        ...(tags === undefined ? {} : { Tagging: new URLSearchParams(tags).toString() }),
        ...(contentType === undefined ? {} : { ContentType: contentType }),
      })
    },
    remove: async (key) => {
      await world.client.send(new S3.DeleteObjectCommand({ Bucket: world.bucket, Key: key }))
    },
    close: () => world.close(),
  }
}

describe('memory', () => {
  storageConformance(runner, { create: async () => memory({}) })
})
describe('memory without versions', () => {
  storageConformance(runner, { create: async () => memory({ versioning: false }) })
})
describe('memory that changes metadata in place', () => {
  storageConformance(runner, { create: async () => memory({ metadataUpdate: 'in-place' }) })
})
describe('memory that cannot change metadata', () => {
  storageConformance(runner, { create: async () => memory({ metadataUpdate: 'none' }) })
})
describe('S3 simulator with Object Lock', () => {
  storageConformance(runner, { create: async () => onS3(await simulated({ bucket: { objectLock: true } })) })
})
describe('S3 simulator without versions', () => {
  storageConformance(runner, { create: async () => onS3(await simulated({ bucket: {} })) })
})
describe.runIf(realEndpoint !== undefined)('the server at S3_ENDPOINT with Object Lock', () => {
  storageConformance(runner, { create: async () => onS3(await real(true), lacksOf[server]) })
})
describe.runIf(realEndpoint !== undefined)('the server at S3_ENDPOINT without versions', () => {
  storageConformance(runner, { create: async () => onS3(await real(false), lacksOf[server]) })
})

test('docs/ceph.md lists what the suite knows Ceph RGW not to do, and nothing else', () => {
  const text = readFileSync(new URL('../../docs/ceph.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([^`]+)`\s*\|/gm)].map(([, feature]) => feature)
  expect(rows).toEqual(lacksOf['ceph-rgw'])
  expect(storageConformanceFeatures).toEqual(expect.arrayContaining(rows))
})

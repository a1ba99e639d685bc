import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { repair } from '../../../fakes/repair.js'
import {
  type Alterations,
  type AlteringServer,
  type Answer,
  altering,
  refusal,
  type SeenRequest,
  withHeader,
} from '../altering-server.js'
import { failure, fullState, needs, S3, simulated, upload, type World } from '../world.js'

/** What a request could do without must not be what it fails by. */

let world: World
const open: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  world = await simulated()
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(() => world.close())

const transports = [
  ['past the SDK', () => ({})],
  ['through the SDK', () => ({ requestHandler: { connectionTimeout: 10_000 } })],
  [
    "by a caller's client",
    (endpoint: string) => {
      const { region = '', credentials } = world.settings
      const client = new S3.S3Client({ endpoint, region, credentials: credentials as never, forcePathStyle: true })
      open.push(() => client.destroy())
      return { client, endpoint: undefined, credentials: undefined }
    },
  ],
] as const

async function served(
  alterations: Alterations,
  options: (endpoint: string) => Partial<S3StorageOptions> = () => ({}),
): Promise<{ readonly storage: S3StorageAdapter; readonly server: AlteringServer }> {
  const server = await altering(world.endpoint, alterations)
  const storage = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint, ...options(server.endpoint) })
  open.push(
    () => server.close(),
    () => storage.close(),
  )
  return { storage, server }
}

const isCopy = ({ headers }: SeenRequest) => headers['x-amz-copy-source'] !== undefined
const query = ({ url }: SeenRequest) => new URL(url, 'http://x').searchParams

/** What a server may refuse, by how it finds it in a request. */
const refusable = {
  'x-amz-checksum-mode': ({ headers }: SeenRequest) => headers['x-amz-checksum-mode'] !== undefined,
  'encoding-type': (request: SeenRequest) => query(request).has('encoding-type'),
  'if-match': (request: SeenRequest) => request.headers['if-match'] !== undefined,
  'x-amz-tagging-directive': ({ headers }: SeenRequest) => headers['x-amz-tagging-directive'] !== undefined,
  'x-amz-storage-class': ({ headers }: SeenRequest) => headers['x-amz-storage-class'] !== undefined,
  'x-amz-server-side-encryption': ({ headers }: SeenRequest) => headers['x-amz-server-side-encryption'] !== undefined,
  'x-amz-checksum-algorithm': (request: SeenRequest) =>
    isCopy(request) && request.headers['x-amz-checksum-algorithm'] !== undefined,
  'x-amz-copy-source-if-match': ({ headers }: SeenRequest) => headers['x-amz-copy-source-if-match'] !== undefined,
  'x-amz-checksum-crc32': ({ headers }: SeenRequest) => headers['x-amz-checksum-crc32'] !== undefined,
  'x-amz-sdk-checksum-algorithm': ({ headers }: SeenRequest) => headers['x-amz-sdk-checksum-algorithm'] !== undefined,
} as const
type Refusable = keyof typeof refusable
const everything = Object.keys(refusable) as Refusable[]

interface Way {
  readonly status: number
  readonly code: string
  /** Whether the refusal says what it is about. */
  readonly names: boolean
}
const ways: readonly Way[] = [
  { status: 400, code: 'InvalidArgument', names: true },
  { status: 501, code: 'NotImplemented', names: true },
  { status: 400, code: 'InvalidRequest', names: false },
  { status: 501, code: 'NotImplemented', names: false },
]

/** A server that refuses these, and shows the class and the encryption of each object as many do. */
function refusing(parts: readonly Refusable[], way: Way): Alterations & { readonly count: () => number } {
  let count = 0
  return {
    count: () => count,
    request: (request) => {
      const found = parts.find((part) => refusable[part](request))
      if (found === undefined) return undefined
      count += 1
      return refusal(
        way.status,
        way.code,
        way.names ? `Unsupported header '${found}' received for this API call.` : 'No.',
      )
    },
    response: ({ method }, answer) => {
      if (method !== 'HEAD' || answer.status !== 200) return undefined
      return withHeader(answer, 'x-amz-storage-class', 'STANDARD')
    },
  }
}

/** All that is done to one object: lists, HEAD, copy, tags, hold. */
async function wholeJob(storage: S3StorageAdapter, key: string) {
  const listed: string[] = []
  for await (const object of storage.list(key)) listed.push(object.key)
  for await (const version of storage.listVersions(key)) listed.push(version.key)
  const requirements = { metadata: { 'legal-hold-tag': 'm-1' }, tags: { hold: 'm-1' }, legalHold: true }
  const { remediation, verdict } = await repair(storage, key, { requirements })
  return { listed, remediation, verdict }
}

let keys = 0
const newKey = async () => {
  keys += 1
  const key = `extras/${keys}`
  await upload(world, key, 'sound', { Tagging: 'team=y', Metadata: { a: 'b' }, ChecksumAlgorithm: 'SHA256' })
  return key
}

describe.each(transports)('a server that does not take an extra, %s', (_, options) => {
  // Two ways of saying it here, the others below.
  test.each(everything.flatMap((part) => [ways[0], ways[3]].map((way) => [part, way as Way] as const)))(
    'gets on without %s: %j',
    async (part, way) => {
      const server = refusing([part], way)
      const { storage } = await served(server, options)
      for (const round of [1, 2]) {
        const key = await newKey()
        const before = server.count()
        const { listed, remediation } = await wholeJob(storage, key)
        expect(remediation).toMatchObject({ outcome: 'repaired' })
        expect(new Set(listed)).toEqual(new Set([key]))
        expect(remediation.after).toMatchObject({ tags: { team: 'y', hold: 'm-1' }, metadata: { a: 'b' } })
        // What the server has refused once it is not asked again.
        if (round > 1) expect(server.count()).toBe(before)
      }
      expect(server.count()).toBeGreaterThan(0)
    },
  )
})

test('any number of extras may be refused at once, in any way: the repair is made, and each is asked for a few times at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(everything, { minLength: 2 }),
      fc.constantFrom(...ways),
      fc.constantFrom(...transports),
      async (parts, way, [, options]) => {
        const server = refusing(parts, way)
        const { storage } = await served(server, options)
        for (let round = 0; round < parts.length + 1; round += 1) {
          const { remediation } = await wholeJob(storage, await newKey())
          expect(remediation).toMatchObject({ outcome: 'repaired' })
        }
        const before = server.count()
        await wholeJob(storage, await newKey())
        expect(server.count()).toBe(before)
      },
    ),
    { numRuns: 12 },
  )
})

test.each(ways)('an inspection finds nothing wrong where all of them are refused: %j', async (way) => {
  const { storage } = await served(refusing(everything, way))
  const key = await newKey()
  const { findings } = await storage.inspectBucket(needs({ prefix: key, tags: true, legalHold: true, retention: true }))
  expect(findings).toEqual([])
})

test.each(ways)('a bucket key that is off is not asked for where the server does not know it: %j', async (way) => {
  const header = 'x-amz-server-side-encryption-bucket-key-enabled'
  let [refused, known] = [0, 0]
  const { storage } = await served({
    request: (request) => {
      if (!isCopy(request) || request.headers[header] === undefined) return undefined
      refused += 1
      return refusal(way.status, way.code, way.names ? `Unsupported header '${header}'.` : 'No.')
    },
  })
  for (const round of [1, 2]) {
    const key = await newKey()
    await upload(world, key, 'sound', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key-1' })
    const { remediation } = await repair(storage, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', after: { encryption: { algorithm: 'aws:kms' } } })
    if (round === 1) known = refused
  }
  expect(known).toBeGreaterThan(0)
  expect(refused).toBe(known)
})

describe('a refusal that is about something else', () => {
  test('is reported as it was, and leaves nothing out of later requests', async () => {
    const key = await newKey()
    let refuses = true
    const { storage, server } = await served({
      request: (request) =>
        refuses && isCopy(request) ? refusal(400, 'InvalidArgument', 'The moon is full.') : undefined,
    })
    const { remediation } = await repair(storage, key)
    expect(remediation).toMatchObject({ outcome: 'failed' })
    expect(remediation.reason).toContain('The moon is full')
    refuses = false
    const sent = server.seen.length
    expect((await repair(storage, key)).remediation).toMatchObject({ outcome: 'repaired' })
    const copy = server.seen.slice(sent).find(isCopy)
    expect(copy?.headers).toMatchObject({
      'if-match': expect.any(String),
      'x-amz-copy-source-if-match': expect.any(String),
      'x-amz-checksum-algorithm': 'SHA256',
    })
  })

  test('is not asked about again once the server has shown that it takes the extras', async () => {
    const key = await newKey()
    const { storage, server } = await served({
      request: ({ url }) => (url.includes('broken') ? refusal(400, 'InvalidArgument', 'no') : undefined),
    })
    await fullState(storage, key)
    await failure(storage.head({ bucket: world.bucket, key: 'extras/broken' }))
    // The HEAD, and the GET that a bare refusal is explained by.
    expect(server.seen.filter(({ url }) => url.includes('broken')).map(({ method }) => method)).toEqual(['HEAD', 'GET'])
  })

  test('never takes away what the caller asked for: the owner of the bucket', async () => {
    const key = await newKey()
    const { storage, server } = await served(
      {
        request: ({ headers }) =>
          headers['x-amz-expected-bucket-owner'] === undefined
            ? undefined
            : refusal(501, 'NotImplemented', 'x-amz-expected-bucket-owner'),
      },
      () => ({ expectedBucketOwner: '123456789012' }),
    )
    expect(await failure(storage.head({ bucket: world.bucket, key }))).toMatchObject({ code: 'STORAGE_UNSUPPORTED' })
    expect(server.seen.every(({ headers }) => headers['x-amz-expected-bucket-owner'] !== undefined)).toBe(true)
  })

  test('takes no checksum off an object whose original no version keeps', async () => {
    const plain = await simulated({ bucket: {} })
    open.push(() => plain.close())
    await upload(plain, 'k', 'sound', { ChecksumAlgorithm: 'SHA256' })
    const server = await altering(plain.endpoint, refusing(['x-amz-checksum-algorithm'], ways[0] as Way))
    const storage = new S3StorageAdapter({ ...plain.settings, endpoint: server.endpoint })
    open.push(
      () => server.close(),
      () => storage.close(),
    )
    const { remediation } = await repair(storage, 'k', { options: { allowOverwrite: true } })
    expect(remediation).toMatchObject({ outcome: 'failed' })
    expect(server.seen.filter((request) => isCopy(request))).toHaveLength(1)
  })
})

describe.each(transports.slice(0, 2))('a KMS key that the caller may not use, %s', (_, options) => {
  const kms = 'x-amz-server-side-encryption-aws-kms-key-id'
  /** S3 refuses the question for the checksums of what is encrypted with the key, without a word: it is a HEAD. */
  const forbidding = (isTheirs: (url: string) => boolean): Alterations => ({
    request: ({ method, url, headers }) =>
      method === 'HEAD' && isTheirs(url) && headers['x-amz-checksum-mode'] !== undefined
        ? { status: 403, rawHeaders: [], body: Buffer.alloc(0) }
        : undefined,
    response: ({ method, url }, answer): Answer | undefined => {
      if (method !== 'HEAD' || answer.status !== 200 || !isTheirs(url)) return undefined
      return withHeader(
        withHeader(answer, 'x-amz-server-side-encryption', 'aws:kms'),
        kms,
        'arn:aws:kms:eu-west-1:1:key/k',
      )
    },
  })
  const head = async (storage: S3StorageAdapter, key: string) => {
    const answer = await storage.head({ bucket: world.bucket, key })
    if (!answer.found) throw new Error(`${key} was not found`)
    return answer.state
  }

  test('hides the checksum and nothing else, and is asked about once', async () => {
    const { storage, server } = await served(
      forbidding(() => true),
      options,
    )
    for (const at of [1, 2, 3]) {
      await upload(world, `kms/${at}`, 'sound', { ChecksumAlgorithm: 'SHA256', Metadata: { a: 'b' } })
      const state = await head(storage, `kms/${at}`)
      expect(state).toMatchObject({ sizeBytes: 5, metadata: { a: 'b' }, checksum: undefined, checksums: 'unreadable' })
    }
    expect(server.seen.filter(({ headers }) => headers['x-amz-checksum-mode'] !== undefined)).toHaveLength(1)
    expect(server.seen).toHaveLength(4)
  })

  test('hides no checksum of objects with another key, or with none', async () => {
    const { storage } = await served(
      forbidding((url) => url.includes('kms/theirs')),
      options,
    )
    for (const key of ['kms/theirs/1', 'kms/ours/1', 'kms/theirs/2', 'kms/ours/2', 'kms/ours/3']) {
      await upload(world, key, 'sound', { ChecksumAlgorithm: 'SHA256' })
      const state = await head(storage, key)
      if (key.includes('theirs')) expect(state.checksums).toBe('unreadable')
      else expect(state).toMatchObject({ checksum: { algorithm: 'SHA256' }, checksums: undefined })
    }
  })

  test('is not what a HEAD fails by that is refused for another reason', async () => {
    const { storage } = await served(
      {
        request: ({ method }) =>
          method === 'HEAD' ? { status: 403, rawHeaders: [], body: Buffer.alloc(0) } : undefined,
      },
      options,
    )
    await upload(world, 'kms/forbidden')
    expect(await failure(head(storage, 'kms/forbidden'))).toMatchObject({ code: 'STORAGE_FORBIDDEN', status: 403 })
  })
})

describe('a server that wants bodies with their MD5', () => {
  const demanding: Alterations = {
    request: ({ method, headers, body }) =>
      method === 'PUT' && body.length > 0 && headers['content-md5'] === undefined
        ? refusal(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5')
        : undefined,
  }

  test.each([
    ['says so once', undefined, 1],
    ['need not say so where that is known', true, 0],
  ] as const)('%s', async (_, contentMd5, refused) => {
    const { storage, server } = await served(demanding, () => ({ contentMd5 }))
    for (const _round of [1, 2]) {
      const { remediation } = await repair(storage, await newKey(), {
        requirements: { tags: { hold: 'm-1' }, legalHold: true, retainUntilDate: '2099-01-01T00:00:00.000Z' },
      })
      expect(remediation).toMatchObject({ outcome: 'repaired' })
    }
    const puts = server.seen.filter(({ method }) => method === 'PUT')
    expect(puts.filter(({ headers }) => headers['content-md5'] === undefined)).toHaveLength(refused)
    expect(
      puts.filter(
        ({ headers }) => headers['content-md5'] !== undefined && headers['x-amz-checksum-crc32'] !== undefined,
      ),
    ).toEqual([])
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import type { Finding, RetentionContext, StorageNeeds } from '#src/index.js'
import { S3LifecyclePolicy, S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import type { CreateBucketOptions } from '#src/testing/index.js'
import { repair } from '../../../fakes/repair.js'
import { type Alterations, type AlteringServer, altering, asks, refusal, withHeader } from '../altering-server.js'
import { failure, fullState, needs, simulated, upload, type World } from '../world.js'

/** Storj, Garage, R2 and others lack parts of S3. That they say so is an answer: the part is off, and nothing of it can be lost. */

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

interface Served {
  readonly world: World
  readonly storage: S3StorageAdapter
  readonly server: AlteringServer
}

async function served(
  alterations: Alterations,
  bucket: CreateBucketOptions = {},
  options: Partial<S3StorageOptions> = {},
): Promise<Served> {
  const world = await simulated({ bucket })
  const server = await altering(world.endpoint, alterations)
  const storage = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint, ...options })
  open.push(
    () => world.close(),
    () => server.close(),
    () => storage.close(),
  )
  return { world, storage, server }
}

/** How servers say it: the status and the code. */
type Form = readonly [status: number, code: string | undefined]
const forms: readonly Form[] = [
  [501, 'NotImplemented'],
  [501, 'XNotImplemented'],
  [400, 'NotImplemented'],
  [400, 'NotSupported'],
  [405, 'MethodNotAllowed'],
  [501, undefined],
  [405, undefined],
]
const usual: Form = [501, 'NotImplemented']

/** Does not implement these parts, by the names in the query. */
const lacking = (parts: readonly string[], [status, code]: Form = usual): Alterations => ({
  request: (request) => {
    if (!parts.some((part) => asks(request, part))) return undefined
    if (code === undefined) return { status, rawHeaders: [], body: Buffer.alloc(0) }
    return refusal(status, code, `${parts.join()} not implemented`)
  },
})

const short = (findings: readonly Finding[]) => findings.map(({ code, severity }) => `${code} ${severity}`).sort()

describe.each(forms)('%i %s', (...form) => {
  test.each<[string, string[], Partial<StorageNeeds>, string[]]>([
    ['versioning', ['versioning'], {}, ['versioning-off blocker']],
    [
      'versioning, where nothing is copied',
      ['versioning'],
      { metadata: false, tags: true },
      ['versioning-off warning'],
    ],
    ['Object Lock', ['object-lock'], {}, ['object-lock-unavailable warning']],
    ['Object Lock, where it is required', ['object-lock'], { legalHold: true }, ['object-lock-unavailable blocker']],
    ['tags', ['tagging'], {}, ['object-tags-unavailable info']],
    ['tags, where they are required', ['tagging'], { tags: true }, ['object-tags-unavailable blocker']],
    ['ACLs', ['acl'], {}, []],
    ['the policy', ['policy'], {}, []],
    ['encryption', ['encryption'], {}, []],
    ['ownership', ['ownershipControls'], {}, []],
    ['the list of versions', ['versions'], {}, ['versioning-off blocker']],
    ['holds of objects', ['legal-hold'], { legalHold: true }, ['object-lock-unavailable blocker']],
    ['retentions of objects', ['retention'], { retention: true }, ['object-lock-unavailable blocker']],
    ['uploads', ['uploads'], {}, []],
  ])('to %s is an answer', async (_, parts, wanted, expected) => {
    const { storage } = await served(lacking(parts, form), { objectLock: true })
    const { findings, versioning, objectLock } = await storage.inspectBucket(needs(wanted))
    expect(short(findings)).toEqual(expected)
    expect(versioning).toBe(parts.includes('versioning') ? 'Off' : 'Enabled')
    expect(objectLock).toBe(parts.includes('object-lock') ? 'Off' : 'Enabled')
  })

  test('to lifecycle rules means that there are none', async () => {
    const { world, server } = await served(lacking(['lifecycle'], form))
    const policy = new S3LifecyclePolicy({ ...world.settings, endpoint: server.endpoint })
    open.push(() => policy.close())
    expect(await policy.evaluate(context)).toEqual([])
  })
})

/** As Ceph RGW answers to a part of a bucket that it does not know. */
const listing = (request: { readonly url: string }, parts: readonly string[]) => {
  if (!parts.some((part) => new URL(request.url, 'http://s3.invalid').searchParams.has(part))) return undefined
  const body = '<ListBucketResult><Name>evidence</Name><IsTruncated>false</IsTruncated></ListBucketResult>'
  return { status: 200, rawHeaders: ['content-type', 'application/xml'], body: Buffer.from(body) }
}

describe('a listing of the bucket in place of the answer', () => {
  test.each(['ownershipControls', 'encryption'])('to %s, each time, means that it is off', async (part) => {
    const { storage } = await served({ request: (request) => listing(request, [part]) }, { objectLock: true })
    expect(await storage.inspectBucket(needs({}))).toMatchObject({ versioning: 'Enabled', findings: [] })
  })

  test('to lifecycle rules, each time, means that there are none', async () => {
    const { world, server } = await served({ request: (request) => listing(request, ['lifecycle']) })
    const policy = new S3LifecyclePolicy({ ...world.settings, endpoint: server.endpoint })
    open.push(() => policy.close())
    expect(await policy.evaluate(context)).toEqual([])
  })

  test('is somebody else’s answer where the next one is right', async () => {
    let left = 1
    const { storage } = await served(
      {
        request: (request) => {
          const answer = listing(request, ['ownershipControls'])
          if (answer === undefined || left === 0) return undefined
          left -= 1
          return answer
        },
      },
      { objectLock: true, objectOwnership: 'BucketOwnerEnforced' },
    )
    expect(await storage.inspectBucket(needs({}))).toMatchObject({ objectOwnership: 'BucketOwnerEnforced' })
  })

  test.each(['versioning', 'object-lock'])('to %s says nothing of it', async (part) => {
    const { storage } = await served({ request: (request) => listing(request, [part]) }, { objectLock: true })
    await expect(storage.inspectBucket(needs({}))).rejects.toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })
})

const context = {
  bucket: 'evidence',
  prefix: 'org/',
  requirements: { metadata: { 'legal-hold-tag': 'm-1' } },
  bucketInspection: { bucket: 'evidence', versioning: 'Enabled', objectLock: 'Off', findings: [] },
} as unknown as RetentionContext

/** Everything but objects and their lists. */
const everything = [
  'versioning',
  'object-lock',
  'tagging',
  'acl',
  'policy',
  'encryption',
  'ownershipControls',
  'versions',
  'legal-hold',
  'retention',
  'uploads',
]

describe.each([
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
])('a server that has objects and nothing else, %s', (_, options) => {
  test('shows what is off as off, and is repaired once overwriting is accepted', async () => {
    const { world, storage } = await served(lacking(everything), {}, options)
    await upload(world, 'k', 'sound', { ContentType: 'audio/ogg' })
    await storage.inspectBucket(needs())
    expect(storage.capabilities).toMatchObject({ versioning: false, objectLock: false, tags: false })
    expect(await fullState(storage, 'k')).toMatchObject({ tags: {}, legalHold: 'OFF', retention: 'none', acl: [] })
    const refused = await repair(storage, 'k')
    expect(refused.remediation).toMatchObject({ outcome: 'refused', steps: [] })
    const { remediation } = await repair(storage, 'k', { options: { allowOverwrite: true } })
    expect(remediation).toMatchObject({ outcome: 'repaired', after: { headers: { contentType: 'audio/ogg' } } })
  })

  test('is not taken to keep versions because it shows an id with each object', async () => {
    const { world, storage, server } = await served(
      {
        ...lacking(everything),
        response: ({ method }, answer) =>
          method === 'HEAD' || method === 'PUT' ? withHeader(answer, 'x-amz-version-id', 'r2-id') : undefined,
      },
      {},
      options,
    )
    await upload(world, 'k')
    // Without an inspection before it, too.
    expect((await repair(storage, 'k')).remediation).toMatchObject({ outcome: 'refused' })
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
    await storage.inspectBucket(needs())
    const inspected = server.seen.length
    const { remediation } = await repair(storage, 'k', { options: { allowOverwrite: true } })
    expect(remediation).toMatchObject({ outcome: 'repaired', before: { versionId: undefined } })
    expect(server.seen.slice(inspected).filter(({ url }) => url.includes('r2-id'))).toEqual([])
  })

  test('has of each key the one version that is there', async () => {
    const { world, storage } = await served(lacking(everything), {}, options)
    await upload(world, 'a')
    await upload(world, 'b')
    const listed: unknown[] = []
    for await (const { key, isLatest, deleteMarker } of storage.listVersions('')) {
      listed.push([key, isLatest, deleteMarker])
    }
    expect(listed).toEqual([
      ['a', true, false],
      ['b', true, false],
    ])
  })

  test('says that a tag cannot be put, where one is asked for', async () => {
    const { world, storage } = await served(lacking(everything), {}, options)
    await upload(world, 'k')
    const { remediation } = await repair(storage, 'k', { requirements: { tags: { hold: 'matter-1' } } })
    expect(remediation).toMatchObject({ outcome: 'failed' })
    expect(remediation.reason).toMatch(/^STORAGE_UNSUPPORTED: /)
  })
})

describe.each([
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
])('a part of which the server has shown something, %s', (_, options) => {
  test.each(['tagging', 'legal-hold', 'retention', 'acl'])(
    'is not off because one request about it is answered with 501: %s',
    async (part) => {
      const { world, storage } = await served(
        {
          request: (request) => {
            if (asks(request, 'ownershipControls')) return refusal(404, 'OwnershipControlsNotFoundError', 'none')
            return asks(request, part) && request.url.includes('second')
              ? refusal(501, 'NotImplemented', 'no')
              : undefined
          },
        },
        { objectLock: true },
        options,
      )
      await upload(world, 'first', 'sound', { Tagging: 'a=b' })
      await upload(world, 'second', 'sound', { Tagging: 'a=b' })
      const read = (key: string) => storage.head({ bucket: world.bucket, key }, { full: true })
      expect(await read('first')).toMatchObject({ found: true, state: { tags: { a: 'b' }, legalHold: 'OFF' } })
      expect(await failure(read('second'))).toMatchObject({ code: 'STORAGE_UNSUPPORTED' })
      expect(await read('first')).toMatchObject({ found: true, state: { tags: { a: 'b' } } })
    },
  )

  test('is not off because a delete marker has none of it', async () => {
    const { world, storage } = await served(
      {
        request: (request) => {
          if (!asks(request, 'tagging') || !request.url.includes('gone')) return undefined
          const body = '<Error><Code>MethodNotAllowed</Code><ResourceType>DeleteMarker</ResourceType></Error>'
          return { status: 405, rawHeaders: ['content-type', 'application/xml'], body: Buffer.from(body) }
        },
        response: ({ method }, answer) =>
          method === 'HEAD' ? withHeader(answer, 'x-amz-tagging-count', undefined) : undefined,
      },
      { objectLock: true },
      options,
    )
    await upload(world, 'gone')
    await upload(world, 'k', 'sound', { Tagging: 'a=b' })
    const read = (key: string) => storage.head({ bucket: world.bucket, key }, { full: true })
    expect(await failure(read('gone'))).toMatchObject({ code: 'OBJECT_NOT_FOUND' })
    expect(await read('k')).toMatchObject({ state: { tags: { a: 'b' } } })
  })
})

// A HEAD has no body: only the status can say it.
test.each([501, 405])('an object is not there, whatever becomes of a HEAD of the bucket: %i', async (status) => {
  const { world, storage } = await served({
    request: ({ method, url }) => {
      const isOfBucket = method === 'HEAD' && /^\/evidence\/?(\?|$)/.test(url)
      return isOfBucket ? { status, rawHeaders: [], body: Buffer.alloc(0) } : undefined
    },
  })
  expect(await storage.head({ bucket: world.bucket, key: 'nowhere' })).toMatchObject({ found: false })
})

describe('a server that keeps versions and does not list them', () => {
  test('is not repaired before that is accepted, since nobody could tell what a copy came to lie on', async () => {
    const { world, storage, server } = await served(lacking(['versions']), { objectLock: true })
    await upload(world, 'k')
    await storage.inspectBucket(needs())
    const refused = await repair(storage, 'k')
    expect(refused.remediation).toMatchObject({ outcome: 'refused' })
    expect(refused.remediation.reason).toContain('does not list versions')
    expect(server.seen.some(({ headers }) => headers['x-amz-copy-source'] !== undefined)).toBe(false)
    const { remediation } = await repair(storage, 'k', { options: { allowOverwrite: true } })
    expect(remediation.outcome).toBe('repaired')
  })

  test('does not pass for one that has no versions when they are listed', async () => {
    const { storage } = await served(lacking(['versions']), { objectLock: true })
    const listing = async () => {
      for await (const _ of storage.listVersions('')) throw new Error('There is nothing.')
    }
    expect(await failure(listing())).toMatchObject({ code: 'STORAGE_UNSUPPORTED' })
  })
})

describe('a configuration that is refused for another reason than a permission', () => {
  test.each(['versioning', 'object-lock', 'policy', 'encryption', 'ownershipControls'])(
    'is unreadable, and stops no inspection: %s',
    async (part) => {
      const { storage } = await served(
        { request: (request) => (asks(request, part) ? refusal(400, 'InvalidArgument', 'what?') : undefined) },
        { objectLock: true },
      )
      const { findings, ...inspection } = await storage.inspectBucket(needs())
      expect(short(findings)).toEqual(['configuration-unreadable warning'])
      if (part !== 'policy') expect(Object.values(inspection)).toContain('unreadable')
    },
  )

  test.each([
    ['versioning', '<VersioningConfiguration><Status>Archived</Status></VersioningConfiguration>'],
    [
      'object-lock',
      '<ObjectLockConfiguration><ObjectLockEnabled>Perhaps</ObjectLockEnabled></ObjectLockConfiguration>',
    ],
    ['object-lock', '<ObjectLockConfiguration/>'],
  ])('and so is one in a word that is not known: %s %s', async (part, body) => {
    const { storage } = await served(
      {
        request: (request) =>
          asks(request, part) ? { status: 200, rawHeaders: [], body: Buffer.from(body) } : undefined,
      },
      { objectLock: true },
    )
    const inspection = await storage.inspectBucket(needs())
    expect(short(inspection.findings)).toEqual(['configuration-unreadable warning'])
    expect(part === 'versioning' ? inspection.versioning : inspection.objectLock).toBe('unreadable')
  })

  test('is a finding of the lifecycle policy', async () => {
    const { world, server } = await served({
      request: (request) => (asks(request, 'lifecycle') ? refusal(400, 'InvalidArgument', 'what?') : undefined),
    })
    const policy = new S3LifecyclePolicy({ ...world.settings, endpoint: server.endpoint })
    open.push(() => policy.close())
    expect(short(await policy.evaluate(context))).toEqual(['configuration-unreadable warning'])
  })
})

describe('a lifecycle rule in words that are not known', () => {
  const rule = (actions: string, status = '<Status>Enabled</Status>') =>
    `<LifecycleConfiguration><Rule><ID>r</ID>${status}<Filter/>${actions}</Rule></LifecycleConfiguration>`
  const after30 = '<Expiration><Days>30</Days></Expiration>'

  test.each<[string, string, RegExp[]]>([
    ['without a status', rule(after30, ''), [/expires objects 30 days/]],
    ['of another status', rule(after30, '<Status>Paused</Status>'), [/expires objects 30 days/]],
    ['without a time', rule('<Expiration/>'), [/expires objects at a time that it does not name/]],
    [
      'of noncurrent versions without a number of days',
      rule('<NoncurrentVersionExpiration/>'),
      [/deletes noncurrent versions an unknown number of days/],
    ],
    [
      'of another class',
      rule('<Transition><Days>5</Days><StorageClass>COLD_STORAGE</StorageClass></Transition>'),
      [/moves objects to COLD_STORAGE after 5 days/],
    ],
    [
      'of a class that is read at once',
      rule('<Transition><Days>5</Days><StorageClass>GLACIER_IR</StorageClass></Transition>'),
      [],
    ],
    [
      'that only tidies',
      rule('<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>'),
      [],
    ],
  ])('may do what it says all the same: %s', async (_, body, messages) => {
    const { world, server } = await served({
      request: (request) =>
        asks(request, 'lifecycle') ? { status: 200, rawHeaders: [], body: Buffer.from(body) } : undefined,
    })
    const policy = new S3LifecyclePolicy({ ...world.settings, endpoint: server.endpoint })
    open.push(() => policy.close())
    const findings = await policy.evaluate(context)
    expect(findings).toHaveLength(messages.length)
    for (const [at, message] of messages.entries()) expect(findings[at]?.message).toMatch(message)
  })
})

test('no remedy sends its reader back to the message', () => {
  const root = fileURLToPath(new URL('../../../../src/', import.meta.url))
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/(do|follow|see) (what )?the message/i)
  }
})

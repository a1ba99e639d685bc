import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ListedVersion } from '#src/index.js'
import { S3StorageAdapter } from '#src/s3.js'
import { repair } from '../../../fakes/repair.js'
import {
  type Alterations,
  type AlteringServer,
  altering,
  asks,
  refusal,
  withHeader,
  withText,
} from '../altering-server.js'
import { failure, fullState, needs, simulated, upload, type World } from '../world.js'

/** What a server left out of an answer is unknown. None of it is 0, off, none or the end. */

let world: World
const open: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  world = await simulated()
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})
afterAll(() => world.close())

/** Past the SDK, and through it. */
const transports = [
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
] as const
type Transport = (typeof transports)[number][1]

async function served(
  alterations: Alterations,
  transport: Transport = {},
): Promise<{ readonly storage: S3StorageAdapter; readonly server: AlteringServer }> {
  const server = await altering(world.endpoint, alterations)
  const storage = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint, ...transport })
  open.push(
    () => server.close(),
    () => storage.close(),
  )
  return { storage, server }
}

const xml = (body: string) => ({
  status: 200,
  rawHeaders: ['content-type', 'application/xml'],
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${body}`),
})

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

const withoutLength: Alterations = {
  response: ({ method }, answer) => (method === 'HEAD' ? withHeader(answer, 'content-length', undefined) : undefined),
}

describe.each(transports)('a HEAD without a Content-Length, %s', (_, transport) => {
  const head = async (key: string, alterations = withoutLength, options = {}) => {
    const { storage, server } = await served(alterations, transport)
    const answer = await storage.head({ bucket: world.bucket, key }, options)
    return { sizeBytes: answer.found ? answer.state.sizeBytes : 'not found', server }
  }

  test('shows no size, and no further request is made for one that nobody asks for', async () => {
    await upload(world, 'size/plain', 'seven b')
    const { sizeBytes, server } = await head('size/plain')
    expect([sizeBytes, server.seen.length]).toEqual([undefined, 1])
  })

  test.each([
    ['some bytes', 'seven b', 7],
    ['no byte', '', 0],
  ])('has its size found out by its first byte: %s', async (name, body, size) => {
    const key = `size/${name}`
    await upload(world, key, body)
    expect((await head(key, withoutLength, { size: true })).sizeBytes).toBe(size)
    expect((await head(key, withoutLength, { full: true })).sizeBytes).toBe(size)
  })

  test('has the size of the whole content where the server knows no ranges', async () => {
    await upload(world, 'size/whole', 'seven b')
    const rangeless = {
      request: ({ method, url, headers }: { method: string; url: string; headers: object }) =>
        method === 'GET' && 'range' in headers && url.includes('size/whole')
          ? { status: 200, rawHeaders: ['etag', '"x"', 'content-length', '7'], body: Buffer.from('seven b') }
          : undefined,
      response: (
        request: Parameters<NonNullable<Alterations['response']>>[0],
        answer: Parameters<NonNullable<Alterations['response']>>[1],
      ) =>
        request.method === 'HEAD'
          ? withHeader(withHeader(answer, 'content-length', undefined), 'etag', '"x"')
          : undefined,
    }
    expect((await head('size/whole', rangeless, { size: true })).sizeBytes).toBe(7)
  })

  test('stays of unknown size where the first byte may not be read, and is not copied', async () => {
    await upload(world, 'size/unknown', 'seven b')
    const { storage, server } = await served(
      {
        ...withoutLength,
        request: ({ method, headers }) =>
          method === 'GET' && headers.range !== undefined ? refusal(403, 'AccessDenied', 'no') : undefined,
      },
      transport,
    )
    const { remediation } = await repair(storage, 'size/unknown')
    expect(remediation).toMatchObject({ outcome: 'refused', steps: [] })
    expect(remediation.reason).toContain('neither HEAD nor a request for its first byte shows its size')
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test('is repaired like any other, in one piece or in parts', async () => {
    for (const [key, multipartThresholdBytes] of [
      ['size/one', 5_000_000],
      ['size/parts', 1],
    ] as const) {
      await upload(world, key, 'seven b')
      const { server } = await served(withoutLength, transport)
      const storage = new S3StorageAdapter({
        ...world.settings,
        ...transport,
        endpoint: server.endpoint,
        multipartThresholdBytes,
      })
      open.push(() => storage.close())
      const { remediation } = await repair(storage, key)
      expect(remediation).toMatchObject({ outcome: 'repaired', before: { sizeBytes: 7 }, after: { sizeBytes: 7 } })
    }
  })

  test('does not take the size of a version that was written since', async () => {
    await upload(world, 'size/changed', 'seven b')
    const { storage } = await served(
      {
        response: (request, answer) => {
          if (request.method === 'HEAD') return withHeader(answer, 'content-length', undefined)
          return request.headers.range === undefined ? undefined : withHeader(answer, 'etag', '"another"')
        },
      },
      transport,
    )
    const ref = { bucket: world.bucket, key: 'size/changed' }
    expect(await failure(storage.head(ref, { size: true }))).toMatchObject({ code: 'OBJECT_CHANGED', retryable: true })
  })
})

describe('a list of objects', () => {
  const page = (keys: readonly string[], rest: string) =>
    xml(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>evidence</Name><Prefix/><KeyCount>${keys.length}</KeyCount><MaxKeys>2</MaxKeys>${rest}${keys
        .map(
          (key) =>
            `<Contents><Key>${key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag></Contents>`,
        )
        .join('')}</ListBucketResult>`,
    )
  const all = ['a', 'b', 'c', 'd', 'e']
  /** Pages of two, from the position that the request names. */
  const paged = (rest: string): Alterations => ({
    request: (request) => {
      if (!asks(request, 'list-type')) return undefined
      const after = new URL(request.url, 'http://x').searchParams.get('start-after') ?? ''
      return page(all.filter((key) => key > after).slice(0, 2), rest)
    },
  })

  test('has no size where the server names none', async () => {
    const { storage } = await served(paged('<IsTruncated>false</IsTruncated>'))
    const listed = await collect(storage.list(''))
    expect(listed.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ['a', undefined],
      ['b', undefined],
    ])
  })

  test('that does not say whether it goes on is read until nothing follows', async () => {
    const { storage } = await served(paged(''))
    expect((await collect(storage.list(''))).map(({ key }) => key)).toEqual(all)
  })

  test('that does not say whether it goes on, from a server that begins anew each time, is an error', async () => {
    const { storage } = await served({
      request: (request) => (asks(request, 'list-type') ? page(['a', 'b'], '') : undefined),
    })
    expect(await failure(collect(storage.list('')))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })

  test('of folders that does not say whether it goes on is read until nothing follows', async () => {
    const folders = ['x/', 'y/', 'z/']
    const { storage } = await served({
      request: (request) => {
        if (!asks(request, 'delimiter')) return undefined
        const after = new URL(request.url, 'http://x').searchParams.get('start-after') ?? ''
        const [next] = folders.filter((folder) => `${folder}key` > after)
        const prefixes = next === undefined ? '' : `<CommonPrefixes><Prefix>${next}</Prefix></CommonPrefixes>`
        return xml(`<ListBucketResult><Name>evidence</Name><Delimiter>/</Delimiter>${prefixes}</ListBucketResult>`)
      },
    })
    expect(await collect(storage.listFolders(''))).toEqual(folders)
  })

  test('with an entry that has no key is an error, not a shorter list', async () => {
    const { storage } = await served({
      request: (request) =>
        asks(request, 'list-type')
          ? xml(
              '<ListBucketResult><Name>evidence</Name><IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents></ListBucketResult>',
            )
          : undefined,
    })
    expect(await failure(collect(storage.list('')))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })
})

describe('a list of versions', () => {
  const entry = (name: string, key: string, id: string, minute: number) =>
    `<${name}><Key>${key}</Key><VersionId>${id}</VersionId><LastModified>2024-01-01T00:0${minute}:00.000Z</LastModified></${name}>`
  const document = (entries: string) => xml(`<ListVersionsResult><Name>evidence</Name>${entries}</ListVersionsResult>`)
  const shown = ({ key, versionId, isLatest, sizeBytes, deleteMarker }: ListedVersion) =>
    [key, versionId, isLatest, deleteMarker, sizeBytes] as const

  test('that does not say which version is the current one is in the order in which servers list them', async () => {
    const entries = [
      entry('Version', 'a', 'a2', 2),
      entry('Version', 'a', 'a1', 1),
      entry('Version', 'b', 'b1', 1),
      entry('DeleteMarker', 'b', 'b2', 2),
    ].join('')
    const { storage } = await served({
      request: (request) => {
        if (!asks(request, 'versions')) return undefined
        return document(asks(request, 'key-marker') ? '' : entries)
      },
    })
    expect((await collect(storage.listVersions(''))).map(shown)).toEqual([
      ['a', 'a2', true, false, undefined],
      ['a', 'a1', false, false, undefined],
      ['b', 'b2', true, true, 0],
      ['b', 'b1', false, false, undefined],
    ])
  })

  test('whose pages end in the middle of a key makes no older version the current one', async () => {
    const { storage } = await served({
      request: (request) => {
        if (!asks(request, 'versions')) return undefined
        const marker = new URL(request.url, 'http://x').searchParams.get('version-id-marker')
        if (marker === null) return document(entry('Version', 'a', 'a2', 2))
        return document(marker === 'a2' ? entry('Version', 'a', 'a1', 1) : '')
      },
    })
    expect((await collect(storage.listVersions(''))).map(({ versionId, isLatest }) => [versionId, isLatest])).toEqual([
      ['a2', true],
      ['a1', false],
    ])
  })

  test('that begins anew each time is an error', async () => {
    const { storage } = await served({
      request: (request) => (asks(request, 'versions') ? document(entry('Version', 'a', 'a1', 1)) : undefined),
    })
    expect(await failure(collect(storage.listVersions('')))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })
})

describe('a list of versions that does not tell them apart', () => {
  const version = (id: string, time: string) => `<Version><Key>a</Key>${id}${time}</Version>`
  const marker = (id: string, time: string) => `<DeleteMarker><Key>a</Key>${id}${time}</DeleteMarker>`
  const [v1, v2] = ['<VersionId>1</VersionId>', '<VersionId>2</VersionId>']
  const at = '<LastModified>2024-01-01T00:00:00.000Z</LastModified>'
  const listed = async (entries: string) => {
    const { storage } = await served({
      request: (one) =>
        asks(one, 'versions')
          ? xml(
              `<ListVersionsResult><Name>evidence</Name><IsTruncated>false</IsTruncated>${entries}</ListVersionsResult>`,
            )
          : undefined,
    })
    return collect(storage.listVersions(''))
  }

  test.each([
    ['one of two has no id', `${version(v2, at)}${version('', at)}`],
    ['a marker has no id', `${version(v1, at)}${marker('', at)}`],
    ['nothing shows whether version or marker lies on top', `${version(v1, '')}${marker(v2, '')}`],
    ['both were written in the same second', `${version(v1, at)}${marker(v2, at)}`],
  ])('is an error: %s', async (_, entries) => {
    expect(await failure(listed(entries))).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID' })
  })

  test('has a null version where a key has one, and no word of ids', async () => {
    expect(await listed(version('', at))).toMatchObject([{ key: 'a', versionId: 'null', isLatest: true }])
  })
})

describe('a list of uploads', () => {
  const upload = (key: string) =>
    `<Upload><Key>${key}</Key><UploadId>${key}</UploadId><Initiator><ID>us</ID></Initiator></Upload>`
  const page = (entries: string) =>
    xml(`<ListMultipartUploadsResult><Bucket>evidence</Bucket>${entries}</ListMultipartUploadsResult>`)

  test.each([
    ['that does not say whether it goes on is read on where it says from where', 'b'],
    ['that leads back to where it was comes to its end', 'a'],
  ])('%s', async (_, second) => {
    const { storage, server } = await served({
      request: (one) => {
        if (one.method !== 'GET' || !asks(one, 'uploads')) return undefined
        const { searchParams } = new URL(one.url, 'http://x')
        const marker = searchParams.get('key-marker')
        const under = (key: string) => upload(`${searchParams.get('prefix') ?? ''}${key}`)
        const next = (key: string) => `<NextKeyMarker>${key}</NextKeyMarker>`
        if (marker === null) return page(`${under('a')}${next('a')}`)
        return page(`${under(second)}${second === 'a' ? next('a') : ''}`)
      },
    })
    await storage.cleanUpMultipart('')
    const asked = server.seen.filter((one) => one.method === 'GET' && asks(one, 'uploads'))
    expect(asked.slice(0, 2).map(({ url }) => new URL(url, 'http://x').searchParams.get('key-marker'))).toEqual([
      null,
      'a',
    ])
  })
})

test('a policy of the bucket that is answered with nothing is unreadable, not none', async () => {
  const { storage } = await served({
    request: (one) =>
      asks(one, 'policy') ? { status: 200, rawHeaders: ['content-length', '0'], body: Buffer.alloc(0) } : undefined,
  })
  const { findings } = await storage.inspectBucket(needs())
  expect(findings).toContainEqual(
    expect.objectContaining({ code: 'configuration-unreadable', message: expect.stringContaining('policy') }),
  )
})

describe.each(transports)('a lock that an answer does not name, %s', (_, transport) => {
  const hold = '<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
  const retention = '<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
  const until = '<RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate>'

  test.each([
    ['a hold without a status', 'legal-hold', `${hold}</LegalHold>`, { legalHold: 'unreadable' }],
    ['a hold in another word', 'legal-hold', `${hold}<Status>FROZEN</Status></LegalHold>`, { legalHold: 'unreadable' }],
    ['a retention without mode and date', 'retention', `${retention}</Retention>`, { retention: 'unreadable' }],
    ['a retention without its mode', 'retention', `${retention}${until}</Retention>`, { retention: 'unreadable' }],
    [
      'a retention of a mode to come',
      'retention',
      `${retention}<Mode>LITIGATION</Mode>${until}</Retention>`,
      { retention: 'unreadable' },
    ],
    [
      'a retention without its date',
      'retention',
      `${retention}<Mode>GOVERNANCE</Mode></Retention>`,
      { retention: 'unreadable' },
    ],
  ])('is not off: %s', async (name, query, body, state) => {
    const key = `lock/${name}`
    await upload(world, key)
    const { storage, server } = await served(
      { request: (one) => (one.method === 'GET' && asks(one, query) ? xml(body) : undefined) },
      transport,
    )
    expect(await fullState(storage, key)).toMatchObject(state)
    const { remediation } = await repair(storage, key)
    expect(remediation).toMatchObject({ outcome: 'refused', steps: [] })
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test.each([
    ['x-amz-object-lock-mode', 'LITIGATION', { retention: 'unreadable' }],
    ['x-amz-object-lock-legal-hold', 'FROZEN', { legalHold: 'unreadable' }],
  ])('is not off in a HEAD: %s %s', async (header, value, state) => {
    const key = `lock/${header}`
    await upload(world, key)
    const { storage } = await served(
      { response: ({ method }, answer) => (method === 'HEAD' ? withHeader(answer, header, value) : undefined) },
      transport,
    )
    expect(await fullState(storage, key)).toMatchObject(state)
  })

  test('is not overwritten by another retention', async () => {
    await upload(world, 'lock/kept')
    const { storage, server } = await served(
      {
        request: (one) =>
          one.method === 'GET' && asks(one, 'retention')
            ? xml(`${retention}<Mode>LITIGATION</Mode>${until}</Retention>`)
            : undefined,
      },
      transport,
    )
    const { versionId } = await fullState(storage, 'lock/kept')
    const put = storage.putRetention(
      { bucket: world.bucket, key: 'lock/kept', versionId },
      { mode: 'GOVERNANCE', retainUntilDate: '2030-01-01T00:00:00Z' },
    )
    expect(await failure(put)).toMatchObject({ code: 'STORAGE_REJECTED', details: { reason: 'retention-unknown' } })
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test('is looked for at each object where the bucket does not say whether it has Object Lock', async () => {
    await upload(world, 'lock/held', 'x', { ObjectLockLegalHoldStatus: 'ON' })
    const { storage } = await served(
      {
        request: (one) => (asks(one, 'object-lock') ? xml('<ObjectLockConfiguration/>') : undefined),
        response: ({ method }, answer) =>
          method === 'HEAD' ? withHeader(answer, 'x-amz-object-lock-legal-hold', undefined) : undefined,
      },
      transport,
    )
    expect(await fullState(storage, 'lock/held')).toMatchObject({ legalHold: 'ON' })
  })

  test('is not taken for absent because a request was invalid for another reason', async () => {
    await upload(world, 'object lock/invalid')
    const { storage } = await served(
      {
        request: (one) =>
          asks(one, 'legal-hold') ? refusal(400, 'InvalidRequest', 'Missing required header') : undefined,
      },
      transport,
    )
    const ref = { bucket: world.bucket, key: 'object lock/invalid' }
    expect(await failure(storage.head(ref, { lock: true }))).toMatchObject({ code: 'STORAGE_REJECTED' })
  })
})

describe.each(transports)('tags and grants that an answer leaves out, %s', (_, transport) => {
  test('half a tag is no tag to be written back', async () => {
    await upload(world, 'tags/half', 'x', { Tagging: 'a=1' })
    const { storage, server } = await served(
      {
        response: (one, answer) =>
          one.method === 'GET' && asks(one, 'tagging')
            ? withText(answer, (text) => text.replace('<Value>1</Value>', ''))
            : undefined,
      },
      transport,
    )
    const { versionId } = await world
      .adapter()
      .head({ bucket: world.bucket, key: 'tags/half' })
      .then((answer) => (answer.found ? answer.state : { versionId: undefined }))
    const merge = storage.mergeTags({ bucket: world.bucket, key: 'tags/half', versionId }, { b: '2' })
    expect(await failure(merge)).toMatchObject({ code: 'STORAGE_RESPONSE_INVALID', retryable: true })
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  const grants = (body: string) =>
    `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID></Owner>${body}</AccessControlPolicy>`
  const grant = (grantee: string, permission: string) =>
    `<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${grantee}</Grantee>${permission}</Grant></AccessControlList>`

  test.each([
    ['without a list', grants(''), /its ACL could not be read/],
    [
      'of somebody who is not named',
      grants(grant('<Robot>7</Robot>', '<Permission>READ</Permission>')),
      /its ACL could not be read/,
    ],
    ['of nothing', grants(grant('<ID>o</ID>', '')), /its ACL could not be read/],
    [
      'of what no copy can carry',
      grants(grant('<ID>o</ID>', '<Permission>REPLICATE</Permission>')),
      /its ACL grants REPLICATE/,
    ],
  ])('an ACL %s keeps the object from being copied', async (name, body, message) => {
    const key = `acl/${name}`
    await upload(world, key)
    const { storage, server } = await served(
      {
        request: (one) => {
          if (asks(one, 'ownershipControls')) return refusal(404, 'OwnershipControlsNotFoundError', 'none')
          return one.method === 'GET' && asks(one, 'acl') ? xml(body) : undefined
        },
      },
      transport,
    )
    const { remediation } = await repair(storage, key)
    expect(remediation.outcome).toBe('refused')
    expect(remediation.reason).toMatch(message)
    expect(server.seen.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test('an empty list of grants is one', async () => {
    await upload(world, 'acl/empty')
    const { storage } = await served(
      {
        request: (one) => {
          if (asks(one, 'ownershipControls')) return refusal(404, 'OwnershipControlsNotFoundError', 'none')
          return one.method === 'GET' && asks(one, 'acl') ? xml(grants('<AccessControlList/>')) : undefined
        },
      },
      transport,
    )
    expect(await fullState(storage, 'acl/empty')).toMatchObject({ acl: [] })
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { repair } from '../../../fakes/repair.js'
import { type AlteringServer, type Answer, altering, type SeenRequest, withHeader } from '../altering-server.js'
import { fullState, simulated, upload, type World } from '../world.js'

/** S3 has ten algorithms since 2026, and other servers have others: what is shown is kept, or it is said that it is lost. */

let world: World
const open: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  world = await simulated()
})
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})
afterAll(() => world.close())

type Checksums = Readonly<Record<string, string>>

/** A server whose HEAD shows these checksums; of a copy those that `copied` makes of the algorithm it was asked for. */
async function showing(
  shown: Checksums,
  options: Partial<S3StorageOptions> = {},
  copied: (asked: string | undefined) => Checksums = () => shown,
): Promise<{
  readonly storage: S3StorageAdapter
  readonly server: AlteringServer
  readonly asked: (string | undefined)[]
}> {
  const asked: (string | undefined)[] = []
  const copies = new Map<string, Checksums>()
  const isCopy = ({ method, url, headers }: SeenRequest) =>
    headers['x-amz-copy-source'] !== undefined || (method === 'POST' && /[?&]uploads/.test(url))
  const server = await altering(world.endpoint, {
    request: (request) => {
      if (!isCopy(request) || /[?&]partNumber/.test(request.url)) return undefined
      const algorithm = request.headers['x-amz-checksum-algorithm'] as string | undefined
      asked.push(algorithm)
      copies.set(pathOf(request), copied(algorithm))
      return undefined
    },
    response: (request, answer) => {
      if (request.method !== 'HEAD' || answer.status !== 200) return undefined
      if (request.headers['x-amz-checksum-mode'] === undefined) return bare(answer)
      const checksums = copies.get(pathOf(request)) ?? shown
      return Object.entries(checksums).reduce(
        (now, [name, value]) => withHeader(now, `x-amz-checksum-${name}`, value),
        bare(answer),
      )
    },
  })
  const storage = new S3StorageAdapter({ ...world.settings, endpoint: server.endpoint, ...options })
  open.push(
    () => server.close(),
    () => storage.close(),
  )
  return { storage, server, asked }
}

const pathOf = ({ url }: SeenRequest) => url.split('?')[0] ?? ''
const bare = (answer: Answer) =>
  answer.rawHeaders
    .filter((name) => /^x-amz-checksum-/i.test(name))
    .reduce((now, name) => withHeader(now, name, undefined), answer)

const transports = [
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
] as const

describe.each(transports)('checksums in a HEAD, %s', (_, transport) => {
  test.each([
    [
      'SHA512',
      { sha512: 'c2hhNTEy', type: 'FULL_OBJECT' },
      { algorithm: 'SHA512', value: 'c2hhNTEy', type: 'FULL_OBJECT' },
    ],
    ['MD5', { md5: 'bWQ1' }, { algorithm: 'MD5', value: 'bWQ1', type: 'FULL_OBJECT' }],
    ['XXHASH3', { xxhash3: 'eHg=', type: 'FULL_OBJECT' }, { algorithm: 'XXHASH3', value: 'eHg=', type: 'FULL_OBJECT' }],
    ['one of parts', { xxhash128: 'eHg=-3' }, { algorithm: 'XXHASH128', value: 'eHg=-3', type: 'COMPOSITE' }],
    [
      'one that nobody knows yet',
      { blake4: 'Yg==', type: 'TREE' },
      { algorithm: 'BLAKE4', value: 'Yg==', type: 'TREE' },
    ],
  ])('are read whatever they are: %s', async (name, shown, checksum) => {
    const key = `read/${name}`
    await upload(world, key)
    const { storage } = await showing(shown as Checksums, transport)
    const state = await fullState(storage, key)
    expect(state.checksum).toEqual(checksum)
    expect(state.checksums).toBeUndefined()
  })

  test('are all read where there are several', async () => {
    await upload(world, 'read/several')
    const { storage } = await showing(
      { sha512: 'cw==', crc64nvme: 'Yw==', md5: 'bQ==', type: 'FULL_OBJECT' },
      transport,
    )
    const state = await fullState(storage, 'read/several')
    expect(state.checksum).toMatchObject({ algorithm: 'CRC64NVME', value: 'Yw==' })
    expect(state.checksums).toMatchObject([
      { algorithm: 'CRC64NVME', value: 'Yw==' },
      { algorithm: 'MD5', value: 'bQ==' },
      { algorithm: 'SHA512', value: 'cw==' },
    ])
  })
})

describe.each([
  ['in one piece', {}],
  ['in parts', { multipartThresholdBytes: 1 }],
])('a copy %s', (how, options) => {
  test.each([
    [{ sha512: 'cw==' }, 'SHA512'],
    [{ crc64nvme: 'Yw==', sha512: 'cw==' }, 'SHA512'],
  ])('asks for the algorithm of its original: %j', async (shown, algorithm) => {
    const key = `asked/${how}/${Object.keys(shown).join()}`
    await upload(world, key)
    const { storage, asked } = await showing({ ...(shown as Checksums), type: 'FULL_OBJECT' }, options)
    const { remediation } = await repair(storage, key)
    expect(remediation).toMatchObject({ outcome: 'repaired', before: { checksum: { value: Object.values(shown)[0] } } })
    expect(asked).toEqual([algorithm])
  })

  test('asks for one that nobody knows yet, and is refused by a server that does not know it either', async () => {
    const key = `unknown/${how}`
    await upload(world, key)
    const { storage, asked } = await showing({ blake4: 'Yg==', type: 'FULL_OBJECT' }, options, () => ({}))
    const { remediation } = await repair(storage, key)
    expect(asked[0]).toBe('BLAKE4')
    expect(remediation.outcome).toBe('failed')
  })

  test.each([
    ['its only one', { sha512: 'cw==' }, { crc64nvme: 'Yw==' }],
    ['one of several', { crc64nvme: 'Yw==', sha512: 'cw==' }, { crc64nvme: 'Yw==' }],
    ['all', { sha512: 'cw==' }, {}],
  ])('that loses a checksum is never a repair, and is made once: %s', async (name, shown, left) => {
    const keys = [`lost/${how}/${name}/1`, `lost/${how}/${name}/2`] as const
    for (const key of keys) await upload(world, key)
    const { storage, server } = await showing(
      { ...(shown as Checksums), type: 'FULL_OBJECT' },
      options,
      () => left as Checksums,
    )
    const first = await repair(storage, keys[0])
    expect(first.remediation).toMatchObject({
      outcome: 'failed',
      differences: [{ property: 'checksum.algorithm', before: 'SHA512' }],
    })
    const sent = server.seen.length
    const second = await repair(storage, keys[1])
    expect(second.remediation).toMatchObject({ outcome: 'refused', steps: [] })
    expect(second.remediation.reason).toContain('SHA512, which a copy on this server loses')
    expect(server.seen.slice(sent).filter(({ method }) => method === 'PUT' || method === 'POST')).toEqual([])
  })

  test('whose checksum is another is never a repair', async () => {
    const key = `other/${how}`
    await upload(world, key)
    const { storage } = await showing({ sha512: 'cw==', type: 'FULL_OBJECT' }, options, () => ({
      sha512: 'eA==',
      type: 'FULL_OBJECT',
    }))
    const { remediation } = await repair(storage, key)
    expect(remediation).toMatchObject({
      outcome: 'failed',
      differences: [{ property: 'checksum.value', before: 'cw==', after: 'eA==' }],
    })
  })
})

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { BulkExportsPlatform, RecordingJobsPlatform } from '../../src/genesys.js'
import { LegalHoldExporter, MemoryJournal, type Verdict } from '../../src/index.js'
import { FileJournal } from '../../src/node.js'
import { S3LifecyclePolicy, S3StorageAdapter } from '../../src/s3.js'
import {
  aConversation,
  anOrganization,
  expectAllHeld,
  MemoryStorageAdapter,
  S3Simulator,
  startSimulators,
} from '../../src/testing/index.js'

test('the streams of validate, remediate and release end with their block, and are taken by stream helpers', async () => {
  await using world = await anOrganization().with(aConversation(), aConversation()).start()
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
  await exporter.run(world.request)
  const source = { prefix: '' }
  const streams = [
    () => exporter.validate(source),
    () => exporter.remediate(source, { dryRun: true }),
    () => exporter.release(source, { reason: 'test', dryRun: true }),
  ]
  for (const open of streams) {
    const left = open()
    {
      await using stream = left
      await stream.next()
    }
    expect(await left.next()).toEqual({ done: true, value: undefined })
    const unused = open()
    await unused[Symbol.asyncDispose]()
    expect(await unused.next()).toEqual({ done: true, value: undefined })
  }
  const verdicts: Verdict[] = await Readable.from(exporter.validate(source))
    .filter(() => true)
    .toArray()
  expect(verdicts.length).toBe(world.bucket.keys().length)
  expect(verdicts.length).toBeGreaterThan(0)
  await expectAllHeld(world.bucket, { by: 'matter-1' })
})

const connection = { region: 'eu-west-1', clientId: 'an id', clientSecret: 'a secret' }
const at = { type: 'verdict', data: {}, time: '2023-10-20T12:00:00.000Z', runId: 'run-1' } as const

test.each<[string, () => (AsyncDisposable & { close?(): unknown }) | Promise<AsyncDisposable & { close?(): unknown }>]>(
  [
    ['FileJournal', () => new FileJournal(mkdtempSync(join(tmpdir(), 'disposal-')))],
    ['MemoryJournal', () => new MemoryJournal()],
    ['S3StorageAdapter', () => new S3StorageAdapter({ bucket: 'bucket', region: 'eu-west-1' })],
    ['S3LifecyclePolicy', () => new S3LifecyclePolicy({ bucket: 'bucket', region: 'eu-west-1' })],
    ['MemoryStorageAdapter', () => new MemoryStorageAdapter()],
    ['RecordingJobsPlatform', () => new RecordingJobsPlatform(connection)],
    ['BulkExportsPlatform', () => new BulkExportsPlatform(connection)],
    ['S3Simulator', () => new S3Simulator()],
    ['what listens', () => new S3Simulator().listen()],
    ['startSimulators', () => startSimulators({ scenario: { count: 1 } })],
    ['a simulated organisation', () => anOrganization().start({ strict: true })],
  ],
)('%s is disposed of at the end of its block, though it was closed in it, and once more', async (_, make) => {
  const left = await make()
  {
    await using held = left
    await held.close?.()
  }
  await left[Symbol.asyncDispose]()
  await left.close?.()
})

test('whatever of the public surface can be closed can be disposed of', () => {
  const reports = new URL('../../api/', import.meta.url)
  const closable = readdirSync(reports).flatMap((file) =>
    readFileSync(new URL(file, reports), 'utf8')
      .split(/^\/\/ @public\n/m)
      .filter((declaration) => /^ {4}close\(\)/m.test(declaration)),
  )
  expect(closable.length).toBeGreaterThan(8)
  expect(closable.filter((declaration) => !/^ {4}\[Symbol\.(asyncD|d)ispose\]\(\)/m.test(declaration))).toEqual([])
})

describe('a journal on disk at the end of its block', () => {
  const fresh = () => mkdtempSync(join(tmpdir(), 'disposal-'))
  const diskFull = async () => {
    const handle = await open(tmpdir())
    const spy = vi.spyOn(Object.getPrototypeOf(handle), 'appendFile')
    await handle.close()
    return spy.mockRejectedValue(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
  }
  afterEach(() => vi.restoreAllMocks())

  test('has let go of its lock, and what was buffered is on the disk', async () => {
    const directory = fresh()
    {
      await using journal = new FileJournal(directory, { flushIntervalMs: 60_000 })
      await journal.append(at, { buffered: true })
    }
    await using next = new FileJournal(directory)
    expect(await next.open()).toEqual({ records: 1, tornBytes: 0 })
  })

  test('hides no error of the block by one of its own that was told before', async () => {
    const failed = async () => {
      await using journal = new FileJournal(fresh())
      await journal.open()
      await diskFull()
      await journal.append(at)
    }
    const error = await failed().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'LegalHoldError', code: 'JOURNAL_UNWRITABLE' })
  })

  test('one that cannot be opened throws once', async () => {
    const directory = fresh()
    await using first = new FileJournal(directory)
    await first.open()
    const second = async () => {
      await using journal = new FileJournal(directory)
      const opening = journal.open()
      opening.catch(() => {})
      throw await journal[Symbol.asyncDispose]().then(() => new Error('of the block'))
    }
    await expect(second()).rejects.toThrow('of the block')
  })

  test('says that buffered records were lost where nobody knows yet', async () => {
    const lossy = async () => {
      await using journal = new FileJournal(fresh(), { flushIntervalMs: 60_000 })
      await journal.open()
      await diskFull()
      await journal.append(at, { buffered: true })
    }
    await expect(lossy()).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
  })

  test('leaves a run that failed its own error', async () => {
    await using world = await anOrganization().with(aConversation()).start()
    const run = async () => {
      await using journal = new FileJournal(fresh())
      await using storage = new S3StorageAdapter(world.s3Connection)
      await using platform = new RecordingJobsPlatform(world.genesysConnection)
      const exporter = new LegalHoldExporter({ platform, storage, clock: world.clock, hold: { tag: 'matter-1' } })
      await diskFull()
      await exporter.run(world.request, { journal })
    }
    const error = await run().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'LegalHoldError', code: 'JOURNAL_UNWRITABLE' })
  })
})

test('a platform that was closed has no token any more, and logs in when it is used again', async () => {
  await using world = await anOrganization().start({ strict: true })
  const logins = () => world.genesys.requests.filter(({ operation }) => operation === 'requestToken').length
  await using platform = new RecordingJobsPlatform(world.genesysConnection)
  await platform.organization()
  await platform.organization()
  expect(logins()).toBe(1)
  platform.close()
  await platform.organization()
  expect(logins()).toBe(2)
})

test('a strict world fails once, when it is closed, and not again when its block ends', async () => {
  const failed = async () => {
    await using world = await anOrganization().start({ strict: ['HeadBucket'] })
    await new RecordingJobsPlatform(world.genesysConnection).organization().catch(() => {})
    await world.close()
  }
  const error = await failed().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'AssertionError' })
})

import { describe, expect, test } from 'vitest'
import { LegalHoldError, MemoryJournal } from '#src/index.js'
import { serverName } from '#src/internal/server-name.js'
import { S3StorageAdapter } from '#src/storage/s3/adapter.js'
import { oneRecording } from '../fakes/one-recording.js'

/** A world whose storage is on a named server, and a journal that ends before the report, or with it. */
async function interrupted(over: { readonly endpoint?: string; readonly finished?: boolean } = {}) {
  const world = oneRecording()
  world.deliver('r1.opus', 'r1.opus_metadata.json')
  Object.assign(world.storage, { endpoint: over.endpoint })
  const journal = new MemoryJournal()
  const append = journal.append.bind(journal)
  journal.append = async (record) => {
    if (record.type === 'recording' && !over.finished) throw new Error('power cut')
    return append(record)
  }
  await world.run({}, {}, { journal }).catch(() => {})
  journal.append = append
  const records = []
  for await (const record of journal.entries()) records.push(record)
  expect(records.some(({ type }) => type === 'report')).toBe(over.finished ?? false)
  return { ...world, journal, records, resume: () => world.run({}, {}, { journal }) }
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (LegalHoldError.isInstance(error) ? error : String(error)),
  )

describe.each([false, true])('a journal (finished: %s) is refused to a run', (finished) => {
  test.each<[string, string | undefined, string | undefined, boolean]>([
    ['on another S3 server', 'https://s3.a.example', 'https://s3.b.example', false],
    ['on a server of its own after Amazon', 'aws', 'https://s3.b.example', false],
    ['on Amazon after a server of its own', 'https://s3.a.example', 'aws', false],
    ['on another port', 'https://s3.a.example:9000', 'https://s3.a.example:9001', false],
    ['on the same server: not', 'https://s3.a.example/path', 'https://S3.a.example:443', true],
    ['through a tunnel that has another port today: not', 'http://127.0.0.1:4001', 'http://127.0.0.1:4002', true],
    ['where the journal names no server, as earlier versions did: not', undefined, 'https://s3.b.example', true],
    ['whose server is not known: not', 'https://s3.a.example', undefined, true],
  ])('%s', async (_, then, now, isSame) => {
    const { storage, platform, resume } = await interrupted({
      finished,
      ...(then === undefined ? {} : { endpoint: then }),
    })
    Object.assign(storage, { endpoint: now })
    const calls = platform.calls.length
    if (isSame) {
      expect(await resume()).toMatchObject({ outcome: 'complete' })
      return
    }
    expect(await failure(resume())).toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      details: { differences: ['storage'] },
    })
    expect(platform.calls.length).toBe(calls)
  })

  test.each([
    ['in another region', 'us-east-1', false],
    ['whose region is not known: not', undefined, true],
  ])('%s', async (_, region, isSame) => {
    const { platform, resume } = await interrupted({ finished })
    Object.assign(platform, { region })
    if (isSame) expect(await resume()).toMatchObject({ outcome: 'complete' })
    else expect(await failure(resume())).toMatchObject({ details: { differences: ['platform'] } })
  })
})

test('a journal is refused to a run of another organisation, before anything is changed or created', async () => {
  const { platform, storage, resume, journal } = await interrupted()
  const own = platform.organization.bind(platform)
  platform.organization = async () => ({ id: 'another' })
  const calls = platform.calls.length
  const versions = storage.versions('org/year=2023/month=10/day=20/hour=9/conversation_id=c1/r1.opus').length
  expect(await failure(resume())).toMatchObject({
    code: 'CHECKPOINT_MISMATCH',
    message: expect.stringContaining('organization was "org" and is "another"'),
    details: { differences: ['organization'] },
  })
  expect(platform.calls.length).toBe(calls)
  expect(storage.versions('org/year=2023/month=10/day=20/hour=9/conversation_id=c1/r1.opus').length).toBe(versions)
  const types = []
  for await (const { type } of journal.entries()) types.push(type)
  expect(types.at(-1)).toBe('run-stopped')
  // The right one goes on all the same.
  platform.organization = own
  expect(await resume()).toMatchObject({ outcome: 'complete' })
})

test('what is recorded of a server holds no secret', async () => {
  const { records, resume, storage } = await interrupted({ endpoint: 'https://user:hunter2@s3.a.example/?token=abc' })
  expect(records[0]?.data).toMatchObject({ storage: { bucket: 'memory', endpoint: 'https://s3.a.example' } })
  Object.assign(storage, { endpoint: 'https://user:hunter3@s3.b.example/?token=abc' })
  const error = await failure(resume())
  expect(error).toMatchObject({ message: expect.stringContaining('https://s3.b.example') })
  expect(JSON.stringify([records, error, String(error)])).not.toMatch(/hunter|token|user/)
})

test.each([
  [undefined, undefined],
  ['aws', 'aws'],
  ['MinIO.local:9000', 'minio.local:9000'],
  ['http://[::1]:9000', 'http://[::1]'],
  ['https://localhost:9000/x', 'https://localhost'],
  ['user:secret@host', undefined],
  ['s3://key:secret@bucket', undefined],
  ['', undefined],
])('the name of the server %j is %j', (address, name) => {
  expect(serverName(address)).toBe(name)
})

test('the S3 adapter names the server of its settings, and none for a client that it was given', () => {
  const bucket = 'evidence'
  expect(new S3StorageAdapter({ bucket, region: 'eu-west-1' }).endpoint).toBe('aws')
  expect(new S3StorageAdapter({ bucket, endpoint: 'https://s3.a.example' }).endpoint).toBe('https://s3.a.example')
  // A run may go on through the endpoint of a private network, or name the region that it left to the environment.
  for (const host of [
    's3',
    's3.eu-west-1',
    's3-eu-west-1',
    's3.dualstack.us-gov-west-1',
    's3-fips.us-east-1',
    'bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce',
  ]) {
    expect(new S3StorageAdapter({ bucket, endpoint: `https://${host}.amazonaws.com/` }).endpoint).toBe('aws')
  }
  const others = [
    'ec2-1-2-3-4.compute-1.amazonaws.com',
    's3-proxy-1.eu-west-1.elb.amazonaws.com',
    's3.amazonaws.com.cn',
  ]
  for (const endpoint of others.map((host) => `https://${host}`)) {
    expect(new S3StorageAdapter({ bucket, endpoint }).endpoint).toBe(endpoint)
  }
  expect(new S3StorageAdapter({ bucket, client: { send: async () => ({}) } }).endpoint).toBeUndefined()
  process.env.AWS_ENDPOINT_URL_S3 = 'https://s3.b.example'
  try {
    expect(new S3StorageAdapter({ bucket, region: 'eu-west-1' }).endpoint).toBe('https://s3.b.example')
  } finally {
    delete process.env.AWS_ENDPOINT_URL_S3
  }
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { RetentionContext } from '#src/index.js'
import { configuredEndpoint, readSharedConfig } from '#src/internal/aws/shared-config.js'
import { type S3ClientLike, S3LifecyclePolicy, S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { failure, needs, S3, simulated } from '../world.js'

/*
 * A session token crosses no network in clear, whoever names the endpoint. Nothing here may leave this machine: a connection to
 * anywhere else fails the test that makes it.
 */

const elsewhere = 'http://192.0.2.7:9000'
const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' }
const open: (() => Promise<void> | void)[] = []
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aws-'))
  open.push(() => rmSync(folder, { recursive: true }))
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID'])
    vi.stubEnv(name, undefined)
  configure('', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of open.splice(0).reverse()) await close()
})

/** What stands in the shared configuration of AWS. */
function configure(config: string, credentialsFile = ''): void {
  const [first, second] = [join(folder, 'config'), join(folder, 'credentials')]
  writeFileSync(first, config)
  writeFileSync(second, credentialsFile)
  vi.stubEnv('AWS_CONFIG_FILE', first)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', second)
}

function adapter(options: Partial<S3StorageOptions> = {}): S3StorageAdapter {
  const storage = new S3StorageAdapter({
    bucket: 'evidence',
    region: 'eu-west-1',
    credentials,
    retry: { retries: 0 },
    ...options,
  })
  open.push(() => storage.close())
  return storage
}

function ownClient(config: S3.S3ClientConfig = {}): S3ClientLike {
  const client = new S3.S3Client({ region: 'eu-west-1', credentials, maxAttempts: 1, ...config })
  open.push(() => client.destroy())
  return client as unknown as S3ClientLike
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source) throw new Error('There is nothing.')
}

const ref = { bucket: 'evidence', key: 'k', versionId: 'v' }

/** All kinds of requests: HEAD, lists, calls past the SDK, inspection. */
const requests: Readonly<Record<string, (storage: S3StorageAdapter) => Promise<unknown>>> = {
  head: (storage) => storage.head(ref),
  list: (storage) => drain(storage.list('')),
  'list versions': (storage) => drain(storage.listVersions('')),
  inspect: (storage) => storage.inspectBucket(needs()),
  tag: (storage) => storage.mergeTags(ref, { a: 'b' }),
  hold: (storage) => storage.putLegalHold(ref, 'ON'),
  read: (storage) => storage.readText(ref, { maxBytes: 10 }),
}

async function expectInsecure(storage: S3StorageAdapter, source: RegExp): Promise<void> {
  for (const [name, send] of Object.entries(requests)) {
    const error = await failure(send(storage))
    expect(error, name).toMatchObject({ code: 'INSECURE_ENDPOINT', retryable: false, outcome: 'not-applied' })
    expect(error.message, name).toMatch(source)
    expect(JSON.stringify(error), name).not.toMatch(/secret|token/)
  }
}

const withoutTls = '192\\.0\\.2\\.7'

describe('an endpoint without TLS that is not on loopback', () => {
  test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])('is refused where %s names it', async (name) => {
    vi.stubEnv(name, elsewhere)
    await expectInsecure(adapter(), new RegExp(`${withoutTls}.*${name} names`))
  })

  test.each([
    ['a profile', 'default', `[default]\nendpoint_url = ${elsewhere}\n`, ''],
    ['another profile', 'x', `[profile x]\nregion=eu-west-1\nendpoint_url=${elsewhere}\n`, ''],
    ['the credentials file', 'x', '', `[x]\nendpoint_url = ${elsewhere}\n`],
    [
      'the services of a profile',
      'x',
      `[profile x]\nservices = mine\n\n[services mine]\ns3 =\n  endpoint_url = ${elsewhere}\n`,
      '',
    ],
  ])('is refused where %s names it', async (_, profile, config, credentialsFile) => {
    configure(config, credentialsFile)
    vi.stubEnv('AWS_PROFILE', profile)
    await expectInsecure(adapter(), new RegExp(`${withoutTls}.*profile "${profile}"`))
  })

  test('is refused where the environment names it and the settings have no credentials, before any are asked for', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', elsewhere)
    await expectInsecure(adapter({ credentials: undefined }), /AWS_ENDPOINT_URL names/)
  })

  test.each(['STS', 'SSO', 'SSO_OIDC', 'SIGNIN'])(
    'is refused for %s, which the SDK would ask for credentials',
    async (service) => {
      vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, elsewhere)
      await expectInsecure(adapter({ credentials: undefined }), new RegExp(`AWS ${service} endpoint.*${withoutTls}`))
    },
  )

  test("is refused of a caller's client, whoever told it", async () => {
    await expectInsecure(adapter({ client: ownClient({ endpoint: elsewhere }) }), new RegExp(withoutTls))
    vi.stubEnv('AWS_ENDPOINT_URL_S3', elsewhere)
    await expectInsecure(adapter({ client: ownClient() }), new RegExp(withoutTls))
  })

  test("is refused where a middleware of the caller's client leads there in the end", async () => {
    const client = ownClient() as unknown as S3.S3Client
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(args.request as object, { protocol: 'http:', hostname: '192.0.2.7' })
        return next(args)
      },
      { step: 'finalizeRequest', name: 'elsewhere', priority: 'low' },
    )
    await expectInsecure(adapter({ client: client as unknown as S3ClientLike }), new RegExp(withoutTls))
  })

  test('is refused to the lifecycle policy', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', elsewhere)
    const policy = new S3LifecyclePolicy({ region: 'eu-west-1', credentials })
    const context = { bucket: 'evidence', prefix: '', bucketInspection: { bucket: 'b', findings: [] } }
    expect(await failure(policy.evaluate(context as unknown as RetentionContext))).toMatchObject({
      code: 'INSECURE_ENDPOINT',
    })
  })
})

test('one on loopback is used, by whichever variable it is named', async () => {
  const world = await simulated()
  open.push(() => world.close())
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3']) {
    vi.stubEnv(name, world.endpoint)
    const { bucket, credentials: own, region } = world.settings
    const storage = adapter({ bucket, credentials: own, region, forcePathStyle: true })
    await drain(storage.list(''))
    vi.stubEnv(name, undefined)
  }
  expect(world.simulator.requests.length).toBe(2)
})

describe('what is configured for a service', () => {
  const config = async () => readSharedConfig(process.env)

  test('is what the SDKs make of it, the nearest first', async () => {
    configure(
      [
        '# a comment',
        '[default]',
        'endpoint_url = https://default.example',
        '[profile x]',
        'endpoint_url = https://x.example',
        'services = mine',
        's3 =',
        '  max_concurrent_requests = 5',
        '[services mine]',
        'sts =',
        '  endpoint_url = https://sts.example',
        's3 = ',
        '\tendpoint_url = https://s3.example',
      ].join('\r\n'),
      '[x]\nendpoint_url = https://credentials.example\n[only]\nendpoint_url = https://only.example',
    )
    const of = async (service: Parameters<typeof configuredEndpoint>[0], env: Record<string, string> = {}) =>
      configuredEndpoint(service, env, await config())?.url
    expect(await of('S3')).toBe('https://default.example')
    expect(await of('S3', { AWS_PROFILE: 'x' })).toBe('https://s3.example')
    expect(await of('STS', { AWS_PROFILE: 'x' })).toBe('https://sts.example')
    expect(await of('SSO', { AWS_PROFILE: 'x' })).toBe('https://x.example')
    expect(await of('S3', { AWS_PROFILE: 'only' })).toBe('https://only.example')
    expect(await of('S3', { AWS_PROFILE: 'none' })).toBeUndefined()
    const env = { AWS_PROFILE: 'x', AWS_ENDPOINT_URL: 'https://all.example' }
    expect(await of('S3', env)).toBe('https://all.example')
    expect(await of('S3', { ...env, AWS_ENDPOINT_URL_S3: 'https://own.example' })).toBe('https://own.example')
    expect(await of('S3', { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).toBeUndefined()
  })

  test('is nothing where there are no files', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'))
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'neither'))
    expect(configuredEndpoint('S3', {}, await config())).toBeUndefined()
  })
})

import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LegalHoldError } from '#src/index.js'
import { type S3ClientLike, S3LifecyclePolicy, S3StorageAdapter, type S3StorageOptions } from '#src/s3.js'
import { failure, S3, simulated } from '../world.js'

/** A mistake in settings is named by the setting, and not by what Node makes of it somewhere in a request. */

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of open.splice(0).reverse()) await close()
})

const good = { accessKeyId: 'AKIAKEY', secretAccessKey: 'c2VjcmV0', sessionToken: 'dG9rZW4' }
type Part = keyof typeof good
const words = { accessKeyId: 'access key id', secretAccessKey: 'secret access key', sessionToken: 'session token' }
const parts = Object.keys(good) as Part[]

/** What people paste: with the line break of the file, in two lines, with a blank, with something invisible. */
const mistakes: readonly [string, (value: string) => string, RegExp, readonly Part[]][] = [
  ['a line break at the end', (value) => `${value}\n`, /holds a line break/, parts],
  ['a line break of Windows', (value) => `${value}\r\n`, /holds a line break/, parts],
  ['a line break within', (value) => `${value}\n${value}`, /holds a line break/, parts],
  ['a blank at the end', (value) => `${value} `, /begins or ends with a blank/, parts],
  ['nothing', () => '', /is empty/, parts],
  ['a control character', (value) => `${value}\u0000${value}`, /holds a control character/, parts],
  ['a letter beyond ASCII', (value) => `${value}ü`, /no header can carry/, ['accessKeyId', 'sessionToken']],
  ['a blank within', (value) => `${value} ${value}`, /no header can carry/, ['accessKeyId', 'sessionToken']],
]
const cases = mistakes.flatMap(([what, spoil, why, ofParts]) =>
  ofParts.map((part) => [what, part, spoil, why] as const),
)

const transports = [
  ['past the SDK', {}],
  ['through the SDK', { requestHandler: { connectionTimeout: 10_000 } }],
] as const

function thrown(make: () => unknown): LegalHoldError {
  try {
    make()
  } catch (error) {
    if (LegalHoldError.isInstance(error)) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}

function expectNoSecret(error: unknown, spoiled: Record<string, string>): void {
  const text = `${JSON.stringify(error)} ${(error as Error).message}`
  for (const part of parts) if (spoiled[part] !== '') expect(text).not.toContain(good[part])
}

describe('credentials with a mistake in them', () => {
  test.each(cases)('are refused when they are given: %s in %s', (_, part, spoil, why) => {
    const spoiled = { ...good, [part]: spoil(good[part]) }
    for (const make of [
      () => new S3StorageAdapter({ bucket: 'evidence', region: 'eu-west-1', credentials: spoiled }),
      () => new S3LifecyclePolicy({ region: 'eu-west-1', credentials: spoiled }),
    ]) {
      const error = thrown(make)
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS', details: { option: `credentials.${part}` } })
      expect(error.message).toMatch(why)
      expectNoSecret(error, spoiled)
    }
  })

  test.each(parts.slice(0, 2))('are refused without a %s', (part) => {
    const { [part]: _, ...rest } = good
    const error = thrown(() => new S3StorageAdapter({ bucket: 'evidence', credentials: rest as typeof good }))
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', details: { option: `credentials.${part}` } })
  })

  describe.each(transports)('%s', (_transport, transport) => {
    test.each(cases)('are missing where a function gives them: %s in %s', async (_, part, spoil, why) => {
      const spoiled = { ...good, [part]: spoil(good[part]) }
      await expectMissing({ ...transport, credentials: async () => spoiled }, part, why, spoiled)
    })

    // What is empty is not set, for the SDK.
    const fromEnvironment = cases.filter(([what]) => what !== 'nothing' && what !== 'a control character')
    test.each(fromEnvironment)('are missing where the environment has them: %s in %s', async (_, part, spoil, why) => {
      const spoiled = { ...good, [part]: spoil(good[part]) }
      vi.stubEnv('AWS_ACCESS_KEY_ID', spoiled.accessKeyId)
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', spoiled.secretAccessKey)
      vi.stubEnv('AWS_SESSION_TOKEN', spoiled.sessionToken)
      await expectMissing({ ...transport, credentials: undefined }, part, why, spoiled)
    })
  })

  test.each(cases)("are missing where a caller's client has them: %s in %s", async (_, part, spoil, why) => {
    const spoiled = { ...good, [part]: spoil(good[part]) }
    const world = await simulated()
    const client = new S3.S3Client({
      endpoint: world.endpoint,
      region: 'eu-west-1',
      credentials: spoiled,
      forcePathStyle: true,
    })
    open.push(
      () => world.close(),
      () => client.destroy(),
    )
    await expectMissing({ client: client as unknown as S3ClientLike }, part, why, spoiled)
  })
})

async function expectMissing(
  options: Partial<S3StorageOptions>,
  part: Part,
  why: RegExp,
  spoiled: Record<string, string>,
): Promise<void> {
  const world = await simulated()
  const { endpoint } = world
  const storage = new S3StorageAdapter({
    bucket: world.bucket,
    retry: { retries: 0 },
    ...(options.client === undefined ? { endpoint, region: 'eu-west-1' } : {}),
    ...options,
  })
  open.push(
    () => world.close(),
    () => storage.close(),
  )
  const ref = { bucket: world.bucket, key: 'k' }
  for (const send of [() => storage.head(ref), () => storage.readText(ref, { maxBytes: 1 })]) {
    const error = await failure(send())
    expect(error).toMatchObject({ code: 'MISSING_CREDENTIALS', outcome: 'not-applied' })
    // The SDK itself refuses what is empty.
    if (spoiled[part] !== '') {
      expect(error.message).toContain(words[part])
      expect(error.message).toMatch(why)
    }
    expectNoSecret(error, spoiled)
  }
  expect(world.simulator.requests).toHaveLength(0)
}

describe('a region that is none', () => {
  const regions = [
    '',
    ' ',
    'eu west 1',
    'https://s3.eu-west-1.amazonaws.com',
    'EU-WEST-1',
    'eu-west-1\n',
    'eu_west_1',
    '-eu-',
    'eu-west-1/',
  ]

  test.each(regions)('is refused when it is given: %j', (region) => {
    for (const make of [
      () => new S3StorageAdapter({ bucket: 'evidence', region }),
      () => new S3LifecyclePolicy({ region }),
    ]) {
      expect(thrown(make)).toMatchObject({ code: 'INVALID_OPTIONS', details: { option: 'region' } })
    }
  })

  test.each(['eu-west-1', 'us-gov-east-1', 'eusc-de-east-1', 'auto', 'garage', 'default', 'us-east-005'])(
    'is not %s',
    (region) => {
      expect(new S3StorageAdapter({ bucket: 'evidence', region }).bucket).toBe('evidence')
    },
  )

  test('says which one is meant where that is plain', () => {
    expect(thrown(() => new S3StorageAdapter({ bucket: 'evidence', region: 'EU-WEST-1' })).message).toContain(
      '"eu-west-1" is meant',
    )
  })

  // What is empty is not set, for the SDK.
  test.each(regions.filter((region) => region.trim() !== ''))(
    'is refused where the environment names it: %j',
    async (region) => {
      vi.stubEnv('AWS_REGION', region)
      const storage = new S3StorageAdapter({ bucket: 'evidence', credentials: good, retry: { retries: 0 } })
      open.push(() => storage.close())
      for (const send of [
        () => storage.head({ bucket: 'evidence', key: 'k' }),
        () => storage.inspectBucket({} as never),
      ]) {
        expect(await failure(send())).toMatchObject({ code: 'INVALID_OPTIONS', details: { option: 'region' } })
      }
    },
  )
})

test('whatever stands in credentials and region, the error is about them and repeats nothing of the secret', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(text, text, text, text, (accessKeyId, secretAccessKey, sessionToken, region) => {
      const marked = { accessKeyId, secretAccessKey: `<<${secretAccessKey}>>`, sessionToken: `<<${sessionToken}>>` }
      try {
        new S3StorageAdapter({ bucket: 'evidence', region, credentials: marked })
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
        expect(JSON.stringify(error) + (error as Error).message).not.toMatch(/<<|>>/)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  [{ requestPayer: 'owner' }, 'requestPayer'],
  [{ contentMd5: 'yes' }, 'contentMd5'],
  [{ expectedBucketOwner: '123\n' }, 'expectedBucketOwner'],
])('an option that cannot be used is named: %j', (options, option) => {
  const make = () => new S3StorageAdapter({ bucket: 'evidence', ...(options as Partial<S3StorageOptions>) })
  expect(thrown(make)).toMatchObject({ code: 'INVALID_OPTIONS', details: { option } })
})

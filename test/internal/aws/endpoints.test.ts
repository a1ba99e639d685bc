import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LegalHoldError } from '#src/index.js'
import { requestsOf } from './requests.js'

/* A session token crosses no network in clear, whichever service it is for. Every connection is destroyed before it is made. */

const elsewhere = 'http://192.0.2.7:9000'
let folder: string
let connections: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aws-'))
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_PROFILE', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-key')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
  configure('')
  connections = 0
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
    connections += 1
    process.nextTick(() => this.destroy(Object.assign(new Error('not in a test'), { code: 'ECONNREFUSED' })))
    return this
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function configure(config: string): void {
  const [first, second] = [join(folder, 'config'), join(folder, 'credentials')]
  writeFileSync(first, config)
  writeFileSync(second, '')
  vi.stubEnv('AWS_CONFIG_FILE', first)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', second)
}

const failureOf = async (work: () => Promise<unknown>): Promise<LegalHoldError> => {
  try {
    await work()
  } catch (error) {
    return error as LegalHoldError
  }
  throw new Error('it did not fail')
}

async function expectInsecure(work: () => Promise<unknown>, source: RegExp): Promise<void> {
  const error = await failureOf(work)
  expect({ code: error.code, connections, message: error.message }).toEqual({
    code: 'INSECURE_ENDPOINT',
    connections: 0,
    message: expect.stringMatching(source),
  })
}

describe.each(Object.entries(requestsOf()))(
  'an endpoint of %s without TLS that is not on loopback',
  (service, send) => {
    test('is refused as an option', () => expectInsecure(async () => send({ endpoint: elsewhere }), /192\.0\.2\.7/))

    test.each(['AWS_ENDPOINT_URL', `AWS_ENDPOINT_URL_${service}`])('is refused where %s names it', async (variable) => {
      vi.stubEnv(variable, elsewhere)
      await expectInsecure(() => send({}), new RegExp(`192\\.0\\.2\\.7.*${variable} names`))
    })

    test.each([
      ['a profile', `[default]\nendpoint_url = ${elsewhere}\n`],
      [
        'the services of a profile',
        `[default]\nservices = x\n[services x]\n${service.toLowerCase()} =\n  endpoint_url = ${elsewhere}\n`,
      ],
    ])('is refused where %s names it', async (_, config) => {
      configure(config)
      await expectInsecure(() => send({}), /192\.0\.2\.7.*profile "default"/)
    })

    test('is refused for STS, which the SDK would ask for credentials', async () => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
      vi.stubEnv('AWS_ENDPOINT_URL_STS', elsewhere)
      await expectInsecure(() => send({}), /AWS STS endpoint/)
    })

    test('is no reason to refuse one on loopback', async () => {
      expect((await failureOf(() => send({ endpoint: 'http://127.0.0.1:9' }))).code).not.toBe('INSECURE_ENDPOINT')
      expect(connections).toBeGreaterThan(0)
    })
  },
)

import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Redactor } from '../../src/internal/redaction/redactor.js'
import { BulkExportsPlatform } from '../../src/platforms/bulk-exports/platform.js'
import { RecordingJobsPlatform } from '../../src/platforms/recording-jobs/platform.js'
import { encodings, holds } from '../fakes/encodings.js'
import { all, request } from './platform-world.js'
import { clientId, clientSecret, errorBody, json, ScriptedServer } from './scripted-server.js'

let server: ScriptedServer
beforeEach(async () => {
  server = await new ScriptedServer().start()
})
afterEach(() => server.close())

const texts = [
  'client_secret=hunter2-x',
  'the call had Bearer hunter2-x',
  'the call had Basic hunter2-x==',
  'access_token=hunter2-x&state=1',
  '{"clientSecret":"hunter2-x"}',
  'AWS_SECRET_ACCESS_KEY=hunter2-x',
]
const keyId = 'AKIAIOSFODNN7EXAMPLE'
const leaky = `no role; ${texts.join('; ')}; ${keyId}`

it.each([...texts, JSON.stringify(texts), JSON.stringify(JSON.stringify(texts))])('leaves no secret in %s', (text) => {
  expect(new Redactor().redact(text)).not.toContain('hunter2')
})

it('leaves other text as it is', () => {
  const text = 'The bucket evidence refused the role arn:aws:iam::123456789012:role/export: AccessDenied.'
  expect(new Redactor().redact(text)).toBe(text)
})

it('covers what the platform says of a failed job, of failed and unprotected recordings, and in its errors', async () => {
  const failed = { entities: [{ recording: { id: 'r' }, errorMessage: leaky }] }
  server.on('GET /api/v2/recording/jobs/j', () => json(200, { id: 'j', state: 'FAILED', errorMessage: leaky }))
  server.on('GET /api/v2/recording/jobs/j/failedrecordings', () => json(200, failed))
  server.on('GET /api/v2/recordings/bulkexports/j', () => json(200, { id: 'j', status: 'failed', error: leaky }))
  server.on('GET /api/v2/recordings/bulkexports/j/failedrecordings', () => json(200, failed))
  server.on('PUT /api/v2/recordings/deletionprotection', () =>
    json(200, { failedUpdates: [{ conversationId: 'c', errorMessage: leaky }] }),
  )
  const details = '/api/v2/analytics/conversations/details/jobs'
  server.on(`POST ${details}`, () => json(202, { jobId: 'q' }))
  server.on(`GET ${details}/q`, () => json(200, { state: 'FAILED', errorMessage: leaky }))
  server.on('GET /api/v2/recording/jobs/refused', () => errorBody(400, 'bad', leaky))
  const options = { region: 'eu-west-1', clientId, clientSecret, endpoint: server.endpoint }
  for (const platform of [new RecordingJobsPlatform(options), new BulkExportsPlatform(options)]) {
    const job = await platform.getJob('j')
    const said = [job, ...(await all(platform.failedRecordings(job))), await platform.protect(['c'])]
    for (const part of said) {
      expect(JSON.stringify(part)).toContain('no role')
      expect(JSON.stringify(part)).not.toMatch(/hunter2|AKIA/)
    }
    const query = await all(platform.expectedRecordings(job, request)).catch((error: Error) => error.message)
    expect(query).toContain('no role')
    expect(query).not.toMatch(/hunter2|AKIA/)
  }
  const error = await new RecordingJobsPlatform(options).getJob('refused').catch((reason: unknown) => reason)
  expect(JSON.stringify(error) + String(error)).toContain('no role')
  expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter2|AKIA/)
})

const longSecret = 'k9-ZpQ4+/vB7xYt2=LmN8~RsW0.dEfGhIjKlMnOp'
const longToken = 'tok_9aF3kLmN0pQrStUvWxYz1234567890-_AbCdEfGhIjKlMnOpQrStUvWxYz'
const known = [longSecret, longToken, Buffer.from(`${clientId}:${longSecret}`).toString('base64')]

function everything(value: unknown): string {
  if (!(value instanceof Error)) return JSON.stringify(value) ?? ''
  const shown = inspect(value, { depth: 20, showHidden: true }).replace(/^ +at .*$/gm, '')
  return `${JSON.stringify(value)} ${shown} ${everything(value.cause)}`
}

function expectNone(values: readonly unknown[]): void {
  const text = values.map(everything).join('\n')
  for (const secret of known) expect(holds(text, secret), text).toBe(false)
}

describe.each(Object.entries(encodings))('Genesys Cloud repeating secrets %s', (_, encode) => {
  const echoOf = (secrets: readonly string[]) => secrets.map((secret) => `no role; ${encode(secret)}`).join(' ; ')
  const whole = echoOf(known)
  const echoing = (status: number, echo = whole) =>
    new Response(
      JSON.stringify({
        message: echo,
        code: echo,
        status,
        contextId: echo,
        details: [{ errorCode: echo }],
        errors: [{ code: echo, message: echo }],
        limit: { key: echo, [echo]: 1 },
      }),
      { status, headers: { 'content-type': 'application/json', 'inin-correlation-id': header(echo) } },
    )
  const caught = (work: Promise<unknown>) => work.catch((error: unknown) => error)

  it.each([400, 401, 429, 500])('never has one in an error of status %i', async (status) => {
    const logged: unknown[] = []
    const log = (...said: unknown[]) => logged.push(...said)
    const options = {
      region: 'eu-west-1',
      clientId,
      clientSecret: longSecret,
      endpoint: server.endpoint,
      retry: { retries: 1, minDelayMs: 0, maxDelayMs: 0 },
      logger: { debug: log, info: log, warn: log, error: log },
    }
    server.onLogin = () => json(200, { access_token: longToken })
    server.on('GET /api/v2/recording/jobs/j', () => echoing(status))
    const error = await caught(new RecordingJobsPlatform(options).getJob('j'))
    expect(error).toBeInstanceOf(Error)
    // That nobody logged in with this token yet is why nobody here knows it.
    server.onLogin = () => echoing(status, echoOf(known.filter((secret) => secret !== longToken)))
    const refused = await caught(new RecordingJobsPlatform(options).getJob('j'))
    expect(refused).toBeInstanceOf(Error)
    expectNone([error, refused, ...logged])
  })

  it('never has one in what it makes of an answer', async () => {
    const echo = whole
    const fields = {
      name: echo,
      description: echo,
      errorMessage: echo,
      reason: echo,
      selfUri: echo,
      nextUri: undefined,
    }
    server.onLogin = () => json(200, { access_token: longToken })
    server.on('GET /api/v2/organizations/me', () => json(200, { id: 'org', ...fields }))
    server.on('GET /api/v2/recording/jobs/j', () => json(200, { id: 'j', state: 'FAILED', ...fields }))
    server.on('GET /api/v2/recording/jobs/j/failedrecordings', () =>
      json(200, { entities: [{ recording: { id: 'r' }, ...fields }] }),
    )
    server.on('GET /api/v2/integrations/i', () =>
      json(200, {
        id: 'i',
        intendedState: 'ENABLED',
        reportedState: { code: echo, detail: { message: echo } },
        ...fields,
      }),
    )
    server.on('GET /api/v2/integrations/i/config/current', () =>
      json(200, { properties: { bucketName: 'b', roleArn: echo, region: echo }, ...fields }),
    )
    const options = { region: 'eu-west-1', clientId, clientSecret: longSecret, endpoint: server.endpoint }
    const platform = new RecordingJobsPlatform(options)
    const job = await platform.getJob('j')
    expectNone([
      job,
      await caught(platform.organization()),
      await caught(platform.inspectProfile('i')),
      await caught(all(platform.failedRecordings(job))),
    ])
  })
})

/** As far as a header takes it. */
function header(text: string): string {
  return /^[\t\x20-\x7e]*$/.test(text) ? text : 'correlation'
}

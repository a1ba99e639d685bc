import { afterEach, beforeEach, expect, it } from 'vitest'
import { BulkExportsPlatform } from '../../src/platforms/bulk-exports.js'
import { RecordingJobsPlatform } from '../../src/platforms/recording-jobs.js'
import { Redactor } from '../../src/platforms/redaction.js'
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

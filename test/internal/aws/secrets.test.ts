import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LegalHoldError } from '#src/index.js'
import { answering, type LoopbackServer } from '../../fakes/http-server.js'
import { type Requests, requestsOf } from './requests.js'

/* Services repeat what they were sent when they refuse it; whoever prints an error prints its causes as well. */

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const token = 'IQoJb3JpZ2luX2VjEXAMPLETOKENabcdefghijklmnop'
let server: LoopbackServer
let endpoint: string
let isEntryRefused: boolean

beforeEach(async () => {
  isEntryRefused = false
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret)
  vi.stubEnv('AWS_SESSION_TOKEN', token)
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
  server = await answering((request, response) => {
    const said = `The security token ${request.headers['x-amz-security-token']} is invalid, ${secret} as well`
    const body = isEntryRefused
      ? { FailedEntryCount: 1, Entries: [{ ErrorCode: `Refused ${token}`, ErrorMessage: said }] }
      : { __type: 'UnrecognizedClientException', message: said, Token: token }
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'r1' }
    request.resume().on('end', () => response.writeHead(isEntryRefused ? 200 : 400, headers).end(JSON.stringify(body)))
  })
  endpoint = server.endpoint
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

async function shownBy(send: Requests[string]): Promise<string> {
  const error = await send({ endpoint }).then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason as LegalHoldError,
  )
  const shown = inspect(error, { depth: 10, showHidden: true })
  expect(shown).toContain('LegalHoldError')
  return shown
}

test.each(Object.entries(requestsOf()))('a refusal of %s shows no credentials', async (service, send) => {
  const shown = await shownBy(send)
  expect(shown).not.toContain(token)
  expect(shown).not.toContain(secret)
  // The others answer in XML; what is not XML is not shown at all.
  if (service === 'KMS' || service === 'EVENTBRIDGE') expect(shown).toMatch(/UnrecognizedClientException[\s\S]*r1/)
})

test('a refused entry of EventBridge shows none either', async () => {
  isEntryRefused = true
  const { EVENTBRIDGE } = requestsOf()
  const shown = await shownBy(EVENTBRIDGE!)
  expect(shown).not.toContain(token)
  expect(shown).not.toContain(secret)
  expect(shown).toContain('is invalid')
})

import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventBridgeNotifier, isSignedNotice, signatureHeader, snsNotifier, webhookNotifier } from '#src/node.js'
import { answering, type LoopbackServer } from '../fakes/http-server.js'
import { notice } from './notice.js'

interface Received {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let server: LoopbackServer
let url: string
const received: Received[] = []
let answer: (request: Received, response: ServerResponse) => void

beforeEach(async () => {
  received.length = 0
  answer = (_, response) => response.writeHead(204).end()
  server = await answering(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const one = { url: request.url ?? '', headers: request.headers, body }
    received.push(one)
    answer(one, response)
  })
  url = server.endpoint
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-key')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

const failureOf = async (work: unknown) => {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

describe('a webhook', () => {
  test('is sent a small JSON whose signature its receiver can check', async () => {
    await webhookNotifier({ url: `${url}/hook`, secret: 'key' })(notice, {})
    const { body, headers } = received[0]!
    expect(JSON.parse(body)).toEqual(notice)
    expect(headers['content-type']).toBe('application/json')
    const signature = String(headers[signatureHeader])
    expect(isSignedNotice({ secret: 'key', signature, body })).toBe(true)
    expect(isSignedNotice({ secret: 'other', signature, body })).toBe(false)
    expect(isSignedNotice({ secret: 'key', signature, body: `${body} ` })).toBe(false)
    expect(isSignedNotice({ secret: 'key', signature, body, now: Date.now() + 600_000 })).toBe(false)
    expect(isSignedNotice({ secret: 'key', signature: 'v1=abc', body })).toBe(false)
  })

  test('is not signed without a key', async () => {
    await webhookNotifier({ url })(notice, {})
    expect(received[0]?.headers[signatureHeader]).toBeUndefined()
  })

  test('is tried again after an error of its server, and not after a refusal', async () => {
    answer = (_, response) => response.writeHead(received.length < 3 ? 503 : 200).end()
    await webhookNotifier({ url })(notice, {})
    expect(received).toHaveLength(3)
    answer = (_, response) => response.writeHead(403).end()
    const error = await failureOf(webhookNotifier({ url: `${url}/T000/secret-part?token=secret-part` })(notice, {}))
    expect(received).toHaveLength(4)
    expect(error.message).toContain('HTTP 403')
    expect(error.message).not.toContain('secret-part')
  })

  test('is not sent on to where it is redirected', async () => {
    answer = (_, response) => response.writeHead(307, { location: `${url}/elsewhere` }).end()
    expect((await failureOf(webhookNotifier({ url })(notice, {}))).message).toContain('HTTP 307')
    expect(received).toHaveLength(1)
  })

  test.each([
    ['http://hooks.example.com/', 'INSECURE_ENDPOINT'],
    ['https://user:hunter2@hooks.example.com/', 'INVALID_OPTIONS'],
    ['ftp://hooks.example.com/', 'INVALID_OPTIONS'],
    ['no url', 'INVALID_OPTIONS'],
  ])('at %s is refused at once', (wrong, code) => {
    expect(() => webhookNotifier({ url: wrong })).toThrow(expect.objectContaining({ code }))
    expect(() => webhookNotifier({ url: wrong })).not.toThrow(/hunter2/)
  })
})

describe('a topic of Amazon SNS', () => {
  const topicArn = 'arn:aws:sns:eu-central-1:111122223333:legal-hold'

  test('is published to, in the region of its ARN', async () => {
    answer = (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>',
        )
    await snsNotifier({ topicArn, endpoint: url })(notice, {})
    const { body, headers } = received[0]!
    const form = new URLSearchParams(body)
    expect(form.get('Action')).toBe('Publish')
    expect(form.get('TopicArn')).toBe(topicArn)
    expect(JSON.parse(form.get('Message') ?? '')).toEqual(notice)
    expect(form.get('Subject')).toBe('Legal hold matter-7: complete')
    expect(headers.authorization).toContain('/eu-central-1/sns/')
  })

  test('that refuses is an error without the credentials', async () => {
    answer = (_, response) =>
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end(
          '<ErrorResponse><Error><Code>AuthorizationError</Code><Message>not-a-key</Message></Error></ErrorResponse>',
        )
    const error = await failureOf(snsNotifier({ topicArn, endpoint: url })(notice, {}))
    expect(error.message).toContain('Amazon SNS did not take the notice')
    expect(error.message).not.toContain('not-a-key')
  })
})

describe('a bus of Amazon EventBridge', () => {
  const json = (body: unknown) => (_: Received, response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))

  test('is given an event', async () => {
    answer = json({ FailedEntryCount: 0, Entries: [{ EventId: 'e' }] })
    await eventBridgeNotifier({ bus: 'legal', region: 'eu-west-1', endpoint: url })(notice, {})
    const { Entries } = JSON.parse(received[0]?.body ?? '')
    expect(Entries).toEqual([
      {
        EventBusName: 'legal',
        Source: 'genesys-legal-hold-exporter',
        DetailType: 'run-finished',
        Detail: JSON.stringify(notice),
      },
    ])
  })

  test('that refuses the event in an answer of 200 has failed', async () => {
    answer = json({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'ThrottlingException' }] })
    const notify = eventBridgeNotifier({ bus: 'legal', region: 'eu-west-1', endpoint: url })
    expect((await failureOf(notify(notice, {}))).message).toContain('ThrottlingException')
  })
})

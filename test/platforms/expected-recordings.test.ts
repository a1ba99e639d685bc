import { afterEach, beforeEach, expect, it } from 'vitest'
import { expectedRecordings } from '../../src/platforms/expected-recordings.js'
import { GenesysClient } from '../../src/platforms/genesys-client.js'
import type { ExportRequest } from '../../src/request.js'
import { all, request } from './platform-world.js'
import { clientId, clientSecret, json, ScriptedServer } from './scripted-server.js'

const jobs = '/api/v2/analytics/conversations/details/jobs'
let server: ScriptedServer

beforeEach(async () => {
  server = await new ScriptedServer().start()
  server.on(`POST ${jobs}`, () => json(202, { jobId: 'q' }))
  server.on(`GET ${jobs}/q`, () => json(200, { state: 'FULFILLED' }))
})
afterEach(() => server.close())

function expected(given: Partial<ExportRequest> = {}) {
  const client = new GenesysClient({ region: 'eu-west-1', clientId, clientSecret, endpoint: server.endpoint })
  return all(expectedRecordings(client, { ...request, ...given }))
}

function answerWith(conversations: object[], recordings: object[]) {
  server.on(`GET ${jobs}/q/results`, () => json(200, { conversations }))
  server.on('GET /api/v2/conversations/c/recordingmetadata', () => json(200, recordings))
}

it('mark what the platform leaves out on purpose, and not what it exports', async () => {
  answerWith(
    [{ conversationId: 'c' }],
    [
      { id: 'plain', media: 'audio' },
      { id: 'card', media: 'audio', containsSensitiveData: true },
      { id: 'gone', media: 'audio', fileState: 'DELETED', deleteDate: '2023-10-01T00:00:00.000+0000' },
    ],
  )
  const reasons = async (includeSensitive: boolean) =>
    (await expected({ includeSensitive })).map(({ recordingId, skippedReason }) => [recordingId, skippedReason])
  expect(await reasons(false)).toEqual([
    ['plain', undefined],
    ['card', 'sensitive: the request leaves such recordings out'],
    ['gone', 'deleted at the source'],
  ])
  expect(await reasons(true)).toEqual([
    ['plain', undefined],
    ['card', undefined],
    ['gone', 'deleted at the source'],
  ])
  expect((await expected())[2]!.deleteAt).toBe('2023-10-01T00:00:00.000Z')
})

it('tell messages apart by the session they are of, and expect those of an unknown kind', async () => {
  const sessions = [
    { sessionId: 's1', mediaType: 'message', messageType: 'whatsapp' },
    { sessionId: 's2', mediaType: 'message', messageType: 'webmessaging' },
  ]
  answerWith(
    [{ conversationId: 'c', participants: [{ sessions }] }],
    [
      { id: 'wa', media: 'message', sessionId: 's1' },
      { id: 'web', media: 'messaging', sessionId: 's2' },
      { id: 'either', media: 'message', sessionId: 's3' },
      { id: 'screen', media: 'audio', mediaSubtype: 'Screen' },
      { id: 'strange', media: 'hologram' },
    ],
  )
  const ids = async (given: Partial<ExportRequest>) => (await expected(given)).map(({ recordingId }) => recordingId)
  expect(await ids({ mediaTypes: ['message'], messageTypes: ['WhatsApp'] })).toEqual(['wa', 'either', 'strange'])
  expect(await ids({ mediaTypes: ['message'], messageTypes: ['sms'] })).toEqual(['strange'])
  expect(await ids({ mediaTypes: ['screen'] })).toEqual(['screen', 'strange'])
})

it('come once each, and not at all from a conversation without recordings', async () => {
  answerWith([{ conversationId: 'c' }, { conversationId: 'c' }, { conversationId: 'unrecorded' }], [{ id: 'r' }])
  expect((await expected()).map(({ recordingId }) => recordingId)).toEqual(['r'])
})

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { setupServer } from 'msw/node'
import { afterEach, describe, expect, it } from 'vitest'
import { type HandleContext, listen, S3Simulator } from '../../../src/testing/index.js'
import { genesysHandlers, s3Handlers } from '../../../src/testing/msw.js'
import { conversation, id, jobBody, organizationId, profileId, runJob, simulate } from './fixture.js'

const text = (body: Uint8Array) => Buffer.from(body).toString('utf8')

describe('what an export leaves', () => {
  it('lays recordings out by the hour of the conversation’s start, each with its sidecar', async () => {
    const world = simulate([
      conversation(
        1,
        { media: 'call', startTime: '2023-10-19T00:59:59.999Z', userIds: [id(5, 1)], direction: 'outbound' },
        { mediaSubtype: 'Trunk' },
      ),
    ])
    await runJob(world)
    world.clock.advance(10_000)
    await world.simulator.settle()
    const folder = `${organizationId}/year=2023/month=10/day=19/hour=0/conversation_id=${id(1, 1)}`
    expect(world.keys()).toEqual([`${folder}/${id(2, 1)}.wav`, `${folder}/${id(2, 1)}.wav_metadata.json`])
    const [wav, sidecar] = world.puts
    expect(wav).toMatchObject({ bucket: 'evidence', contentType: 'audio/wav', metadata: {} })
    const header = Buffer.from(wav!.body)
    expect([
      header.toString('latin1', 0, 4),
      header.toString('latin1', 8, 16),
      header.readUInt32LE(4),
      header.readUInt32LE(40),
    ]).toEqual(['RIFF', 'WAVEfmt ', header.length - 8, header.length - 44])
    expect(JSON.parse(text(sidecar!.body))).toEqual({
      mediaType: 'Call',
      mediaSubtype: 'Trunk',
      provider: 'Edge',
      userIds: [id(5, 1)],
      conversationId: id(1, 1),
      recordingId: id(2, 1),
      startTime: '2023-10-19T00:59:59.999+0000',
      endTime: '2023-10-19T09:25:00.000+0000',
      durationMs: 8 * 3_600_000 + 25 * 60_000 + 1,
      initialDirection: 'OUTBOUND',
    })
  })

  it('pads the folders when told to', async () => {
    const world = simulate([conversation(1, { startTime: '2023-10-19T09:00:00Z' })], { folderPadding: 'padded' })
    await runJob(world)
    world.clock.advance(10_000)
    await world.simulator.settle()
    expect(world.keys()[0]).toContain('/year=2023/month=10/day=19/hour=09/')
  })

  it('puts transcripts and attachments beside a message, under the names their senders gave them', async () => {
    const content = { kind: 'text', text: 'Grüße' } as const
    const world = simulate([
      conversation(
        1,
        {},
        {
          transcript: true,
          attachments: [{ id: id(6, 1), name: 'Müller & Söhne + 😀.txt', contentType: 'text/plain', content }],
        },
      ),
    ])
    await runJob(world)
    world.clock.advance(10_000)
    await world.simulator.settle()
    const names = world.keys().map((key) => key.split(`conversation_id=${id(1, 1)}/`)[1])
    expect(names).toEqual([
      `${id(2, 1)}.json`,
      `attachments/${id(6, 1)}/Müller & Söhne + 😀.txt`,
      `${id(1, 1)}-${id(3, 1)}.transcript.json`,
      `${id(2, 1)}.json_metadata.json`,
    ])
    expect(text(world.puts[1]!.body)).toBe('Grüße')
    expect(JSON.parse(text(world.puts[0]!.body)).messages.length).toBeGreaterThan(3)
    expect(JSON.parse(text(world.puts[2]!.body))).toMatchObject({ communicationId: id(3, 1), mediaType: 'message' })
  })

  it('is written through the S3 API, signed, with the keys percent-encoded once', async () => {
    const seen: { method: string; target: string; authorization: string | null; body: string }[] = []
    const s3 = await listen(async (request: Request, context?: HandleContext) => {
      const authorization = request.headers.get('authorization')
      seen.push({ method: request.method, target: context?.rawTarget ?? '', authorization, body: await request.text() })
      return new Response(null, { status: 200 })
    })
    try {
      const attachments = [
        {
          id: id(6, 1),
          name: 'ü +&.txt',
          contentType: 'text/plain',
          content: { kind: 'base64', base64: 'YWJj' } as const,
        },
      ]
      const world = simulate([conversation(1, {}, { attachments })], {
        delivery: {
          endpoint: s3.endpoint,
          region: 'eu-west-1',
          credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
        },
      })
      await runJob(world)
      world.clock.advance(10_000)
      expect(await world.json('GET', `/api/v2/recording/jobs/${world.simulator.jobs[0]!.id}`)).toMatchObject({
        state: 'FULFILLED',
      })
      await world.simulator.close()
      expect(seen).toHaveLength(3)
      expect(seen[1]).toMatchObject({ method: 'PUT', body: 'abc' })
      expect(seen[1]!.target).toMatch(/^\/evidence\/.*\/%C3%BC%20%2B%26\.txt(\?|$)/)
      expect(seen[1]!.authorization).toContain('Credential=AKIAEXAMPLE/')
    } finally {
      await s3.close()
    }
  })
})

describe('state in a directory', () => {
  const directories: string[] = []
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
  })

  it('survives a restart: a job in progress goes on, profiles and protections stay', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'genesys-'))
    directories.push(dataDir)
    const conversations = () => [1, 2, 3, 4].map((number) => conversation(number))
    const before = simulate(conversations(), { dataDir })
    const jobId = await runJob(before)
    await before.json('PATCH', `/api/v2/recordings/exportprofiles/${profileId}`, { include_legal_hold_metadata: false })
    await before.json('PUT', '/api/v2/recordings/deletionprotection?protect=true', { conversationIds: [id(1, 1)] })
    before.clock.advance(5_000)
    await before.json('GET', `/api/v2/recording/jobs/${jobId}`)
    expect(before.puts).toHaveLength(4)
    await before.simulator.close()
    expect(readFileSync(join(dataDir, 'genesys-state.json'), 'utf8')).not.toContain('simulator-secret')

    const after = simulate(conversations(), { dataDir })
    after.clock.advance(11_000)
    expect(await after.json('GET', `/api/v2/recording/jobs/${jobId}`)).toMatchObject({
      state: 'FULFILLED',
      totalProcessedRecordings: 4,
    })
    expect(after.keys()).toHaveLength(4)
    expect(new Set([...before.keys(), ...after.keys()]).size).toBe(8)
    const profile = await after.json('GET', `/api/v2/recordings/exportprofiles/${profileId}`)
    expect(profile.include_legal_hold_metadata).toBe(false)
    expect([...after.simulator.protectedConversations]).toEqual([id(1, 1)])
  })
})

describe('msw handlers', () => {
  it.each([true, false])('answer S3 with the bucket in the path (%s) or in the host name', async (forcePathStyle) => {
    const s3 = new S3Simulator()
    s3.createBucket('evidence')
    const server = setupServer(...s3Handlers(s3))
    server.listen({ onUnhandledRequest: 'error' })
    try {
      const client = new S3Client({ region: 'eu-west-1', forcePathStyle, credentials: S3Simulator.defaultCredentials })
      const where = { Bucket: 'evidence', Key: 'folder/Müller & Söhne.txt' }
      await client.send(new PutObjectCommand({ ...where, Body: 'content', Metadata: { a: 'b' } }))
      const { Metadata: metadata } = await client.send(new HeadObjectCommand(where))
      expect(metadata).toEqual({ a: 'b' })
      expect(s3.keys('evidence')).toEqual([where.Key])
    } finally {
      server.close()
    }
  })

  it('answer api. and login. of the organisation’s host, and drop connections as faults say', async () => {
    const world = simulate([conversation(1)])
    const server = setupServer(...genesysHandlers(world.simulator))
    server.listen({ onUnhandledRequest: 'error' })
    try {
      const granted = await fetch('https://login.mypurecloud.ie/oauth/token', {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('simulator-client:simulator-secret').toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
      const { access_token: token } = (await granted.json()) as { access_token: string }
      const headers = { authorization: `Bearer ${token}` }
      const url = 'https://api.mypurecloud.ie/api/v2/recording/jobs'
      const created = await fetch(url, { method: 'POST', headers, body: JSON.stringify(jobBody()) })
      expect(created.status).toBe(202)
      world.simulator.faults.add({ action: { kind: 'reset' } })
      await expect(fetch(url, { headers })).rejects.toThrow()
    } finally {
      server.close()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { conversation, id, integrationId, interval, profileId, simulate } from './fixture.js'

const path = '/api/v2/recordings/bulkexports'
const tag = 'discovery-batch-2023-10'

function exportBody(filters: Record<string, unknown> = {}, given: Record<string, unknown> = {}) {
  return {
    integrationId,
    exportProfileId: profileId,
    filters: { mediaType: 'digital', interval, ...filters },
    metadata: { legal_hold_tag: tag },
    ...given,
  }
}

/** Creates an export, lets it end, and returns it with what it put: file name and tag. */
async function runExport(world: ReturnType<typeof simulate>, body = exportBody()) {
  const created = await world.json('POST', path, body)
  const before = world.puts.length
  world.clock.advance(1_000)
  await world.simulator.settle()
  world.clock.advance(10_000)
  const ended = await world.json('GET', `${path}/${created.id}`)
  const objects = world.puts
    .slice(before)
    .map(({ key, metadata }) => [key.split('/').at(-1), metadata['legal-hold-tag']])
  return { created, ended, objects: Object.fromEntries(objects) as Record<string, string | undefined> }
}

const everyMedia = () =>
  (['call', 'chat', 'email', 'message', 'screen'] as const).map((media, index) => conversation(index + 1, { media }))

describe('bulk exports', () => {
  it('answer 200, start by themselves and end as completed', async () => {
    const world = simulate(everyMedia())
    const created = await world.json('POST', path, exportBody())
    expect(created).toMatchObject({ status: 'pending', metadata: { legal_hold_tag: tag }, totalRecordings: 3 })
    world.clock.advance(1_000)
    const get = () => world.json('GET', `${path}/${created.id}`)
    expect(await get()).toMatchObject({ status: 'in_progress' })
    world.clock.advance(10_000)
    expect(await get()).toMatchObject({ status: 'completed', processedRecordings: 3, failedRecordings: 0 })
    expect((await world.json('GET', path)).entities[0].id).toBe(created.id)
  })

  it('stamp calls and screens, sidecars too, and drop the tag of digital channels', async () => {
    const { objects } = await runExport(simulate(everyMedia()), exportBody({ mediaType: undefined }))
    expect(objects).toEqual({
      [`${id(2, 1)}.wav`]: tag,
      [`${id(2, 1)}.wav_metadata.json`]: tag,
      [`${id(2, 2)}.json`]: undefined,
      [`${id(2, 2)}.json_metadata.json`]: undefined,
      [`${id(2, 3)}.eml`]: undefined,
      [`${id(2, 3)}.eml_metadata.json`]: undefined,
      [`${id(2, 4)}.json`]: undefined,
      [`${id(2, 4)}.json_metadata.json`]: undefined,
      [`${id(2, 5)}.webm`]: tag,
      [`${id(2, 5)}.webm_metadata.json`]: tag,
    })
  })

  it.each([
    ['the profile’s flag is off', { includeHoldMetadata: false }],
    ['its retention is short-term', { retentionPolicy: 'short-term' }],
  ])('drop every tag where %s, until that is changed', async (_, options) => {
    const world = simulate(everyMedia(), options)
    const call = exportBody({ mediaType: 'call' })
    expect((await runExport(world, call)).objects[`${id(2, 1)}.wav`]).toBeUndefined()
    const change = { include_legal_hold_metadata: true, retention_policy: 'long-term' }
    expect(await world.json('PATCH', `/api/v2/recordings/exportprofiles/${profileId}`, change)).toMatchObject(change)
    expect((await runExport(world, call)).objects[`${id(2, 1)}.wav`]).toBe(tag)
    expect(await world.json('GET', `/api/v2/recordings/exportprofiles/${profileId}`)).toMatchObject(change)
  })

  it('read their filters: media, message types, conversations, and either form of interval', async () => {
    const world = simulate([...everyMedia(), conversation(6, { messageType: 'webmessaging' })])
    const count = async (filters: object) =>
      (await world.json('POST', path, exportBody(filters as never))).totalRecordings
    expect(await count({})).toBe(4)
    expect(await count({ mediaType: undefined, mediaTypes: ['voice', 'chat'] })).toBe(2)
    expect(await count({ messageType: 'webmessaging', mediaType: 'message' })).toBe(1)
    expect(await count({ conversationIds: [id(1, 2), id(1, 1)] })).toBe(1)
    const [start, end] = interval.split('/')
    expect(await count({ interval: { start, end } })).toBe(4)
    expect(await count({ interval: { start: '2023-10-20T00:00:00Z', end } })).toBe(0)
  })

  it('leave sensitive recordings out unless asked', async () => {
    const world = simulate([conversation(1), conversation(2, {}, { sensitive: true })])
    const totals = async (filters: object) =>
      (await world.json('POST', path, exportBody(filters as never))).totalRecordings
    expect(await totals({})).toBe(1)
    expect(await totals({ includeRecordingsWithSensitiveData: true })).toBe(2)
  })

  it('convert calls to the format asked for, and ignore it for messages', async () => {
    const world = simulate(everyMedia())
    const body = exportBody({ mediaTypes: ['call', 'message'], mediaType: undefined }, { format: 'OGG_OPUS' })
    const { objects } = await runExport(world, body)
    expect(Object.keys(objects)).toContain(`${id(2, 1)}.opus`)
    expect(Object.keys(objects)).toContain(`${id(2, 4)}.json`)
    const opus = world.puts.find(({ key }) => key.endsWith('.opus'))
    expect(Buffer.from(opus!.body.subarray(0, 4)).toString()).toBe('OggS')
  })

  it('are deleted while they run, list what failed at source, and refuse what they do not know', async () => {
    const world = simulate([conversation(1), conversation(2, {}, { failsAtSource: true })])
    const { ended } = await runExport(world)
    const failed = await world.json('GET', `${path}/${ended.id}/failedrecordings`)
    expect(failed.entities).toMatchObject([{ recording: { id: id(2, 2) }, conversation: { id: id(1, 2) } }])
    const { id: running } = await world.json('POST', path, exportBody())
    expect((await world.call('DELETE', `${path}/${running}`)).status).toBe(204)
    expect(await world.json('GET', `${path}/${running}`)).toMatchObject({ status: 'cancelled' })
    await world.json('POST', path, exportBody({}, { exportProfileId: id(9, 9) }), 404)
    await world.json('POST', path, exportBody({}, { integrationId: id(9, 9) }), 404)
    await world.json('POST', path, exportBody({ mediaType: 'fax' }), 400)
    await world.json('POST', path, exportBody({}, { filters: undefined }), 400)
    await world.json('GET', `/api/v2/recordings/exportprofiles/${id(9, 9)}`, undefined, 404)
  })
})

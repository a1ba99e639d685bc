import { describe, expect, test } from 'vitest'
import { MemoryJournal } from '#src/index.js'
import { folder, oneRecording, request } from '../../fakes/one-recording.js'
import { job } from '../../fakes/platform.js'
import { cutPowerBeforeReport } from '../../fakes/power-cut.js'

const padded = folder.replace('hour=9', 'hour=09')
const described = (...media: string[]) => media.flatMap((name) => [name, `${name}_metadata.json`])

describe('a recording that was delivered as several objects', () => {
  test.each([
    ['in two formats', [folder], described('r1.opus', 'r1.wav')],
    ['under two names of its hour', [folder, padded], described('r1.opus')],
    ['under two names, in another format each time', [folder, padded], described('r1.opus', 'r1.wav')],
  ])('%s counts once, and each of them is validated and repaired', async (_, folders, names) => {
    const { storage, run } = oneRecording()
    const keys = folders.flatMap((in_) => names.map((name) => `${in_}/${name}`))
    // All but the last carry the hold already: the one that does not must not hide behind them.
    for (const key of keys) {
      storage.put(key, { body: key, ...(key === keys.at(-2) ? {} : { metadata: { 'legal-hold-tag': 't' } }) })
    }
    const report = await run()
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
    expect(report.objects).toMatchObject({ listed: keys.length, recordings: keys.length / 2 })
    for (const key of keys) expect(storage.versions(key)[0]?.state?.metadata).toEqual({ 'legal-hold-tag': 't' })
  })

  test.each([
    ['the sidecar of one name', `${padded}/r1.opus_metadata.json`, 'companion missing'],
    ['the file of one name', `${padded}/r1.opus`, 'companion missing'],
  ])('lacks %s', async (_, lacking, reason) => {
    const { storage, run } = oneRecording()
    for (const in_ of [folder, padded]) {
      for (const name of described('r1.opus')) if (`${in_}/${name}` !== lacking) storage.put(`${in_}/${name}`)
    }
    expect(await run()).toMatchObject({
      outcome: 'incomplete',
      counts: { expected: 1, missing: 1 },
      exceptions: [{ reason: expect.stringContaining(reason) }],
    })
  })

  test.each([folder, padded])('has one empty under %s', async (in_) => {
    const { storage, run } = oneRecording()
    for (const other of [folder, padded]) {
      for (const name of described('r1.opus')) {
        storage.put(`${other}/${name}`, { body: other === in_ && name === 'r1.opus' ? '' : 'x' })
      }
    }
    expect(await run()).toMatchObject({
      outcome: 'incomplete',
      exceptions: [{ reason: expect.stringContaining('empty') }],
    })
  })

  test.each([folder, padded])('has one deleted under %s', async (in_) => {
    const { storage, clock, platform, run } = oneRecording({ landingQuietMs: 300_000 })
    const late = { recordingId: 'r2', conversationId: 'c2', conversationStart: '2023-10-20T10:30:00Z' }
    platform.expected.push(late)
    for (const other of [folder, padded]) for (const name of described('r1.opus')) storage.put(`${other}/${name}`)
    void clock.sleep(100_000).then(() => storage.delete(`${in_}/r1.opus`))
    void clock.sleep(200_000).then(() => {
      for (const name of described('r2.json')) {
        storage.put(`org/year=2023/month=10/day=20/hour=10/conversation_id=c2/${name}`)
      }
    })
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { expected: 2, repaired: 1, missing: 1 } })
  })

  test('is conflicting where one of them is', async () => {
    const { storage, run } = oneRecording()
    for (const in_ of [folder, padded]) for (const name of described('r1.opus')) storage.put(`${in_}/${name}`)
    storage.put(`${padded}/r1.opus`, { metadata: { 'legal-hold-tag': 'another matter' } })
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { expected: 1, conflicting: 1 } })
  })

  test('is complete after an interruption, too, and to reconcile', async () => {
    const { storage, run, exporter } = oneRecording()
    for (const in_ of [folder, padded]) for (const name of described('r1.opus')) storage.put(`${in_}/${name}`)
    const journal = new MemoryJournal()
    const putPowerBack = cutPowerBeforeReport(journal)
    await expect(run({ journal })).rejects.toThrow('journal could not be written')
    putPowerBack()
    expect(await run({ journal })).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
    const told = await exporter().reconcile(job('FULFILLED', { request, createdAt: '2023-10-20T11:00:00Z' }))
    expect(told).toMatchObject({ expected: 1, delivered: 1, unexpected: 0 })
  })
})

import { describe, expect, test } from 'vitest'
import { type ExpectedRecordingsOptions, MemoryJournal } from '#src/index.js'
import { countsOnly, folder, oneRecording } from '../../fakes/one-recording.js'
import { job } from '../../fakes/platform.js'

const files = ['r1.opus', 'r1.opus_metadata.json'] as const
const late = { recordingId: 'r2', conversationId: 'c2', conversationStart: '2023-10-20T10:30:00Z' }
const lateKey = 'org/year=2023/month=10/day=20/hour=10/conversation_id=c2/r2.json'

/** A journal whose run ends before its recordings are settled. */
function brokenJournal() {
  const journal = new MemoryJournal()
  const append = journal.append.bind(journal)
  journal.append = async (record) => {
    if (record.type === 'recording') throw new Error('power cut')
    return append(record)
  }
  const mend = () => {
    journal.append = append
  }
  return { journal, mend }
}

describe('a job without totals', () => {
  test('is complete by its list alone, and not where one of the list is missing', async () => {
    const { platform, deliver, run } = oneRecording()
    deliver(...files)
    platform.states = [job('FULFILLED')]
    expect(await run()).toMatchObject({ outcome: 'complete', counts: { expected: 1, repaired: 1 } })
    platform.expected.push(late)
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { expected: 2, missing: 1 } })
  })

  test('proves nothing where the list is empty, open, or not there', async () => {
    const empty = oneRecording()
    empty.platform.expected.length = 0
    expect(await empty.run()).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })

    const open = oneRecording()
    open.deliver(...files)
    open.platform.expectedRecordings = async function* (...[, , options]: unknown[]) {
      yield* []
      const told = options as ExpectedRecordingsOptions | undefined
      told?.onUndecided?.({ conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
    }
    expect(await open.run()).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })

    const unlisted = oneRecording()
    unlisted.deliver(...files)
    countsOnly(unlisted.platform, 1)
    for (const totals of [{}, { processed: 1 }, { failed: 0, skipped: 0 }]) {
      unlisted.platform.states = [job('FULFILLED', { totals })]
      expect(await unlisted.run()).toMatchObject({ outcome: 'incomplete', coverage: { proven: false } })
    }
  })
})

describe('a list that is shorter when the run goes on', () => {
  async function shrunk(recordings: number | undefined) {
    const { platform, deliver, run } = oneRecording()
    platform.states = [job('FULFILLED', { totals: recordings === undefined ? {} : { recordings } })]
    platform.expected.push(late)
    deliver(...files)
    const { journal, mend } = brokenJournal()
    await expect(run({ journal })).rejects.toThrow('journal could not be written')
    mend()
    platform.expected.pop()
    return { resumed: () => run({ journal }), platform, expected: platform.expected }
  }

  test.each([undefined, 2, 1])('proves nothing (the job counts %s)', async (recordings) => {
    const { resumed } = await shrunk(recordings)
    expect(await resumed()).toMatchObject({ outcome: 'incomplete', resumed: 1, coverage: { proven: false } })
  })

  test('says what it lacks', async () => {
    const { resumed } = await shrunk(undefined)
    expect((await resumed()).coverage.reason).toBe(
      'the platform listed 2 recordings before the run was interrupted, and only 1 after',
    )
  })

  test('and is as long as ever in the end stays in doubt no longer', async () => {
    const { resumed, expected } = await shrunk(undefined)
    expected.push(late)
    expect(await resumed()).toMatchObject({ outcome: 'incomplete', coverage: { proven: true }, counts: { missing: 1 } })
  })
})

describe('an object that is deleted and written anew after it was found to be held', () => {
  test.each([
    ['with the same content', 'r1.opus', 'complete', 't'],
    ['with another content', 'other', 'complete', 't'],
    ['without content', '', 'incomplete', 't'],
  ])('is looked at once more: %s', async (_, body, outcome, hold) => {
    const { storage, platform, clock, run, holdOn } = oneRecording({ landingQuietMs: 300_000 })
    platform.expected.push(late)
    for (const name of files) storage.put(`${folder}/${name}`, { body: name, metadata: { 'legal-hold-tag': 't' } })
    void clock.sleep(100_000).then(() => {
      storage.delete(`${folder}/r1.opus`)
      storage.put(`${folder}/r1.opus`, { body })
    })
    void clock.sleep(200_000).then(() => {
      for (const key of [lateKey, `${lateKey}_metadata.json`]) storage.put(key, {})
    })
    expect(await run()).toMatchObject({ outcome, counts: { expected: 2 } })
    expect(holdOn('r1.opus')).toBe(hold)
  })

  test('with the hold of another matter is a conflict', async () => {
    const { storage, platform, clock, deliver, run } = oneRecording({ landingQuietMs: 300_000 })
    platform.expected.push(late)
    deliver(...files)
    void clock.sleep(100_000).then(() => {
      storage.put(`${folder}/r1.opus`, { body: 'r1.opus', metadata: { 'legal-hold-tag': 'another' } })
    })
    void clock.sleep(200_000).then(() => {
      for (const key of [lateKey, `${lateKey}_metadata.json`]) storage.put(key, {})
    })
    expect(await run()).toMatchObject({ outcome: 'incomplete', counts: { conflicting: 1, repaired: 1 } })
  })

  test('is looked at once more when the run goes on', async () => {
    const { clock, deliver, run, holdOn } = oneRecording()
    deliver(...files)
    const { journal, mend } = brokenJournal()
    await expect(run({ journal })).rejects.toThrow('journal could not be written')
    mend()
    clock.advance(60_000)
    deliver('r1.opus')
    expect(holdOn('r1.opus')).toBeUndefined()
    expect(await run({ journal })).toMatchObject({ outcome: 'complete', resumed: 1 })
    expect(holdOn('r1.opus')).toBe('t')
  })
})

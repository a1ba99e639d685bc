import { describe, expect, test } from 'vitest'
import { answerOf } from '#src/custody/page/answer.js'
import { MemoryJournal, type RunEvent } from '#src/index.js'
import { countsOnly, oneRecording } from '../../fakes/one-recording.js'
import { FakePlatform, job } from '../../fakes/platform.js'

const warning = { code: 'nothing-expected', severity: 'warning', subject: 'i' }

/** A request that matches nothing. */
function world() {
  const one = oneRecording()
  one.platform.expected.length = 0
  one.platform.states = [job('FULFILLED', { totals: { recordings: 0, processed: 0, failed: 0, skipped: 0 } })]
  return one
}

describe('a run that nothing was expected of', () => {
  test('ends as nothing-expected and says loudly that this proves nothing else', async () => {
    const journal = new MemoryJournal()
    const events: RunEvent[] = []
    const report = await world().run(
      {},
      { mediaTypes: ['email'], conversationIds: ['a1b2'] },
      { journal, onEvent: (event) => events.push(event) },
    )
    expect(report).toMatchObject({ outcome: 'nothing-expected', counts: { expected: 0 }, findings: [warning] })
    expect(report.accepted).toEqual([])
    expect(report.findings[0]?.message).toContain('No recording matched the request')
    expect(report.findings[0]?.remedy).toContain('mediaTypes, conversationIds')
    expect(events.filter(({ type }) => type === 'finding')).toMatchObject([{ finding: warning, accepted: false }])
    const told = events.map(({ type }) => type)
    expect(told.indexOf('finding')).toBeLessThan(told.indexOf('reconciled'))
    const records = []
    for await (const record of journal.entries()) records.push(record)
    expect(records.filter(({ type }) => type === 'finding')).toMatchObject([{ data: warning }])
    expect(answerOf(report)).toBe(
      'No recording matched the request, so none was put under the legal hold t. Nothing is proven beyond that.',
    )
  })

  test('says why its list is in doubt, where it is', async () => {
    const { platform, run } = world()
    platform.states = [job('FULFILLED')]
    const report = await run()
    expect(report).toMatchObject({ outcome: 'incomplete', findings: [warning] })
    expect(answerOf(report)).toMatch(/^No recording matched .* It is not proven that the list is complete: /)
  })

  test('is one whose job counts nothing, too', async () => {
    const { platform, run } = world()
    countsOnly(platform, 0)
    expect(await run()).toMatchObject({ outcome: 'nothing-expected', findings: [warning] })
  })

  test('is none where recordings failed, were left out or are missing', async () => {
    const { platform, run } = world()
    const totals = { recordings: 1, processed: 1, failed: 0, skipped: 0 }
    countsOnly(platform, 0)
    for (const counted of [{ failed: 1 }, { skipped: 1, recordings: 0 }, { processed: 1 }]) {
      platform.states = [job('FULFILLED', { totals: { ...totals, ...counted } })]
      expect((await run()).findings).toEqual([])
    }
    platform.capabilities = new FakePlatform().capabilities
    platform.states = [job('FULFILLED', { totals })]
    platform.failed.push({ recordingId: 'x', reason: 'codec' })
    expect(await run()).toMatchObject({ counts: { expected: 1, failedAtSource: 1 }, findings: [] })
  })

  test('says so once more from its finished journal, and in the report alone', async () => {
    const journal = new MemoryJournal()
    const { run } = world()
    await run({}, {}, { journal })
    const events: RunEvent[] = []
    const report = await run({}, {}, { journal, onEvent: (event) => events.push(event) })
    expect(report.findings).toMatchObject([warning])
    expect(events.map(({ type }) => type)).toEqual(['run-resumed', 'run-finished'])
  })
})

test('whoever follows the progress is told', async () => {
  const { createProgressReporter } = await import('#src/node.js')
  let text = ''
  const stream = {
    isTTY: false,
    write: (piece: string) => {
      text += piece
      return true
    },
  }
  const progress = createProgressReporter({ stream })
  await world().run({}, {}, { onEvent: progress.onEvent })
  expect(text).toMatch(/warning {3}nothing-expected: No recording matched the request/)
  expect(text).toContain('nothing-expected: no recording matched the request')
})

describe('a conversation that the request names and that has no recording', () => {
  test('is named in a finding and in the answer, whatever became of the others', async () => {
    const { deliver, run } = oneRecording()
    deliver('r1.opus', 'r1.opus_metadata.json')
    const report = await run({}, { conversationIds: ['c1', 'typo', 'C1'] })
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 1 }, findings: [warning] })
    expect(report.findings[0]?.message).toBe(
      'No recording matched 1 of the 3 conversations that the request names: typo.',
    )
    expect(answerOf(report)).toMatch(/companion files included\. No recording matched 1 of the 3 conversations/)
    expect((await run({}, { conversationIds: ['c1'] })).findings).toEqual([])
  })

  test('is one of a few that are named, where there are many', async () => {
    const { deliver, run } = oneRecording()
    deliver('r1.opus', 'r1.opus_metadata.json')
    const ids = Array.from({ length: 40 }, (_, at) => `x${at}`)
    const report = await run({}, { conversationIds: ['c1', ...ids] })
    expect(report.findings[0]?.message).toMatch(/40 of the 41 .*: x0, x1, x2, x3, x4 and 35 more\.$/)
  })
})

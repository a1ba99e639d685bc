import { expect, test } from 'vitest'
import { MemoryJournal } from '#src/index.js'
import { acceptancesOf } from '#src/options/acceptance.js'
import { oneRecording } from '../fakes/one-recording.js'

const read = (given: readonly unknown[]) => {
  const mistakes: string[] = []
  const found = acceptancesOf(given, (right, path, problem) => {
    if (!right) mistakes.push(`${path} ${problem}`)
  })
  return { codes: [...found.codes], reasons: Object.fromEntries(found.reasons), mistakes }
}

test('an acceptance is a code, or a code with a reason', () => {
  expect(read(['versioning-off', { code: 'region-mismatch', reason: 'J. Doe answers' }])).toEqual({
    codes: ['versioning-off', 'region-mismatch'],
    reasons: { 'region-mismatch': 'J. Doe answers' },
    mistakes: [],
  })
})

test('one that is not known, or whose reason is none, is a mistake', () => {
  const { codes, mistakes } = read(['versions-off', { code: 'versioning-off', reason: '' }, { code: 'x', why: 'y' }, 7])
  expect(codes).toEqual(['versioning-off'])
  expect(mistakes).toHaveLength(5)
})

test('its reason stands in the journal', async () => {
  const world = oneRecording({})
  world.deliver('r1.opus', 'r1.opus_metadata.json')
  const journal = new MemoryJournal()
  const residency = { regions: ['eu-central-1'] }
  const accept = [{ code: 'region-mismatch' as const, reason: 'Order of the court' }]
  await world.run({ residency, accept }, {}, { journal })
  const records = []
  for await (const { type, data } of journal.entries()) if (type === 'acceptance') records.push(data)
  const reason = 'Order of the court'
  expect(records).toEqual(['memory', 'fake'].map((subject) => ({ code: 'region-mismatch', subject, reason })))
})

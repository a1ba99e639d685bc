import { describe, expect, test } from 'vitest'
import { isGenesysId, parseKey } from '#src/model/layout/keys.js'
import { RecordingLedger } from '#src/stages/account/ledger.js'
import { classifyFolder } from './classified-folder.js'

const folder = 'org/year=2023/month=10/day=20/hour=09/conversation_id=c1'
const mine = '11111111-1111-4111-8111-111111111111'
const other = '22222222-2222-4222-8222-222222222222'

function classify(names: readonly string[], ledger: RecordingLedger): Record<string, string> {
  const located = names.map((name) => {
    const key = `${folder}/${name}`
    const parsed = parseKey(key)
    if (parsed === undefined) throw new Error(key)
    return { object: { bucket: 'b', key, sizeBytes: 1 }, key: parsed }
  })
  const places = classifyFolder(located, ledger)
  return Object.fromEntries(places.map(({ object, place }) => [object.key.slice(folder.length + 1), place.kind]))
}

describe('a conversation folder', () => {
  test('is sorted into recordings of the job, their companions, and what belongs to other jobs', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: mine, conversationId: 'c1' })
    const names = [
      `${mine}.json`,
      `${mine}.json_metadata.json`,
      `${other}.wav`,
      `${other}.wav_metadata.json`,
      'c1-x.transcript.json',
      'attachments/a1/Größe & Maß +1.pdf',
      'loose.pdf',
    ]
    expect(classify(names, ledger)).toEqual({
      [`${mine}.json`]: 'recording',
      [`${mine}.json_metadata.json`]: 'sidecar',
      [`${other}.wav`]: 'unexpected',
      [`${other}.wav_metadata.json`]: 'unexpected',
      'c1-x.transcript.json': 'transcript',
      'attachments/a1/Größe & Maß +1.pdf': 'attachment',
      'loose.pdf': 'attachment',
    })
  })

  test('of a conversation in no list is left alone as a whole', () => {
    const ledger = new RecordingLedger(true)
    ledger.expect({ recordingId: mine, conversationId: 'elsewhere' })
    expect(classify([`${mine}.json`, 'c1-x.transcript.json'], ledger)).toEqual({
      [`${mine}.json`]: 'unexpected',
      'c1-x.transcript.json': 'unexpected',
    })
  })

  test('without a list counts every media file with an id and a sidecar as a recording', () => {
    const pair = (name: string) => [name, `${name}_metadata.json`]
    const names = [...pair(`${mine}.wav`), `${other}.wav`, ...pair('named.wav'), ...pair('named (1).wav'), 'loose.pdf']
    const places = { [`${mine}.wav`]: 'recording', [`${mine}.wav_metadata.json`]: 'sidecar' }
    const others = Object.fromEntries(
      [`${other}.wav`, ...pair('named (1).wav'), 'loose.pdf'].map((n) => [n, 'attachment']),
    )
    const named = { 'named.wav': 'recording', 'named.wav_metadata.json': 'sidecar' }
    expect(classify(names, new RecordingLedger(false))).toEqual({ ...places, ...named, ...others })
    // A platform can say which names are its ids.
    const noIds = Object.fromEntries(pair('named.wav').map((n) => [n, 'attachment']))
    expect(classify(names, new RecordingLedger(false, { isRecordingId: isGenesysId }))).toEqual({
      ...places,
      ...noIds,
      ...others,
    })
  })
})

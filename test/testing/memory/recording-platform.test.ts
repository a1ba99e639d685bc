import { describe, expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import {
  type MemoryRecording,
  MemoryRecordingPlatform,
  type MemoryRecordingPlatformOptions,
  MemoryStorageAdapter,
  platformConformance,
  SimulatedClock,
} from '#src/testing/index.js'

const recordings: readonly MemoryRecording[] = [
  { recordingId: 'r1', direction: 'inbound', queueId: 'q1' },
  { recordingId: 'r2', mediaType: 'call' },
  { recordingId: 'r3', conversationId: 'c3', conversationStart: '2023-10-19T08:00:00.000Z' },
]

function world(list: readonly MemoryRecording[] = recordings, more: Partial<MemoryRecordingPlatformOptions> = {}) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new MemoryRecordingPlatform({ storage, clock, recordings: list, ...more })
  return {
    clock,
    storage,
    platform,
    exporter: new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'm-1' } }),
  }
}

describe('a platform in memory', () => {
  test.each([
    [undefined, 'storage is missing: give a MemoryStorageAdapter; recordings is missing'],
    [{}, 'storage is missing: give a MemoryStorageAdapter; recordings is missing'],
    [{ storage: new MemoryStorageAdapter() }, 'its options: recordings is missing'],
  ])('names the options that are missing from %o', (options, message) => {
    expect(() => new MemoryRecordingPlatform(options as never)).toThrow(message)
  })

  platformConformance(
    { describe, test, expect },
    {
      create: async () => {
        const { platform, clock } = world([...recordings, { recordingId: 'r4', fate: 'failed' }])
        const { request } = platform
        const advance = () => clock.advance(1_000)
        return { platform, request, delivered: ['r1', 'r2', 'r3'], failing: ['r4'], advance }
      },
    },
  )

  test('runs a whole export, and what it delivers is repaired and held', async () => {
    const { exporter, platform } = world()
    const report = await exporter.run(platform.request)
    expect(report).toMatchObject({ outcome: 'complete', counts: { expected: 3, repaired: 3 } })
  })

  test('leaves each recording in the state that it was given', async () => {
    const { exporter, platform } = world([
      { recordingId: 'held', object: { metadata: { 'legal-hold-tag': 'm-1' } } },
      { recordingId: 'other', object: { metadata: { 'legal-hold-tag': 'roe' } } },
      { recordingId: 'gone', fate: 'missing', queueId: 'q9' },
      { recordingId: 'broken', fate: 'failed' },
      { recordingId: 'left', fate: 'skipped' },
    ])
    const report = await exporter.run(platform.request)
    expect(report.counts).toMatchObject({ held: 1, conflicting: 1, missing: 1, failedAtSource: 1, skippedAtSource: 1 })
    expect(report.exceptions).toContainEqual(expect.objectContaining({ recordingId: 'gone', queueId: 'q9' }))
  })

  test('covers what a request asks for, and no more', async () => {
    const { exporter, platform } = world()
    const calls = await exporter.run({ ...platform.request, mediaTypes: ['call'] })
    expect(calls.counts.expected).toBe(1)
    const narrow = world()
    const one = await narrow.exporter.run({ ...narrow.platform.request, conversationIds: ['c3'] })
    expect(one.counts.expected).toBe(1)
  })

  test('fails where its interceptor throws', async () => {
    const intercept = (operation: string) => {
      if (operation === 'createJob') throw new Error('no job today')
    }
    const { exporter, platform } = world(recordings, { intercept })
    await expect(exporter.run(platform.request)).rejects.toThrow('no job today')
  })

  test('says that an integration of another name is not there', async () => {
    const { exporter, platform } = world()
    const wrong = exporter.run({ ...platform.request, integrationId: 'i' })
    await expect(wrong).rejects.toMatchObject({ code: 'PREFLIGHT_BLOCKED' })
  })
})

import { describe, expect, test, vi } from 'vitest'
import type { Notice } from '#src/index.js'
import { MemoryJournal } from '#src/index.js'
import { oneRecording } from '../fakes/one-recording.js'

describe('onFinish', () => {
  test('is told once what a run came to, and what is told is small and whole', async () => {
    const world = oneRecording({})
    world.deliver('r1.opus', 'r1.opus_metadata.json')
    const told: Notice[] = []
    const report = await world.run({}, {}, { onFinish: (notice) => void told.push(notice) })
    expect(told).toEqual([
      {
        schemaVersion: 1,
        kind: 'run-finished',
        at: expect.stringMatching(/Z$/),
        hold: { tag: report.hold.tag },
        bucket: report.storage.bucket,
        interval: report.interval,
        runId: report.runId,
        dryRun: false,
        outcome: 'complete',
        counts: report.counts,
        evidence: undefined,
      },
    ])
    expect(JSON.stringify(told).length).toBeLessThan(1_000)
  })

  test('changes nothing where it throws, rejects, or one of several does', async () => {
    const world = oneRecording({})
    world.deliver('r1.opus', 'r1.opus_metadata.json')
    const last = vi.fn()
    const warn = vi.fn()
    const logger = { debug: () => {}, info: () => {}, warn, error: () => {} }
    const onFinish = [
      () => {
        throw new Error('no')
      },
      () => Promise.reject(new Error('never')),
      last,
    ]
    const report = await world.run({ logger }, {}, { onFinish })
    expect(report.outcome).toBe('complete')
    expect(last).toHaveBeenCalledOnce()
    expect(warn).toHaveBeenCalledTimes(2)
  })

  test('is told of a run that fails, with its code, and of what is not ours without its text', async () => {
    const told: Notice[] = []
    const onFinish = (notice: Notice) => void told.push(notice)
    const world = oneRecording({})
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    await expect(world.run({}, {}, { onFinish, signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(told).toMatchObject([{ kind: 'run-failed', error: { code: 'ABORTED' } }])
    const journal = new MemoryJournal()
    journal.append = () => Promise.reject(new TypeError('secret-in-a-strange-error'))
    await expect(world.run({}, {}, { onFinish, journal })).rejects.toThrow()
    expect(told).toHaveLength(2)
    expect(JSON.stringify(told[1])).not.toContain('secret-in-a-strange-error')
  })

  test('must be a function, or a list of them', async () => {
    const world = oneRecording({})
    const run = world.run({}, {}, { onFinish: ['x'] as never })
    await expect(run).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringContaining('onFinish') })
  })
})

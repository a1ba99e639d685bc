import { describe, expect, test } from 'vitest'
import { bar, frameOf } from '#src/progress/frame.js'
import { ProgressModel } from '#src/progress/model.js'
import { Rate } from '#src/progress/rate.js'
import { durationText } from '#src/progress/text.js'
import { at, job, verdict } from './events.js'

describe('what the events add up to', () => {
  test('several jobs weigh as much as they have recordings, once all say how many', () => {
    const model = new ProgressModel()
    model.apply(job(0, 'FULFILLED', 100, { id: 'a', totals: { recordings: 900 } }))
    model.apply(job(0, 'PENDING', 0, { id: 'b' }))
    expect(model.exportFraction).toBe(0.5)
    model.apply(job(1, 'PROCESSING', 50, { id: 'b', totals: { recordings: 100 } }))
    expect(model.exportFraction).toBeCloseTo(0.95)
    expect(frameOf(model, { nowMs: model.atMs, columns: 80 })[0]).toContain('1 of 2 jobs ended')
    expect(model.exported).toBe(false)
  })

  test('the export ends when its last job does, and time that has passed since is taken off', () => {
    const model = new ProgressModel()
    const state = { state: 'PROCESSING', platformState: 'x', totals: {} } as const
    model.apply(at(0, { type: 'job-progress', job: { id: 'a', ...state }, elapsedMs: 0, etaMs: 60_000 }))
    model.apply(at(5_000, { type: 'job-progress', job: { id: 'b', ...state }, elapsedMs: 0, etaMs: 10_000 }))
    expect(model.exportEtaMs).toBe(55_000)
  })

  test('a run that goes on counts what an earlier part of it is done with', () => {
    const model = new ProgressModel()
    model.apply(at(0, { type: 'expected', recordings: 100, skipped: 0 }))
    model.apply(verdict(1, 'held'))
    expect(model.recordings).toBe(1)
    model.apply(at(2, { type: 'landing', pass: 1, listed: 1, pending: 20 }))
    expect(model.recordings).toBe(80)
  })

  test('an export that is forced again is checked from the beginning', () => {
    const model = new ProgressModel()
    model.apply(job(0, 'FULFILLED', 100))
    model.apply(verdict(1, 'untagged'))
    model.apply(at(2, { type: 'forced-retry', attempt: 1, untagged: 1 }))
    expect([model.objects, model.recordings, model.exportFraction]).toEqual([0, 0, undefined])
  })

  test('companions are objects, but no recordings', () => {
    const model = new ProgressModel()
    model.apply(verdict(0, 'held'))
    model.apply(verdict(1, 'untagged', 'k', 'sidecar'))
    expect([model.objects, model.recordings, model.lacking]).toEqual([2, 1, 1])
  })
})

describe('a rate', () => {
  test('is that of the last seconds, not of the whole run', () => {
    const rate = new Rate(10_000)
    let count = 0
    for (let ms = 0; ms <= 60_000; ms += 100) {
      count += ms < 40_000 ? 100 : 1
      rate.add(ms, count)
    }
    expect(rate.perSecond(60_000, count)).toBeCloseTo(10, 0)
  })

  test('is not guessed from one event', () => {
    const rate = new Rate()
    rate.add(0, 1)
    expect(rate.perSecond(0, 1)).toBeUndefined()
  })
})

describe('how it is written', () => {
  test.each([
    [0, '0 s'],
    [98_200, '99 s'],
    [120_000, '2 min'],
    [2 * 3_600_000 + 60_000, '2 h 1 min'],
  ])('%s ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  test.each([-1, 0, 0.5, 1, 7])('a bar of %s is as wide as any other', (fraction) => {
    expect(bar(fraction)).toHaveLength(16)
  })
})

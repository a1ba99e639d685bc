import { Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atOf, keyAt, lowerBound } from '../../bench/whole/layout.ts'
import { Requests } from '../../bench/whole/record.ts'

interface Interval {
  readonly from: number
  readonly to: number
}

/** The longest chain by trying them all: the best that ends with each interval, in the order in which they begin. */
function longestChain(intervals: readonly Interval[]): number {
  const sorted = [...intervals].sort((a, b) => a.from - b.from)
  const best: number[] = []
  for (const [index, { from }] of sorted.entries()) {
    const before = sorted.slice(0, index).flatMap(({ to }, other) => (to <= from ? [best[other] ?? 0] : []))
    best.push(1 + Math.max(0, ...before))
  }
  return Math.max(0, ...best)
}

const interval = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }))
  .map(([from, length]) => ({ from, to: from + length }))

test('round trips are the longest chain of requests for one object that did not overlap', () => {
  fc.assert(
    fc.property(fc.array(fc.array(interval, { maxLength: 12 }), { minLength: 1, maxLength: 5 }), (objects) => {
      const requests = new Requests(objects.length)
      const socket = new Socket()
      const all = objects.flatMap((intervals, at) => intervals.map((one) => ({ ...one, at })))
      for (const { at, from, to } of all.sort((a, b) => a.to - b.to)) {
        requests.begin('HeadObject', socket)
        requests.end(at, from, to)
      }
      const chains = objects.map(longestChain).sort((a, b) => a - b)
      const { roundTrips, requests: counted, connections } = requests.counts()
      expect(roundTrips).toEqual({ median: chains[chains.length >> 1], most: chains.at(-1) })
      expect(counted.HeadObject ?? 0).toBe(all.length)
      expect(connections).toBe(all.length === 0 ? 0 : 1)
    }),
  )
})

test('keys are in the order of a listing, and each names its object', () => {
  const count = 30_000
  for (const at of [0, 1, 2, 9_999, 10_000, 10_001, count - 1]) {
    expect(atOf(keyAt(at), count)).toBe(at)
    expect(lowerBound(count, keyAt(at))).toBe(at)
    if (at > 0) expect(keyAt(at - 1) < keyAt(at)).toBe(true)
  }
  expect(atOf(keyAt(count), count)).toBeUndefined()
  expect(atOf(`${keyAt(0)}x`, count)).toBeUndefined()
})

import { describe, expect, test } from 'vitest'
import { Lanes } from '#src/internal/lanes.js'

/** A server in simulated time that grants so many requests in each second and refuses the others. */
interface SimulatedServer {
  readonly latencyMs: number
  /** Requests a second; `undefined` for a server without a limit. */
  readonly grantsPerSecond?: number | undefined
  /** Granted together after a silence. @defaultValue one second's worth, counted from the full second */
  readonly burst?: number | undefined
  /** Requests it works on at once; more only wait. @defaultValue any number */
  readonly slots?: number | undefined
  readonly retryAfterMs?: number | undefined
}

interface Second {
  answered: number
  refused: number
  size: number
}

/** Runs lanes against a server, event by event, without waiting. */
function simulate(
  most: number,
  seconds: number,
  server: SimulatedServer,
): { lanes: Lanes; log: Second[]; pausedStarts: number } {
  let now = 1_000_000
  const start = now
  const clock = { now: () => Math.floor(now), sleep: () => Promise.resolve() }
  const lanes = new Lanes({ most, clock })
  const log: Second[] = Array.from({ length: seconds }, () => ({ answered: 0, refused: 0, size: 0 }))
  const events: { at: number; run: () => void }[] = []
  const at = (time: number, run: () => void) => {
    let [low, high] = [0, events.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((events[middle]?.at ?? 0) <= time) low = middle + 1
      else high = middle
    }
    events.splice(low, 0, { at: time, run })
  }
  const second = () => log[Math.floor((now - start) / 1000)]
  let tokens = server.grantsPerSecond ?? 0
  let filledAt = now
  const grants = (): boolean => {
    const { grantsPerSecond, burst } = server
    if (grantsPerSecond === undefined) return true
    if (burst === undefined) {
      if (Math.floor(now / 1000) > Math.floor(filledAt / 1000)) tokens = grantsPerSecond
    } else tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * grantsPerSecond)
    filledAt = now
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
  let running = 0
  let busyUntil = 0
  let pausedUntil = 0
  let pausedStarts = 0
  const lane = () => {
    if (running > lanes.size) {
      running -= 1
      return
    }
    const wait = lanes.turn()
    const { generation } = lanes
    if (wait > 0) at(now + wait, () => (lanes.generation === generation ? request() : lane()))
    else request()
  }
  const request = () => {
    if (now < pausedUntil - 1) pausedStarts += 1
    const generation = lanes.generation
    const granted = grants()
    const { latencyMs, slots } = server
    busyUntil = Math.max(busyUntil, now) + (slots === undefined ? 0 : latencyMs / slots)
    at(Math.max(now + latencyMs, busyUntil), () => {
      const entry = second()
      if (granted) {
        lanes.answered()
        if (entry !== undefined) entry.answered += 1
        lane()
        return
      }
      if (entry !== undefined) entry.refused += 1
      lanes.refused(generation, server.retryAfterMs)
      if (server.retryAfterMs !== undefined && lanes.generation > generation)
        pausedUntil = Math.max(pausedUntil, now + server.retryAfterMs)
      at(now + (server.retryAfterMs ?? 100 * Math.random()), lane)
    })
  }
  const startLanes = () => {
    while (running < lanes.size) {
      running += 1
      at(now, lane)
    }
  }
  lanes.onResize(startLanes)
  startLanes()
  for (;;) {
    const next = events.shift()
    if (next === undefined || next.at >= start + seconds * 1000) break
    now = next.at
    next.run()
    const entry = second()
    if (entry !== undefined) entry.size = lanes.size
  }
  return { lanes, log, pausedStarts }
}

const sum = (log: readonly Second[], field: 'answered' | 'refused') =>
  log.reduce((total, entry) => total + entry[field], 0)

describe('lanes', () => {
  test.each([
    [64, 20],
    [200, 20],
    [64, 1],
    [8, 50],
  ])('%i of them at %i ms carry window divided by latency', (most, latencyMs) => {
    const { log } = simulate(most, 6, { latencyMs })
    const steady = log.slice(2)
    expect(sum(steady, 'answered') / steady.length).toBeGreaterThan(0.97 * (most / latencyMs) * 1000)
  })

  test('their number grows only while that brings more', () => {
    // Eight at once are worked on: 8 / 20 ms.
    const { log } = simulate(1024, 20, { latencyMs: 20, slots: 8 })
    const steady = log.slice(3)
    expect(sum(steady, 'answered') / steady.length).toBeGreaterThan(390)
    const sizes = steady.map(({ size }) => size).sort((a, b) => a - b)
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(32)
  })

  test('a refusal halves them all at once, and what was under way then changes nothing more', () => {
    let now = 0
    const lanes = new Lanes({ most: 64, first: 64, clock: { now: () => now, sleep: () => Promise.resolve() } })
    const { generation } = lanes
    let resized = 0
    lanes.onResize(() => {
      resized += 1
    })
    for (let at = 0; at < 40; at += 1) lanes.refused(generation)
    expect([lanes.size, resized, lanes.generation - generation]).toEqual([32, 1, 1])
    expect(lanes.turn()).toBeGreaterThan(0)
    now += 10_000
    lanes.turn()
    const { size } = lanes
    expect(size).toBeGreaterThan(55)
    lanes.answered()
    lanes.refused(lanes.generation)
    expect(lanes.size).toBe(Math.floor(size / 2))
  })

  test('a pause that the server names is kept by every lane', () => {
    let now = 0
    const lanes = new Lanes({ most: 8, first: 8, clock: { now: () => now, sleep: () => Promise.resolve() } })
    lanes.refused(lanes.generation, 3_000)
    for (let lane = 0; lane < 8; lane += 1) expect(lanes.turn()).toBeGreaterThanOrEqual(3_000)
    now += 1_000
    expect(lanes.turn()).toBeGreaterThanOrEqual(2_000)
  })

  test.each([
    ['5,500 a second, at 20 ms', 200, { latencyMs: 20, grantsPerSecond: 5_500 }],
    ['3,500 a second, at 20 ms', 200, { latencyMs: 20, grantsPerSecond: 3_500 }],
    ['3,500 a second, at 60 ms', 1_000, { latencyMs: 60, grantsPerSecond: 3_500 }],
    ['5,500 a second, at once', 64, { latencyMs: 1, grantsPerSecond: 5_500 }],
    ['3,500 a second, at once', 64, { latencyMs: 0.3, grantsPerSecond: 3_500 }],
    ['5,500 a second with a burst of as many', 200, { latencyMs: 20, grantsPerSecond: 5_500, burst: 5_500 }],
    ['3,500 a second, evenly', 64, { latencyMs: 5, grantsPerSecond: 3_500, burst: 50 }],
  ] as const)('settle near the limit of a server: %s', (_what, most, server) => {
    const { log } = simulate(most, 45, server)
    const steady = log.slice(15)
    const [answered, refused] = [sum(steady, 'answered'), sum(steady, 'refused')]
    expect(answered / steady.length / server.grantsPerSecond).toBeGreaterThan(0.85)
    expect(refused / (answered + refused)).toBeLessThan(0.01)
  })

  test('a limit that is never met again is forgotten', () => {
    let now = 0
    const lanes = new Lanes({ most: 200, first: 200, clock: { now: () => now, sleep: () => Promise.resolve() } })
    lanes.refused(lanes.generation)
    expect(lanes.size).toBe(100)
    for (let second = 0; second < 40; second += 1) {
      now += 1_000
      lanes.turn()
      for (let at = 0; at < 5_000; at += 1) lanes.answered()
    }
    expect([lanes.size, lanes.allowedPerSecond]).toEqual([200, Number.POSITIVE_INFINITY])
  })
})

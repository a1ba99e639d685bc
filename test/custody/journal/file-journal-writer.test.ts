import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GroupWriter, type JournalSink } from '#src/custody/journal/writer.js'

const options = { flushIntervalMs: 1, flushLength: 1_000, maxLength: 4_000 }

/** A disk that takes its time and fails when told to; what a sync did not reach counts as lost. */
class Disk implements JournalSink {
  durable = ''
  syncs = 0
  #cached = ''
  readonly #failAt: number
  #calls = 0

  constructor(failAt = Number.POSITIVE_INFINITY) {
    this.#failAt = failAt
  }

  async write(bytes: Buffer): Promise<void> {
    await this.#pass()
    this.#cached += bytes.toString('utf8')
  }

  async sync(): Promise<void> {
    const reached = this.#cached
    await this.#pass()
    this.syncs += 1
    this.durable = reached
  }

  async #pass(): Promise<void> {
    this.#calls += 1
    const fails = this.#calls === this.#failAt
    await new Promise((resolve) => setImmediate(resolve))
    if (fails) throw new Error('no space left on device')
  }
}

describe('writing in groups', () => {
  test('whatever fails and when: what was acknowledged is durable, in order, and nothing is acknowledged after', async () => {
    const step = fc.record({ buffered: fc.boolean(), wait: fc.boolean(), pad: fc.nat(300) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), async (steps, failAt) => {
        const disk = new Disk(failAt)
        const writer = new GroupWriter(disk, options)
        const acknowledged: number[] = []
        const refused: number[] = []
        const lineOf = (at: number) => `${at} ${'x'.repeat(steps[at]?.pad ?? 0)}`
        const pending: Promise<void>[] = []
        for (const [at, { buffered, wait }] of steps.entries()) {
          const taken = buffered ? writer.buffer(lineOf(at)) : writer.append(lineOf(at))
          const settled = Promise.resolve(taken).then(
            () => {
              if (buffered) return
              acknowledged.push(at)
              // At this very moment it is on the disk, and so is all before it.
              const lines = steps.slice(0, at + 1).map((_, earlier) => `${lineOf(earlier)}\n`)
              expect(disk.durable.startsWith(lines.join(''))).toBe(true)
            },
            () => {
              refused.push(at)
            },
          )
          pending.push(settled)
          if (wait) await settled
        }
        await Promise.all(pending)
        const flushed = await writer.flush().then(
          () => true,
          () => false,
        )
        writer.stop()
        if (flushed) {
          expect(refused).toEqual([])
          expect(disk.durable).toBe(steps.map((_, at) => `${lineOf(at)}\n`).join(''))
        } else {
          expect(Math.max(-1, ...acknowledged)).toBeLessThan(Math.min(steps.length + 1, ...refused))
          await expect(writer.append('later')).rejects.toThrow('no space')
          await expect(writer.buffer('later')).rejects.toThrow('no space')
        }
      }),
      { numRuns: 300 },
    )
  })

  test('lanes that wait for their records share the syncs', async () => {
    const disk = new Disk()
    const writer = new GroupWriter(disk, options)
    const lane = async () => {
      for (let at = 0; at < 20; at += 1) await writer.append('a record')
    }
    await Promise.all(Array.from({ length: 64 }, lane))
    expect(disk.durable.split('\n')).toHaveLength(64 * 20 + 1)
    expect(disk.syncs).toBeLessThanOrEqual(2 * 20)
  })

  test('buffered lines cause no sync each, and slow their source only when too many wait', async () => {
    const disk = new Disk()
    const writer = new GroupWriter(disk, options)
    let slowed = 0
    for (let at = 0; at < 1_000; at += 1) {
      const room = writer.buffer('x'.repeat(99))
      if (room === undefined) continue
      slowed += 1
      await room
    }
    await writer.flush()
    writer.stop()
    expect(disk.durable).toHaveLength(100_000)
    expect(slowed).toBeGreaterThan(0)
    // 4,000 characters a group at most, 40 lines.
    expect(disk.syncs).toBeLessThanOrEqual(1_000 / 40 + 2)
  })
})

import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FileJournal } from '#src/node.js'
import { freshFolder } from '../custody/bundle-world.js'
import { oneRecording } from '../fakes/one-recording.js'
import { cli } from './run-cli.js'

const json = async (dir: string) => JSON.parse((await cli(['status', dir, '--json'])).out)

/** A run whose journal is kept on disk. */
async function journalled(deliver: readonly string[], before?: (world: ReturnType<typeof oneRecording>) => void) {
  const dir = freshFolder('journal')
  const world = oneRecording({ landingTimeoutMs: 60_000 })
  world.deliver(...deliver)
  before?.(world)
  const run = (signal?: AbortSignal) => world.run({}, {}, { journal: new FileJournal(dir), signal })
  return { dir, world, run }
}

describe('status', () => {
  test('says of a finished run what it came to, with its exit code', async () => {
    const { dir, run } = await journalled(['r1.opus', 'r1.opus_metadata.json'])
    await run()
    const { code, out } = await cli(['status', dir])
    expect(code).toBe(0)
    expect(out).toMatch(/^finished: complete\n/)
    expect(out).toContain('1 recording expected: 1 repaired')
    expect(await json(dir)).toMatchObject({
      schemaVersion: 1,
      state: 'finished',
      stage: 'finished',
      outcome: 'complete',
      counts: { expected: 1, repaired: 1 },
      objects: { repaired: 2 },
      listed: 1,
      missing: [],
      lastMoved: { record: 'report' },
    })
  })

  test('names what is missing', async () => {
    const { dir, run } = await journalled([])
    await run()
    const { code, out } = await cli(['status', dir])
    expect(code).toBe(2)
    expect(out).toMatch(/missing r1 of c1: /)
    expect(await json(dir)).toMatchObject({ outcome: 'incomplete', missing: [{ recordingId: 'r1', state: 'missing' }] })
  })

  test('says where an interrupted run stopped, why, and how it resumes', async () => {
    const controller = new AbortController()
    const { dir, run } = await journalled([], ({ platform }) => {
      const create = platform.create
      platform.create = async (...args) => {
        const made = await create(...args)
        controller.abort(new Error('enough'))
        return made
      }
    })
    await expect(run(controller.signal)).rejects.toMatchObject({ code: 'ABORTED' })
    const { code, out } = await cli(['status', dir])
    expect(code).toBe(3)
    expect(out).toMatch(/^interrupted, in stage export\n/)
    expect(out).toContain('resumes it')
    expect(await json(dir)).toMatchObject({ state: 'interrupted', stage: 'export', stopped: { code: 'ABORTED' } })
  })

  test('reads a journal that is being written, with a last line that is not whole yet, and changes nothing', async () => {
    const { dir, run } = await journalled(['r1.opus', 'r1.opus_metadata.json'])
    await run()
    const writing = new FileJournal(dir)
    await writing.open()
    appendFileSync(join(dir, 'records.jsonl'), '{"sequence":')
    expect(await json(dir)).toMatchObject({ state: 'finished', writer: { pid: process.pid } })
    await writing.close().catch(() => {})
  })

  test.each([
    [[freshFolder('nowhere')], 'holds no journal'],
    [['a', 'b'], 'one argument too many'],
  ])('ends with 1 for %j', async (args, message) => {
    expect(await cli(['status', ...args])).toMatchObject({ code: 1, err: expect.stringContaining(message) })
  })

  test('ends with 1 for a journal that somebody changed', async () => {
    const { dir, run } = await journalled(['r1.opus', 'r1.opus_metadata.json'])
    await run()
    writeFileSync(join(dir, 'records.jsonl'), '{"sequence":1}\n')
    expect(await cli(['status', dir])).toMatchObject({ code: 1, err: expect.stringContaining('JOURNAL_CORRUPT') })
  })
})

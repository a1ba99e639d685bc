import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { folder, freshFolder, type SealedWorld, sealedRun } from '../custody/bundle-world.js'
import { cli } from './run-cli.js'

describe('--json', () => {
  let world: SealedWorld
  beforeAll(async () => {
    world = await sealedRun()
  })

  test('of report prints path, outcome, answer and counts', async () => {
    const { code, out } = await cli(['report', world.dir, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      page: join(world.dir, 'report.html'),
      outcome: 'incomplete',
      answer: expect.stringContaining('1 of 4 recordings'),
      counts: world.report.counts,
    })
  })

  test('of prove prints where the proof is, or the proof itself', async () => {
    const file = freshFolder('proof.json')
    const key = `memory/${folder}/r2.json`
    expect(JSON.parse((await cli(['prove', world.dir, key, '--out', file, '--json'])).out)).toEqual({ proof: file })
    expect(JSON.parse((await cli(['prove', world.dir, key, '--json'])).out)).toMatchObject({
      leafIndex: expect.any(Number),
    })
  })

  test('is in the help of every command', async () => {
    for (const { name: command } of commands) {
      expect((await cli([...command.split(' '), '--help'])).out, command).toMatch(/^ {2}--json /m)
    }
  })
})

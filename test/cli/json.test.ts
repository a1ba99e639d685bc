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

  describe('of a command that could not finish', () => {
    const names = commands.map(({ name }) => name)

    test.each(names)('prints one document with the error, and a sentence on standard error: %s', async (name) => {
      const many = Array.from({ length: 9 }, (_, at) => `x${at}`)
      const wrong = [['--no-such-flag'], ['--log-level', 'loud'], [...many, '--log-file', '/'], ['--json', ...many]]
      for (const more of wrong) {
        const { code, out, err } = await cli([...name.split(' '), ...more, '--json'])
        const { error } = JSON.parse(out)
        expect([code, Object.keys(JSON.parse(out))]).toEqual([1, ['error']])
        expect(error).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), retryable: false })
        expect(error).toMatchObject({ stage: expect.any(String), message: expect.stringMatching(/./) })
        expect(err).toContain(error.message.split('\n')[0])
        expect((await cli([...name.split(' '), ...more.filter((one) => one !== '--json')])).out).toBe('')
      }
    })

    test('says what to do, and the code of the library', async () => {
      const { error } = JSON.parse((await cli(['release', '', '--json'])).out)
      expect(error).toMatchObject({ code: 'INVALID_OPTIONS', stage: 'options', outcome: 'not-applied' })
      expect(error.remedy).toContain('release --help')
      const unreadable = JSON.parse((await cli(['verify', freshFolder('nowhere'), '--json', '--quiet'])).out)
      expect(unreadable.error).toMatchObject({ code: 'EVIDENCE_UNREADABLE', message: expect.any(String) })
    })

    test('of a command that is not known as well', async () => {
      const { code, out, err } = await cli(['exprot', '--json'])
      expect(code).toBe(1)
      expect(JSON.parse(out).error.message).toContain('did you mean export')
      expect(err).toContain('did you mean export')
    })

    test('never shows a secret of the environment', async () => {
      const env = { GENESYS_CLIENT_SECRET: 'hush-hush-1', NOTIFY_SECRET: 'hush-hush-2' }
      for (const secret of Object.values(env)) {
        const { out, err } = await cli(['report', `/nowhere/${secret}`, '--json'], env)
        expect(JSON.parse(out).error.message).toContain('/nowhere/')
        expect(out + err).not.toContain(secret)
      }
    })
  })

  test('is in the help of every command', async () => {
    for (const { name: command } of commands) {
      expect((await cli([...command.split(' '), '--help'])).out, command).toMatch(/^ {2}--json /m)
    }
  })
})

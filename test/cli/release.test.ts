import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { S3Simulator } from '#src/testing/index.js'
import { simulated, upload } from '../storage/s3/world.js'
import { cli } from './run-cli.js'

type World = Awaited<ReturnType<typeof simulated>>
let world: World
beforeEach(async () => {
  world = await simulated()
  const { accessKeyId, secretAccessKey } = S3Simulator.defaultCredentials
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey)
})
afterEach(() => {
  vi.unstubAllEnvs()
  return world.close()
})

const release = (...more: string[]) => {
  const { endpoint, bucket } = world
  const place = ['--s3-endpoint', endpoint, '--bucket', bucket, '--bucket-region', 'eu-west-1', '--hold', 'm-1']
  return cli(['release', '', '--reason', 'order', ...place, ...more])
}

describe('release without --allow-unlock', () => {
  test.each([[[]], [['--yes']]])('of a hold that is an Object Lock hold alone is no success: %j', async (yes) => {
    for (const key of ['a', 'b']) await upload(world, key, 'sound', { ObjectLockLegalHoldStatus: 'ON' })
    await upload(world, 'free', 'sound')
    const { code, out, err } = await release('--require-legal-hold', ...yes)
    expect(err).toBe('')
    expect(out).toMatch(/refused a: it carries no tag, and allowUnlock \(--allow-unlock\) is needed/)
    expect(out).toContain('2 objects: 2 refused')
    expect(out).toMatch(/2 objects (would )?keep their Object Lock legal hold, which only --allow-unlock lifts/)
    expect(code).toBe(2)
    const { out: json } = await release('--require-legal-hold', '--json', ...yes)
    expect(JSON.parse(json)).toMatchObject({ counts: { refused: 2 }, locked: 2 })
    const lifted = await release('--require-legal-hold', '--allow-unlock', '--yes')
    expect(lifted.code).toBe(0)
    expect(lifted.out).toContain('2 objects: 2 released')
    expect(lifted.out).not.toContain('keep')
  })

  test('says so as well where a tag goes and the lock stays', async () => {
    const marked = { ObjectLockLegalHoldStatus: 'ON', Metadata: { 'legal-hold-tag': 'm-1' } } as const
    await upload(world, 'a', 'sound', marked)
    const required = ['--require-metadata', 'legal-hold-tag=m-1', '--require-legal-hold']
    const planned = await release(...required)
    expect(planned.code).toBe(0)
    expect(planned.out).toContain('1 object would keep its Object Lock legal hold, which only --allow-unlock lifts.')
    expect(planned.out).toContain('Nothing was changed: --yes releases.')
    const { out } = await release(...required, '--yes')
    expect(out).toContain('1 object keeps its Object Lock legal hold')
  })

  test('says in words that nothing is under the hold', async () => {
    await upload(world, 'free', 'sound')
    expect((await release('--require-legal-hold')).out).toContain('Nothing there is under this hold.')
  })
})

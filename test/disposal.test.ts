import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { LegalHoldExporter, type Verdict } from '../src/index.js'
import { aConversation, anOrganization, expectAllHeld } from '../src/testing/index.js'

test('the streams of validate, remediate and release end with their block, and are taken by stream helpers', async () => {
  await using world = await anOrganization().with(aConversation(), aConversation()).start()
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
  await exporter.run(world.request)
  const source = { prefix: '' }
  const streams = [
    () => exporter.validate(source),
    () => exporter.remediate(source, { dryRun: true }),
    () => exporter.release(source, { reason: 'test', dryRun: true }),
  ]
  for (const open of streams) {
    const left = open()
    {
      await using stream = left
      await stream.next()
    }
    expect(await left.next()).toEqual({ done: true, value: undefined })
    const unused = open()
    await unused[Symbol.asyncDispose]()
    expect(await unused.next()).toEqual({ done: true, value: undefined })
  }
  const verdicts: Verdict[] = await Readable.from(exporter.validate(source))
    .filter(() => true)
    .toArray()
  expect(verdicts.length).toBe(world.bucket.keys().length)
  expect(verdicts.length).toBeGreaterThan(0)
  await expectAllHeld(world.bucket, { by: 'matter-1' })
})

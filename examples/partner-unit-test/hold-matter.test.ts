// node --import tsx --test examples/partner-unit-test/hold-matter.test.ts
import assert from 'node:assert'
import { test } from 'node:test'
import { aConversation, aFault, anOrganization, aRecording, expectAllHeld } from 'genesys-legal-hold-exporter/testing'
import { holdMatter } from './hold-matter.ts'

const organization = anOrganization().inRegion('eu-west-1').with(aConversation('whatsapp'), aConversation('call'))

test('every recording is held, though S3 is busy and the job takes an hour', async () => {
  const busy = aFault('HeadObject').answering(503).times(3)
  const slow = { timings: { pendingMs: 600_000, processingMs: 3_000_000 } }
  const world = await organization.with(busy).behaving(slow).start({ strict: true })
  assert.deepEqual(await holdMatter(world.ports, 'matter-1', world.request), [])
  await expectAllHeld(world.bucket, { by: 'matter-1' })
  await world.close()
})

test('a recording that never lands is told', async () => {
  const lost = aConversation('chat').with(aRecording().neverLanding())
  const world = await organization.with(lost).start({ strict: true })
  const [told] = await holdMatter(world.ports, 'matter-1', world.request)
  assert.match(told ?? '', /^missing/)
  await world.close()
})

import { expect, test } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import type { FaultAction } from '#src/testing/faults.js'
import { aConversation, anOrganization, aRecording } from '#src/testing/index.js'

const answers: Readonly<Record<string, FaultAction>> = Object.fromEntries(
  [
    ['html', '<html><body>Sign in</body></html>', 'text/html'],
    ['html said to be JSON', '<html></html>', 'application/json'],
    ['nothing', '', 'application/json'],
    ['null', 'null', 'application/json'],
    ['an object', '{}', 'application/json'],
    ['a list', '[]', 'application/json'],
    ['no entities', '{"entities":[],"conversations":[]}', 'application/json'],
    ['a date and no list', '{"dataAvailabilityDate":"2100-01-01T00:00:00Z"}', 'application/json'],
    ['an empty page that goes on', '{"entities":[],"conversations":[],"cursor":"x"}', 'application/json'],
    ['a next page without a cursor', '{"entities":[],"conversations":[],"nextUri":"/api/v2/x"}', 'application/json'],
  ].map(([name, body = '', type = '']) => [
    name,
    { kind: 'respond', status: 200, body, headers: { 'content-type': type } },
  ]),
)
const operations = [
  'getConversationJobResults',
  'listRecordingMetadata',
  'listFailedRecordings',
  'getDataAvailability',
  'ListObjectsV2',
  'HeadObject',
]

/** Two conversations, of which one has a recording that never comes: whoever says complete is wrong. */
async function outcomeWith(operation: string, action: FaultAction): Promise<string> {
  const world = await anOrganization()
    .with(aConversation('whatsapp').with(aRecording()), aConversation('chat').with(aRecording().neverLanding()))
    .start()
  try {
    for (const { faults } of [world.genesys, world.s3]) faults.add({ match: { operation }, action, times: 10_000 })
    const report = await new LegalHoldExporter({
      ...world.ports,
      hold: { tag: 'matter-1' },
      landingTimeoutMs: 30_000,
      landingQuietMs: 10_000,
      retry: { retries: 1 },
    }).run(world.request)
    return report.outcome
  } catch {
    return 'error'
  } finally {
    await world.close()
  }
}

test.each(operations)(
  'no answer of another form to %s makes a run complete that is not',
  async (operation) => {
    for (const [name, action] of Object.entries(answers)) {
      expect(await outcomeWith(operation, action), name).not.toBe('complete')
    }
  },
  120_000,
)

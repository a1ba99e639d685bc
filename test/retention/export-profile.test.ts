import { expect, it } from 'vitest'
import type { ProfileInspection } from '../../src/model/inspection.js'
import { BulkExportsPlatform } from '../../src/platforms/bulk-exports/platform.js'
import type { RetentionContext } from '../../src/ports/retention.js'
import { ExportProfileRetentionPolicy } from '../../src/retention/export-profile.js'
import { hold, request, startWorld } from '../platforms/platform-world.js'
import { profileId } from '../testing/genesys/fixture.js'

const integration: ProfileInspection = { id: 'int', kind: 'integration', findings: [] }
const context = (profile: ProfileInspection, named: string | undefined = profileId): RetentionContext => ({
  hold,
  requirements: {},
  request: { ...request, profileId: named },
  organizationId: 'org',
  bucket: 'evidence',
  prefix: 'org/',
  profile,
  bucketInspection: { bucket: 'evidence', versioning: 'Enabled', objectLock: 'Enabled', findings: [] },
  now: new Date('2023-10-20T12:00:00Z'),
})

it('finds a profile whose short-term policy strips the hold, once whoever looks', async () => {
  await using world = await startWorld([], { retentionPolicy: 'short-term' })
  const platform = new BulkExportsPlatform(world.connection)
  const adapter = new ExportProfileRetentionPolicy({ platform })
  const inspected = await platform.inspectProfile(profileId)
  const findings = await adapter.evaluate(context(integration))
  expect(findings).toEqual(inspected.findings)
  expect(findings).toMatchObject([{ code: 'retention-strips-metadata', severity: 'blocker', subject: profileId }])
  const reads = world.count('getExportProfile')
  expect(await adapter.evaluate(context(inspected))).toEqual(findings)
  expect(world.count('getExportProfile')).toBe(reads)
  expect(await new ExportProfileRetentionPolicy(world.connection).evaluate(context(integration))).toEqual(findings)
})

it('finds nothing with a long-term policy, nor without an export profile', async () => {
  await using world = await startWorld([])
  const adapter = new ExportProfileRetentionPolicy(world.connection)
  expect(await adapter.evaluate(context(integration))).toEqual([])
  expect(await adapter.evaluate({ ...context(integration), request })).toEqual([])
})

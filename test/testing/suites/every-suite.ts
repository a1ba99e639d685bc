import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FixedRetentionPolicy, LegalHoldExporter, type RecordingPlatform } from 'genesys-legal-hold-exporter'
import { BulkExportsPlatform, ExportProfileRetentionPolicy } from 'genesys-legal-hold-exporter/genesys'
import { FileJournal } from 'genesys-legal-hold-exporter/node'
import {
  aConversation,
  anOrganization,
  aProfile,
  aRecording,
  type ConformanceRunner,
  expectAllHeld,
  journalConformance,
  MemoryJournal,
  MemoryStorageAdapter,
  platformConformance,
  retentionConformance,
  retentionContext,
  type SimulatedWorld,
  storageConformance,
} from 'genesys-legal-hold-exporter/testing'

/**
 * All four suites over adapters of the package, and a run on the kit, under whatever runner is given: vitest and
 * `node:test` in `every-suite.test.ts` beside this, jest in `npm run test:package`.
 */
export function everySuite(runner: ConformanceRunner): void {
  journalConformance(runner, { create: async () => ({ journal: new MemoryJournal() }) })

  journalConformance(runner, {
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'every-suite-'))
      return {
        journal: new FileJournal(directory),
        reopen: async () => new FileJournal(directory),
        close: () => rm(directory, { recursive: true, force: true }),
      }
    },
  })

  storageConformance(runner, {
    create: async () => {
      const adapter = new MemoryStorageAdapter()
      return {
        adapter,
        seed: async (key, { body, metadata, tags, contentType }) =>
          void adapter.put(key, { body, metadata, tags, headers: { contentType } }),
        remove: async (key) => adapter.delete(key),
        lacks: ['checksums'],
      }
    },
  })

  platformConformance(runner, { create: () => platformOf(({ ports }) => ports.platform) })
  platformConformance(runner, {
    create: () => platformOf(({ genesysConnection }) => new BulkExportsPlatform(genesysConnection)),
  })

  retentionConformance(runner, {
    create: async () => ({
      policy: new FixedRetentionPolicy({ minimumDays: 365, deletesAfterDays: 90 }),
      safe: retentionContext({ requirements: { legalHold: true } }),
      dangerous: retentionContext(),
    }),
  })

  retentionConformance(runner, {
    create: async () => {
      const world = await anOrganization().with(aProfile(), aProfile().shortTerm()).start({ strict: true })
      const [keeps, strips] = world.genesys.organization.exportProfiles
      const asking = (profileId = '') => retentionContext({ request: { ...world.request, profileId } })
      return {
        policy: new ExportProfileRetentionPolicy(world.genesysConnection),
        safe: asking(keeps?.id),
        dangerous: asking(strips?.id),
        close: () => world.close(),
      }
    },
  })

  runner.describe('the kit', () => {
    runner.test('runs an export', async () => {
      const world = await anOrganization().with(aConversation()).start({ strict: true })
      const report = await new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } }).run(world.request)
      runner.expect(report.outcome).toEqual('complete')
      await expectAllHeld(world.bucket, { by: 'matter-1' })
      await world.close()
    })
  })
}

async function platformOf(make: (world: SimulatedWorld) => RecordingPlatform) {
  const failing = aConversation('call').with(aRecording().failingAtSource())
  const world = await anOrganization().with(aProfile(), aConversation(), failing).start({ strict: true })
  const { conversations, exportProfiles } = world.genesys.organization
  const recordings = conversations.flatMap((conversation) => conversation.recordings)
  const ids = (fails: boolean) =>
    recordings.filter(({ failsAtSource = false }) => failsAtSource === fails).map(({ id }) => id)
  const platform = make(world)
  const profileId = exportProfiles[0]?.id ?? ''
  return {
    platform,
    request: platform.name === 'bulk-exports' ? { ...world.request, profileId } : world.request,
    delivered: ids(false),
    failing: ids(true),
    advance: () => world.clock.sleep(30_000),
    close: () => world.close(),
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BulkExportsPlatform, ExportProfileRetentionPolicy, RecordingJobsPlatform } from '../../../src/genesys.js'
import { FixedRetentionPolicy, MemoryJournal } from '../../../src/index.js'
import { FileJournal } from '../../../src/node.js'
import type { Journal } from '../../../src/ports/journal.js'
import type { RecordingPlatform } from '../../../src/ports/platform.js'
import {
  aConversation,
  anOrganization,
  aProfile,
  aRecording,
  type ConformanceRunner,
  journalConformance,
  type PlatformConformanceSubject,
  platformConformance,
  retentionConformance,
  retentionContext,
  type SimulatedWorld,
} from '../../../src/testing/index.js'

const runner = { describe, test, expect }

describe('memory', () => {
  journalConformance(runner, { create: async () => ({ journal: new MemoryJournal() }) })
})

describe('file', () => {
  journalConformance(runner, {
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'journal-conformance-'))
      return {
        journal: new FileJournal(directory),
        reopen: async () => new FileJournal(directory),
        close: () => rm(directory, { recursive: true, force: true }),
      }
    },
  })
})

const organization = anOrganization().with(
  aProfile(),
  aConversation('whatsapp').with(aRecording(), aRecording()),
  aConversation('call'),
  aConversation('call').with(aRecording().failingAtSource()),
)

async function subjectOf(make: (world: SimulatedWorld) => RecordingPlatform): Promise<PlatformConformanceSubject> {
  const world = await organization.start({ strict: true })
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

describe('recording jobs', () => {
  platformConformance(runner, { create: () => subjectOf((world) => world.ports.platform) })
})

describe('bulk exports', () => {
  platformConformance(runner, {
    create: () => subjectOf((world) => new BulkExportsPlatform({ ...world.genesysConnection })),
  })
})

describe('a fixed retention', () => {
  retentionConformance(runner, {
    create: async () => ({
      policy: new FixedRetentionPolicy({ minimumDays: 365, deletesAfterDays: 90 }),
      safe: retentionContext({ requirements: { legalHold: true } }),
      dangerous: retentionContext(),
    }),
  })
})

describe('an export profile', () => {
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
})

describe('the suites find what is wrong', () => {
  /** Runs a suite and returns the names of the tests that failed. */
  async function failuresOf(suite: (on: ConformanceRunner) => void): Promise<string[]> {
    const tests: [string, () => Promise<void>][] = []
    suite({ describe: (_, body) => body(), test: (name, body) => tests.push([name, body]), expect })
    const failed: string[] = []
    for (const [name, body] of tests) await body().catch(() => failed.push(name))
    return failed
  }

  test('with a journal that keeps its author’s objects and loses what is written side by side', async () => {
    const create = async () => {
      const records: Parameters<Journal['append']>[0][] = []
      const journal = {
        append: async (record: Parameters<Journal['append']>[0]) => {
          const sequence = records.length + 1
          await new Promise((resolve) => setImmediate(resolve))
          records.push(record)
          return { ...record, sequence }
        },
        async *entries() {
          for (const [at, record] of records.entries()) yield { ...record, sequence: at + 1 }
        },
        head: async () => undefined,
      } satisfies Journal
      return { journal }
    }
    expect((await failuresOf((on) => journalConformance(on, { create }))).length).toBe(3)
  })

  test('with a policy that says nothing, and one that changes what it is asked about', async () => {
    const policy = { name: 'silent', evaluate: async () => [] }
    const context = { safe: retentionContext(), dangerous: retentionContext() }
    const create = async () => ({ policy, ...context })
    expect(await failuresOf((on) => retentionConformance(on, { create }))).toEqual([
      'finds what would delete, expire or strip the recordings, and says what to do',
    ])
  })

  test('with a platform that takes an unknown profile for an error, and knows every job', async () => {
    const broken = async () => {
      const subject = await subjectOf((world) => new RecordingJobsPlatform({ ...world.genesysConnection }))
      const { platform } = subject
      const wrong = Object.assign(Object.create(platform), {
        inspectProfile: async () => Promise.reject(new Error('no such profile')),
        getJob: async () => ({ id: 'x', state: 'FULFILLED', platformState: 'FULFILLED', totals: {} }),
      })
      return { ...subject, platform: new Proxy(platform, { get: (of, name) => bound(of, wrong, name) }) }
    }
    const bound = (of: RecordingPlatform, wrong: object, name: string | symbol): unknown => {
      if (Object.hasOwn(wrong, name)) return Reflect.get(wrong, name)
      const value: unknown = Reflect.get(of, name, of)
      return typeof value === 'function' ? value.bind(of) : value
    }
    const failed = await failuresOf((on) => platformConformance(on, { create: broken }))
    expect(failed).toEqual(
      expect.arrayContaining(['an unknown profile is a finding, not an error', 'an unknown job is JOB_NOT_FOUND']),
    )
  })
})

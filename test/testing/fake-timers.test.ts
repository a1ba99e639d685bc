import { afterEach, describe, expect, test, vi } from 'vitest'
import { LegalHoldExporter } from '#src/index.js'
import { evidenceBundle, FileJournal, verifyEvidence } from '#src/node.js'
import {
  aConversation,
  anOrganization,
  aRecording,
  MemoryRecordingPlatform,
  MemoryStorageAdapter,
  SimulatedClock,
  startSimulators,
} from '#src/testing/index.js'
import { freshFolder, newKey } from '../custody/bundle-world.js'

afterEach(() => {
  vi.useRealTimers()
  vi.resetModules()
})

/** What vitest fakes by itself, and what jest does, but `process.nextTick`: vitest cannot fake that here. */
const kinds = [
  ['as vitest fakes them', {}],
  [
    'as jest fakes them',
    {
      toFake: [
        ...(['Date', 'hrtime', 'performance', 'queueMicrotask'] as const),
        ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
      ],
    },
  ],
] as const

describe.each(kinds)('under fake timers, %s', (_, options) => {
  test('a run in memory ends, with a journal on disk and evidence', async () => {
    const { toFake } = options as { toFake?: readonly string[] }
    vi.useFakeTimers(toFake === undefined ? {} : ({ toFake: [...toFake] } as Parameters<typeof vi.useFakeTimers>[0]))
    const clock = new SimulatedClock()
    const storage = new MemoryStorageAdapter({ clock })
    const recordings = [{ recordingId: 'r1' }, { recordingId: 'r2', fate: 'missing' as const }]
    const platform = new MemoryRecordingPlatform({ storage, clock, recordings })
    const exporter = new LegalHoldExporter({ platform, storage, clock, hold: { tag: 'matter-1' } })
    const key = newKey()
    const dir = freshFolder()
    const evidence = evidenceBundle({ dir, signer: key.signer })
    await using journal = new FileJournal(freshFolder('journal'))
    const report = await exporter.run(platform.request, { journal, evidence })
    expect(report.counts).toMatchObject({ expected: 2, repaired: 1, missing: 1 })
    const verified = await verifyEvidence(dir, { publicKey: key.publicKey, clock })
    // By the clock of the run, and not by the one that is faked.
    expect(verified).toMatchObject({ verified: true, predicate: { sealedAt: new Date(clock.now()).toISOString() } })
  })

  test('simulators refuse to listen, and say what to do', async () => {
    const { toFake } = options as { toFake?: readonly string[] }
    vi.useFakeTimers(toFake === undefined ? {} : ({ toFake: [...toFake] } as Parameters<typeof vi.useFakeTimers>[0]))
    const starting = anOrganization().with(aConversation('whatsapp')).start()
    await expect(starting).rejects.toThrow(/fake the date alone.*MemoryRecordingPlatform/)
    await expect(startSimulators({ scenario: { count: 1 } })).rejects.toThrow(/fake the date alone/)
  })
})

test('under a date that is faked a run against the simulators ends', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) })
  const conversations = [
    aConversation('whatsapp').with(aRecording().withTranscript()),
    aConversation('call').with(aRecording().landingLate(60_000)),
  ]
  await using world = await anOrganization()
    .with(...conversations)
    .start()
  const exporter = new LegalHoldExporter({ ...world.ports, hold: { tag: 'matter-1' } })
  expect(await exporter.run(world.request)).toMatchObject({ outcome: 'complete' })
})

test('a clock that was loaded after the timers were faked says what to do', async () => {
  vi.resetModules()
  vi.useFakeTimers()
  const { SimulatedClock: Late } = await import('#src/testing/clock.js')
  expect(() => new Late()).toThrow(/Import it before you call useFakeTimers\(\)/)
  // One that is moved by hand needs no timers.
  expect(new Late({ autoAdvance: false, now: '2023-10-20T12:00:00Z' }).now()).toBe(Date.UTC(2023, 9, 20, 12))
})

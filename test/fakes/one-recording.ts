import {
  type ExportRequest,
  LegalHoldExporter,
  type LegalHoldExporterOptions,
  type RecordingPlatform,
} from '#src/index.js'
import type { RunOptions } from '#src/run/run-options.js'
import { MemoryStorageAdapter, SimulatedClock } from '#src/testing/index.js'
import { FakePlatform, job } from './platform.js'

/** What {@link oneRecording} exports. */
export const request: ExportRequest = {
  integrationId: 'i',
  interval: { start: '2023-10-18T12:00:00Z', end: '2023-10-20T11:00:00Z' },
}

/** Where r1 of c1 lies. */
export const folder = 'org/year=2023/month=10/day=20/hour=9/conversation_id=c1'

/** A platform that expects r1 of c1, and a bucket that is empty a while before the job is created. */
export function oneRecording(over: Partial<LegalHoldExporterOptions> = {}) {
  const clock = new SimulatedClock({ now: '2023-10-20T12:00:00Z' })
  const storage = new MemoryStorageAdapter({ clock })
  const platform = new FakePlatform()
  platform.create = async () => job('PENDING', { createdAt: new Date(clock.now()).toISOString() })
  platform.expected.push({ recordingId: 'r1', conversationId: 'c1', conversationStart: '2023-10-20T09:30:00Z' })
  const deliver = (...names: string[]) => {
    for (const name of names) storage.put(`${folder}/${name}`, { body: name })
  }
  const exporter = (options: Partial<LegalHoldExporterOptions> = {}) =>
    new LegalHoldExporter({
      platform: platform as RecordingPlatform,
      storage,
      clock,
      hold: { tag: 't' },
      landingQuietMs: 20_000,
      ...over,
      ...options,
    })
  const run = (
    options: Partial<LegalHoldExporterOptions> = {},
    given: Partial<ExportRequest> = {},
    of: RunOptions = {},
  ) => exporter(options).run({ ...request, ...given }, of)
  /** The hold on the current version of a file of c1, where it is there. */
  const holdOn = (name: string) => storage.versions(`${folder}/${name}`)[0]?.state?.metadata?.['legal-hold-tag']
  return { clock, storage, platform, deliver, exporter, run, holdOn }
}

/** The platform counts recordings and names none. */
export function countsOnly(platform: FakePlatform, recordings: number) {
  platform.capabilities = { ...platform.capabilities, listsExpectedRecordings: false }
  platform.states = [job('FULFILLED', { totals: { recordings, processed: recordings, failed: 0, skipped: 0 } })]
}

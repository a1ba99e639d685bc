import type { JournalData } from '#src/journal/records.js'

/** What the first record of a run says, where nothing in it matters. */
export const runStarted: JournalData['run-started'] = {
  request: { interval: { start: '2023-10-20T00:00:00Z', end: '2023-10-21T00:00:00Z' } },
  hold: { tag: 'matter-1' },
  requirements: { metadata: { 'legal-hold-tag': 'matter-1' } },
  dryRun: false,
  tool: { name: 'genesys-legal-hold-exporter', version: '0.0.0' },
  platform: { name: 'platform' },
  storage: { name: 'storage', bucket: 'bucket' },
  retention: [],
  remediation: { onConflict: 'refuse', protectOriginal: true, versions: 'current', allowOverwrite: false },
  accept: [],
  lookbackHours: 0,
}

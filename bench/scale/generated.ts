import type { ExpectedRecording, ExportRequest, RecordingPlatform } from '../../src/index.ts'

export const tag = 'matter-1'
export const request: ExportRequest = {
  integrationId: 'i',
  interval: { start: '2023-01-01T00:00:00Z', end: '2023-12-31T00:00:00Z' },
}
const first = Date.parse('2023-01-01T00:00:00Z')
const hours = 8_000

interface Generated {
  readonly recording: ExpectedRecording
  readonly key: string
  readonly isHeld: boolean
}

/** Recordings in no order of time, two to a conversation. */
export function* recordingsOf(count: number): Generator<Generated, void, void> {
  for (let at = 0; at < count; at += 1) {
    const conversation = Math.floor(at / 2)
    const hour = (conversation * 4_799) % hours
    const start = new Date(first + hour * 3_600_000)
    const conversationId = `c${conversation.toString(36).padStart(8, '0')}`
    const recordingId = `r${at.toString(36).padStart(8, '0')}`
    const two = (number: number) => String(number).padStart(2, '0')
    const folder = `org/year=${start.getUTCFullYear()}/month=${two(start.getUTCMonth() + 1)}/day=${two(start.getUTCDate())}/hour=${two(start.getUTCHours())}`
    yield {
      recording: { recordingId, conversationId, conversationStart: start.toISOString(), mediaType: 'call' },
      key: `${folder}/conversation_id=${conversationId}/${recordingId}.opus`,
      isHeld: true,
    }
  }
}

/** A platform whose job is over, and which expects so many recordings. */
export function generatedPlatform(count: number): RecordingPlatform {
  const job = {
    id: 'job',
    state: 'FULFILLED' as const,
    platformState: 'FULFILLED',
    totals: { recordings: count, processed: count, failed: 0, skipped: 0 },
    createdAt: '2024-01-01T00:00:00Z',
  }
  return {
    name: 'generated',
    region: 'eu-west-1',
    capabilities: {
      stampsHoldMetadata: false,
      idempotency: 'key',
      deletionProtection: false,
      listsExpectedRecordings: true,
    },
    organization: async () => ({ id: 'org' }),
    inspectProfile: async (id) => ({ id, kind: 'integration', findings: [] }),
    inspectRequest: async () => [],
    coverage: async () => ({ availableUntil: '2100-01-01T00:00:00Z' }),
    createJob: async () => job,
    findJob: async () => undefined,
    executeJob: async () => job,
    getJob: async () => job,
    cancelJob: async () => {},
    failedRecordings: async function* () {},
    expectedRecordings: async function* () {
      for (const { recording } of recordingsOf(count)) yield recording
    },
  }
}

import type { Finding } from '../../model/findings.js'
import type { SourceContext } from '../../model/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { flagOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'
import { ask } from './question.js'

/**
 * Whether recordings are stored where they are made, which may be in any region: the organisation's own says nothing then.
 * One request, and none without a residency.
 */
export async function regionalStorageFindings(
  client: GenesysClient,
  { regions }: SourceContext,
  options?: CallOptions,
): Promise<readonly Finding[]> {
  if (regions === undefined) return []
  const answer = await ask(
    client,
    {
      operation: 'read the recording settings',
      unknown: 'whether recordings are stored in the region in which they are made',
      call: { method: 'GET', path: '/api/v2/recording/settings' },
    },
    options,
  )
  if (answer.finding !== undefined) return [answer.finding]
  if (flagOf(answer.body, 'regionalRecordingStorageEnabled') !== true) return []
  return [
    {
      code: 'region-mismatch',
      severity: 'warning',
      subject: 'regionalRecordingStorageEnabled',
      message: `The organisation stores recordings in the regions in which they are made, which need not be in ${regions.join(', ')}.`,
      remedy: 'Look at the regions of the recordings in the report (reconciliation.regions).',
    },
  ]
}

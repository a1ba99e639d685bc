import { LegalHoldError } from '../../model/errors.js'
import type { Organization, PlatformCoverage } from '../../model/platform.js'
import type { Interval } from '../../model/request.js'
import type { CallOptions } from '../../ports/runtime.js'
import { dateOf, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'

/** The organisation that the credentials belong to. */
export async function readOrganization(client: GenesysClient, options: CallOptions = {}): Promise<Organization> {
  const { body, correlationId } = await client.request(
    {
      operation: 'read the organisation',
      stage: 'inspect',
      send: ({ organization }) => organization.getOrganizationsMe(),
    },
    options,
  )
  const id = textOf(body, 'id')
  if (id === undefined) {
    throw new LegalHoldError('Could not read the organisation: the answer has no id.', {
      code: 'PLATFORM_RESPONSE_INVALID',
      stage: 'inspect',
      requestId: correlationId,
    })
  }
  return { id, name: textOf(body, 'name') }
}

/**
 * How far the platform's index reaches. A new recording may take up to 48 hours to be seen by a job (genesys-facts);
 * the availability of the conversation details jobs says how far it is.
 */
export async function readCoverage(
  client: GenesysClient,
  _interval: Interval,
  options: CallOptions = {},
): Promise<PlatformCoverage> {
  const { body } = await client.request(
    {
      operation: "read how far the platform's index reaches",
      stage: 'inspect',
      send: ({ analytics }) => analytics.getAnalyticsConversationsDetailsJobsAvailability(),
    },
    options,
  )
  return { availableUntil: dateOf(body, 'dataAvailabilityDate') }
}

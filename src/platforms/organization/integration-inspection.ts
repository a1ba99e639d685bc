import { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type Answer, answerOf, isAnswer, otherThan, textOf } from '../client/answer.js'
import type { GenesysClient } from '../client/client.js'

const viewsIntegrations = 'integrations:integration:view'

/** What the platform says of an integration. */
export interface IntegrationInspection {
  readonly found: boolean
  readonly name?: string | undefined
  readonly bucket?: string | undefined
  readonly role?: string | undefined
  readonly findings: readonly Finding[]
}

/**
 * Reads state, bucket and role of the integration that delivers to S3. An unknown id is a finding, not an error, and so is
 * one that the client may not read.
 */
export async function inspectIntegration(
  client: GenesysClient,
  id: string,
  options: CallOptions = {},
): Promise<IntegrationInspection> {
  try {
    return await readIntegration(client, id, options)
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code !== 'PLATFORM_FORBIDDEN') throw error
    return { found: false, findings: [notPermitted(id)] }
  }
}

async function readIntegration(
  client: GenesysClient,
  id: string,
  options: CallOptions,
): Promise<IntegrationInspection> {
  const integration = await orUndefined(
    client.request(
      {
        operation: `read the integration ${id}`,
        stage: 'inspect',
        foreign: otherThan(id),
        send: ({ integrations }) => integrations.getIntegration(id),
      },
      options,
    ),
  )
  if (integration === undefined) return { found: false, findings: [notFound(id, 'integration')] }
  const config = await orUndefined(
    client.request(
      {
        operation: `read the configuration of the integration ${id}`,
        stage: 'inspect',
        send: ({ integrations }) => integrations.getIntegrationConfigCurrent(id),
      },
      options,
    ),
  )
  const properties = answerOf(config?.body, 'properties')
  return {
    found: true,
    name: textOf(integration.body, 'name'),
    bucket: propertyLike(properties, /bucket/i),
    role: propertyLike(properties, /role|\barn\b/i),
    findings: stateFindings(id, integration.body),
  }
}

/** The finding for an id that the platform does not know. */
export function notFound(id: string, what: 'integration' | 'export profile'): Finding {
  return {
    code: 'profile-not-found',
    severity: 'blocker',
    subject: id,
    message: `Genesys Cloud knows no ${what} ${id}.`,
    remedy: `Give the id of an ${what} of this organisation, and check that the region is right.`,
  }
}

function notPermitted(id: string): Finding {
  return {
    code: 'permission-missing',
    severity: 'blocker',
    subject: viewsIntegrations,
    message: `The OAuth client lacks the permission ${viewsIntegrations}, so neither the state nor the bucket of the integration ${id} is known.`,
    remedy: `Give its role the permission ${viewsIntegrations}.`,
  }
}

/** An answer, or `undefined` for an id that the platform does not know or does not accept as one. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (!LegalHoldError.isInstance(error)) throw error
    // 400 is what an id that is not a UUID gets.
    if (error.code === 'PLATFORM_NOT_FOUND' || error.status === 400) return undefined
    throw error
  }
}

function stateFindings(id: string, integration: Answer): Finding[] {
  const intended = textOf(integration, 'intendedState')
  const reported = textOf(answerOf(integration, 'reportedState'), 'code')
  if (intended !== 'ENABLED') {
    return [
      {
        code: 'integration-disabled',
        severity: 'blocker',
        subject: id,
        message: `The integration ${id} is not enabled (its intended state is ${intended ?? 'not given'}); its jobs cannot deliver.`,
        remedy: 'Enable it in Genesys Cloud under Admin, Integrations.',
      },
    ]
  }
  if (reported === 'ACTIVE') return []
  return [
    {
      code: 'integration-inactive',
      severity: 'blocker',
      subject: id,
      message: `The integration ${id} is enabled but not active (it reports ${reported ?? 'no state'}); its jobs cannot deliver.`,
      remedy: 'Check its role, bucket and region in Genesys Cloud until it reports ACTIVE.',
    },
  ]
}

/** The platform does not publish the names of these properties: the first text whose name fits. */
function propertyLike(properties: Answer | undefined, name: RegExp): string | undefined {
  if (properties === undefined) return undefined
  for (const [key, value] of Object.entries(properties)) {
    if (isAnswer(value)) {
      const nested = propertyLike(value, name)
      if (nested !== undefined) return nested
    }
    if (name.test(key) && !/region|prefix|type|encrypt/i.test(key) && typeof value === 'string' && value !== '') {
      return value
    }
  }
  return undefined
}

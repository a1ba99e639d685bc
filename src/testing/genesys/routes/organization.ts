import { booleanParameter, json, notFound } from '../http.js'
import type { SimulatedIntegration } from '../organization.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

/** Organisation, integrations and media retention policies. */
export const organizationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v2/organizations/me',
    operation: 'getOrganization',
    answer: ({ state }) =>
      json(200, {
        id: state.organization.id,
        name: state.organization.name,
        defaultLanguage: 'en-us',
        defaultCountryCode: 'IE',
        domain: 'simulated-organisation',
        version: 1,
        state: 'active',
        selfUri: `/api/v2/organizations/${state.organization.id}`,
      }),
  },
  {
    method: 'GET',
    path: '/api/v2/integrations',
    operation: 'listIntegrations',
    permission: 'integrations:integration:view',
    answer: (context) =>
      json(
        200,
        entityPage(context, context.state.organization.integrations.map(toIntegration), {
          defaultSize: 25,
          maxSize: 100,
        }),
      ),
  },
  {
    method: 'GET',
    path: '/api/v2/integrations/{integrationId}',
    operation: 'getIntegration',
    permission: 'integrations:integration:view',
    answer: (context) => json(200, toIntegration(findIntegration(context))),
  },
  {
    method: 'GET',
    path: '/api/v2/integrations/{integrationId}/config/current',
    operation: 'getIntegrationConfig',
    permission: 'integrations:integration:view',
    answer: (context) => json(200, configurationOf(findIntegration(context))),
  },
  {
    method: 'GET',
    path: '/api/v2/recording/mediaretentionpolicies',
    operation: 'listMediaRetentionPolicies',
    permission: 'recording:retentionPolicy:view',
    answer: (context) => listPolicies(context, 'mediaRetentionPolicies'),
  },
  {
    method: 'GET',
    path: '/api/v2/recording/crossplatform/mediaretentionpolicies',
    operation: 'listCrossplatformPolicies',
    permission: 'recording:crossPlatformRetentionPolicy:view',
    answer: (context) => listPolicies(context, 'crossplatformPolicies'),
  },
]

function findIntegration(context: RouteContext): SimulatedIntegration {
  const id = context.param('integrationId')
  const integration = context.state.organization.integrations.find((other) => other.id === id)
  if (integration === undefined) throw notFound('the integration', id)
  return integration
}

function toIntegration(integration: SimulatedIntegration) {
  return {
    id: integration.id,
    name: integration.name,
    integrationType: { id: 'aws-s3-recording-bulk-actions', name: 'AWS S3 recording bulk actions' },
    intendedState: integration.intendedState,
    config: { current: configurationOf(integration) },
    reportedState: { code: integration.reportedState, effective: integration.reportedState },
    attributes: {},
    selfUri: `/api/v2/integrations/${integration.id}`,
  }
}

function configurationOf(integration: SimulatedIntegration) {
  return {
    id: integration.id,
    name: integration.name,
    version: 1,
    properties: integration.properties ?? { bucket: integration.bucket, roleArn: integration.roleArn },
    advanced: {},
    notes: '',
    credentials: {},
    selfUri: `/api/v2/integrations/${integration.id}/config/current`,
  }
}

function listPolicies(context: RouteContext, list: 'mediaRetentionPolicies' | 'crossplatformPolicies'): Response {
  const { query } = context
  const enabled = query.has('enabled') ? booleanParameter(query, 'enabled', true) : undefined
  const policies = context.state.organization[list].filter(
    (policy) => (enabled === undefined || policy.enabled === enabled) && policy.name.includes(query.get('name') ?? ''),
  )
  return json(200, entityPage(context, policies, { defaultSize: 25, maxSize: 100 }))
}

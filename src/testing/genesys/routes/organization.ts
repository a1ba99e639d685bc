import { badRequest, booleanParameter, json, missingPermission, notFound, readObject } from '../http.js'
import type { SimulatedIntegration } from '../organization.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

const applies = 'recording:deletionProtection:apply'
const revokes = 'recording:deletionProtection:revoke'

/** Organisation, integrations, media retention policies and deletion protection. */
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
    answer: (context) => {
      const integration = findIntegration(context)
      return json(200, {
        id: integration.id,
        name: integration.name,
        version: 1,
        properties: integration.properties ?? { bucket: integration.bucket, roleArn: integration.roleArn },
        advanced: {},
        notes: '',
        credentials: {},
        selfUri: `/api/v2/integrations/${integration.id}/config/current`,
      })
    },
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
  {
    method: 'PUT',
    path: '/api/v2/recordings/deletionprotection',
    operation: 'protectConversations',
    permission: [applies, revokes],
    answer: protect,
  },
  {
    method: 'POST',
    path: '/api/v2/recordings/deletionprotection',
    operation: 'listProtectedConversations',
    answer: async (context) => {
      const ids = await readConversationIds(context)
      const isProtected = ids.filter((id) => context.state.protectedConversations.has(id))
      return json(
        200,
        isProtected.map((id) => ({ id, selfUri: `/api/v2/conversations/${id}` })),
      )
    },
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
    config: { current: { id: integration.id, name: integration.name, version: 1 } },
    reportedState: { code: integration.reportedState, effective: integration.reportedState },
    attributes: {},
    selfUri: `/api/v2/integrations/${integration.id}`,
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

async function readConversationIds(context: RouteContext): Promise<readonly string[]> {
  const { conversationIds } = await readObject(context.request)
  if (!Array.isArray(conversationIds) || !conversationIds.every((id) => typeof id === 'string')) {
    throw badRequest('conversationIds must be a list of ids.')
  }
  if (conversationIds.length === 0 || conversationIds.length > 100) {
    throw badRequest(`conversationIds may hold 1 to 100 ids, but holds ${conversationIds.length}.`)
  }
  return conversationIds
}

/** 100 conversations a call, 1,000 an organisation (genesys-facts, "deletion protection"). */
async function protect(context: RouteContext): Promise<Response> {
  const { state } = context
  // The documented default is true: whoever forgets the parameter while revoking, protects.
  const apply = booleanParameter(context.query, 'protect', true)
  // "Each action requires the respective permission."
  const permission = apply ? applies : revokes
  if (!context.may(permission)) throw missingPermission([permission])
  const ids = await readConversationIds(context)
  const failedUpdates: unknown[] = []
  const failed = (id: string, errorCode: string, errorMessage: string) =>
    failedUpdates.push({ conversation: { id, selfUri: `/api/v2/conversations/${id}` }, errorCode, errorMessage })
  for (const id of ids) {
    if (state.findConversation(id) === undefined) failed(id, 'not.found', `Unable to find the conversation ${id}.`)
    else if (!apply) state.protectedConversations.delete(id)
    else if (state.settings.silentlyUnprotected.includes(id)) continue
    else if (state.protectedConversations.has(id)) continue
    else if (state.protectedConversations.size < state.settings.protectionCap) state.protectedConversations.add(id)
    else failed(id, 'limit.exceeded', `An organization may protect ${state.settings.protectionCap} conversations.`)
  }
  await state.save()
  return state.settings.reportFailedUpdates ? json(200, { failedUpdates }) : new Response(null, { status: 202 })
}

import { badRequest, booleanParameter, json, missingPermission, readObject } from '../http.js'
import { checkFields } from '../jobs/fields.js'
import { audit } from './audits.js'
import type { Route, RouteContext } from './routes.js'

const applies = 'recording:deletionProtection:apply'
const revokes = 'recording:deletionProtection:revoke'

/** Genesys' own legal hold (genesys-facts, "deletion protection"). */
export const deletionProtectionRoutes: readonly Route[] = [
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

async function readConversationIds(context: RouteContext): Promise<readonly string[]> {
  const body = await readObject(context.request)
  checkFields(body, 'ConversationDeletionProtectionQuery', { conversationIds: 'texts' })
  const { conversationIds } = body
  if (!Array.isArray(conversationIds) || conversationIds.length === 0 || conversationIds.length > 100) {
    throw badRequest('conversationIds must be a list of 1 to 100 ids.')
  }
  return conversationIds as string[]
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
    const conversation = state.findConversation(id)
    if (conversation === undefined) {
      failed(id, 'not.found', `Unable to find the conversation ${id}.`)
      continue
    }
    if (apply && (state.settings.silentlyUnprotected.includes(id) || state.protectedConversations.has(id))) continue
    if (apply && state.protectedConversations.size >= state.settings.protectionCap) {
      failed(id, 'limit.exceeded', `An organization may protect ${state.settings.protectionCap} conversations.`)
      continue
    }
    if (apply) state.protectedConversations.add(id)
    else if (!state.protectedConversations.delete(id)) continue
    const action = apply ? 'ApplyProtection' : 'RevokeProtection'
    for (const recording of conversation.recordings) {
      audit(context, { entityType: 'Recording', action, entity: { id: recording.id }, context: { conversationId: id } })
    }
  }
  await state.save()
  return state.settings.reportFailedUpdates ? json(200, { failedUpdates }) : new Response(null, { status: 202 })
}

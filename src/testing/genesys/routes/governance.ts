import { booleanParameter, enumParameter, type JsonObject, json } from '../http.js'
import { entityPage } from './paging.js'
import type { Route, RouteContext } from './routes.js'

/** What else decides about recordings: data retention, GDPR requests, storage settings, keys, and recordings without a conversation. */
export const governanceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v2/analytics/dataretention/settings',
    operation: 'getDataRetention',
    permission: 'analytics:dataRetention:view',
    answer: ({ state }) => {
      const { dataRetentionDays } = state.organization
      return json(
        200,
        dataRetentionDays === undefined
          ? {}
          : { retentionDays: dataRetentionDays, dateCreated: '2022-01-10T09:00:00.000Z' },
      )
    },
  },
  {
    method: 'GET',
    path: '/api/v2/gdpr/requests',
    operation: 'listGdprRequests',
    permission: 'gdpr:request:view',
    answer: (context) => json(200, entityPage(context, gdprRequests(context), { defaultSize: 25, maxSize: 100 })),
  },
  {
    method: 'GET',
    path: '/api/v2/recording/settings',
    operation: 'getRecordingSettings',
    answer: ({ state }) => {
      const { regionalRecordingStorageEnabled = false } = state.organization.recordingSettings ?? {}
      return json(200, {
        maxSimultaneousStreams: 25,
        maxConfigurableScreenRecordingStreams: 2_000,
        regionalRecordingStorageEnabled,
        recordingPlaybackUrlTtl: 60,
        recordingBatchDownloadUrlTtl: 60,
      })
    },
  },
  {
    method: 'GET',
    path: '/api/v2/recording/keyconfigurations',
    operation: 'listKeyConfigurations',
    permission: 'recording:encryptionKey:view',
    answer: ({ state }) => {
      const entities = (state.organization.keyConfigurations ?? []).map((configuration) => ({
        ...configuration,
        selfUri: `/api/v2/recording/keyconfigurations/${configuration.id}`,
      }))
      return json(200, { total: entities.length, entities, selfUri: '/api/v2/recording/keyconfigurations' })
    },
  },
  {
    method: 'GET',
    path: '/api/v2/orphanrecordings',
    operation: 'listOrphanRecordings',
    permission: 'recording:orphan:view',
    answer: (context) => json(200, entityPage(context, orphans(context), { defaultSize: 25, maxSize: 100 })),
  },
]

function gdprRequests({ state, client }: RouteContext): readonly JsonObject[] {
  return (state.organization.gdprRequests ?? []).map((request) => ({
    ...request,
    createdBy: { id: client.clientId, selfUri: `/api/v2/users/${client.clientId}` },
    selfUri: `/api/v2/gdpr/requests/${request.id}`,
  }))
}

function orphans({ state, query }: RouteContext): readonly JsonObject[] {
  const media = enumParameter(query, 'media', ['Call', 'Screen'])
  // "False returns all orphans for the organization."
  const onlyKnown = booleanParameter(query, 'hasConversation', false)
  return (state.organization.orphanRecordings ?? [])
    .map(({ orphanStatus = 'NO_CONVERSATION', ...orphan }) => ({ orphanStatus, ...orphan }))
    .filter(
      ({ mediaType, orphanStatus }) =>
        (media === undefined || mediaType === media.toUpperCase()) &&
        (!onlyKnown || (orphanStatus !== 'NO_CONVERSATION' && orphanStatus !== 'UNKNOWN_CONVERSATION')),
    )
    .map(({ fileState = 'AVAILABLE', region = state.region, ...orphan }) => ({
      ...orphan,
      fileState,
      region,
      selfUri: `/api/v2/orphanrecordings/${orphan.id}`,
    }))
}

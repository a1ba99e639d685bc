/**
 * The closed sets of words. `index.d.ts` calls them `string`; the SDKs that Genesys makes from the same definition name them.
 *
 * @see https://github.com/MyPureCloud/platform-client-sdk-javascript build/docs (259.0.0), for the parameters
 * @see https://github.com/MyPureCloud/platform-client-sdk-python models (257.1.0), for the properties
 */
export const parameterWords: Readonly<Record<string, readonly string[]>> = {
  'getRecordingJobs.sortBy': ['userId', 'dateCreated'],
  'getRecordingJobs.state': ['FULFILLED', 'PENDING', 'READY', 'PROCESSING', 'CANCELLED', 'FAILED'],
  'getRecordingJobs.jobType': ['ARCHIVE', 'DELETE', 'EXPORT'],
  'getOrphanrecordings.media': ['Call', 'Screen'],
  'getAuditsQueryTransactionIdResults.expand': ['user'],
  'getConversationRecording.formatId': ['WAV', 'WEBM', 'WAV_ULAW', 'OGG_VORBIS', 'OGG_OPUS', 'MP3', 'NONE'],
  'getConversationRecording.emailFormatId': ['EML', 'NONE'],
}

const regions =
  `af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
  ap-southeast-3 ca-central-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 eu-west-3 me-central-1 mx-central-1 sa-east-1
  us-east-1 us-west-2`.split(/\s+/)

const fileStates = ['ARCHIVED', 'AVAILABLE', 'DELETED', 'RESTORED', 'RESTORING', 'UPLOADING', 'ERROR']
const subtypes = ['Trunk', 'Station', 'Consult', 'Screen', 'Snippet']

/** By model and property. */
export const propertyWords: Readonly<Record<string, readonly string[]>> = {
  'RecordingJobsQuery.action': ['ARCHIVE', 'DELETE', 'EXPORT'],
  'ExecuteRecordingJobsQuery.state': ['PROCESSING'],
  'RecordingJob.state': ['FULFILLED', 'PENDING', 'READY', 'PROCESSING', 'CANCELLED', 'FAILED'],
  'AsyncConversationQuery.order': ['asc', 'desc', 'unordered'],
  'AsyncConversationQuery.orderBy': ['conversationStart', 'conversationEnd', 'segmentStart', 'segmentEnd'],
  'ConversationDetailQueryFilter.type': ['and', 'or'],
  'SegmentDetailQueryFilter.type': ['and', 'or'],
  'ConversationDetailQueryPredicate.type': ['dimension', 'property', 'metric'],
  'SegmentDetailQueryPredicate.type': ['dimension', 'property', 'metric'],
  'ConversationDetailQueryPredicate.operator': ['matches', 'exists', 'notExists'],
  'SegmentDetailQueryPredicate.operator': ['matches', 'exists', 'notExists'],
  'AsyncQueryStatus.state': ['QUEUED', 'PENDING', 'FAILED', 'CANCELLED', 'FULFILLED', 'EXPIRED'],
  'RecordingMetadata.fileState': fileStates,
  'RecordingMetadata.mediaSubtype': subtypes,
  'RecordingMetadata.region': regions,
  'RecordingMetadata.archiveMedium': ['CLOUDARCHIVE'],
  'Recording.fileState': fileStates,
  'Recording.mediaSubtype': subtypes,
  'Recording.recordingErrorStatus': ['EMAIL_TRANSCRIPT_TOO_LARGE'],
  'RecordingRetention.archiveMedium': ['CLOUDARCHIVE'],
  'OrphanRecording.mediaType': ['CALL', 'CHAT', 'EMAIL', 'SCREEN'],
  'OrphanRecording.fileState': fileStates.filter((state) => state !== 'ERROR'),
  'OrphanRecording.orphanStatus': [
    'NO_CONVERSATION',
    'UNKNOWN_CONVERSATION',
    'CONVERSATION_NOT_COMPLETE',
    'CONVERSATION_NOT_EVALUATED',
    'EVALUATED',
  ],
  'GDPRRequest.requestType': ['GDPR_EXPORT', 'GDPR_UPDATE', 'GDPR_DELETE'],
  'GDPRRequest.status': ['INITIATED', 'SEARCHING', 'UPDATING', 'DELETING', 'COMPLETED', 'ERROR', 'FINALIZING'],
  'RecordingEncryptionConfiguration.keyConfigurationType': ['KmsSymmetric', 'LocalKeyManager', 'Native', 'None'],
  'AuditQueryFilter.property': ['UserId', 'TrusteeOrganizationId', 'ClientId', 'Action', 'EntityType', 'EntityId'],
  'AuditQuerySort.name': ['Timestamp'],
  'AuditQuerySort.sortOrder': ['ascending', 'descending'],
  'AuditQueryExecutionStatusResponse.state': ['Queued', 'Running', 'Succeeded', 'Failed', 'Cancelled'],
  'AuditLogMessage.level': ['USER', 'SYSTEM', 'GENESYS_INTERNAL'],
  'AuditLogMessage.status': ['SUCCESS', 'FAILURE', 'WARNING'],
  'Integration.intendedState': ['ENABLED', 'DISABLED', 'DELETED', 'RESTORED'],
}

/**
 * The words of Genesys' conversation query, as its SDKs enumerate them.
 *
 * @see https://github.com/MyPureCloud/platform-client-sdk-python models `ConversationDetailQueryPredicate`,
 *   `SegmentDetailQueryPredicate`, `AsyncConversationQuery` (257.1.0)
 */
export const conversationDimensions: ReadonlySet<string> = words(`
  accessAttribute conversationEnd conversationId conversationInitiator conversationStart customerParticipation divisionId
  externalTag mediaStatsMinConversationMos originatingDirection originatingSocialMediaPublic`)

/** What a segment filter may name. */
export const segmentDimensions: ReadonlySet<string> = words(`
  addressFrom addressTo agentAssistantId agentOwned ani authenticated bargedParticipantId callbackNumber
  callbackScheduledTime canonicalExternalContactId cleared coachedParticipantId conference deliveryPushed deliveryStatus
  destinationAddress destinationConversationId detectedSpeechEnd detectedSpeechStart direction disconnectType dnis edgeId
  engagementSource errorCode exitReason extendedDeliveryStatus externalContactId externalOrganizationId flaggedReason flowId
  flowName flowOutType flowOutcome flowOutcomeId flowOutcomeValue flowVersion groupId journeyActionId journeyActionMapId
  journeyCustomerId journeyCustomerIdType journeyCustomerSessionId mediaCount mediaType messageType monitoredParticipantId
  outboundCampaignId outboundContactId outboundContactListId participantName protocolCallId provider purpose queueId
  recording remote remoteNameDisplayable requestedLanguageId requestedRouting requestedRoutingSkillId scoredAgentId
  screenMonitoredUserId screenRecording scriptId segmentEnd segmentType sessionDnis sipResponseCode skillExpressionId
  snippetRecording subject teamId transferTargetAddress transferTargetName transferType usedRouting userId wrapUpCode
  wrapUpNote`)

/** What a conversation filter may measure. */
export const conversationMetrics: ReadonlySet<string> = words(`
  nBlindTransferred nBotInteractions nCallbackAttempts nCallbackOverSla nCallbackScheduled nCobrowseSessions nConnected
  nConsult nConsultTransferred nConversations nError nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed nOffered nOutbound
  nOutboundAbandoned nOutboundAttempted nOutboundConnected nOverSla nStateTransitionError nTakeover nTransferred
  oAudioMessageCount oExternalAudioMessageCount oExternalMediaCount oFlowMilestone oMediaCount oMessageCount
  oMessageSegmentCount oMessageTurn oSkillExpressionApplications tAbandon tAcd tActiveCallback tActiveCallbackComplete tAcw
  tAgentResponseTime tAgentVideoConnected tAlert tAnswered tAverageAgentResponseTime tAverageCustomerResponseTime tBarging
  tCoaching tCoachingComplete tConnected tContacting tConversationDuration tDialing tFirstConnect tFirstDial
  tFirstEngagement tFirstResponse tFlow tFlowDisconnect tFlowExit tFlowOut tFlowOutcome tHandle tHeld tHeldComplete tIvr
  tMonitoring tMonitoringComplete tNotResponding tPark tParkComplete tScreenMonitoring tShortAbandon tSnippetRecord tTalk
  tTalkComplete tTransmitting tUserResponseTime tVoicemail`)

/** What a segment filter may measure. */
export const segmentMetrics: ReadonlySet<string> = words('tSegmentDuration')

/** `AsyncConversationQuery.order`. */
export const orders: ReadonlySet<string> = words('asc desc unordered')

/** `AsyncConversationQuery.orderBy`. */
export const orderKeys: ReadonlySet<string> = words('conversationStart conversationEnd segmentStart segmentEnd')

/** `SegmentDetailQueryPredicate.propertyType`. */
export const propertyTypes: ReadonlySet<string> = words('bool integer real date string uuid')

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

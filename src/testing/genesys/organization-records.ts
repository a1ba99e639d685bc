/** An authorization division. */
export interface SimulatedDivision {
  readonly id: string
  readonly name: string
  /** What is assigned to no other division belongs to this one. @defaultValue false */
  readonly homeDivision?: boolean | undefined
}

/** The division of an organisation that was given none. */
export const defaultHomeDivision: SimulatedDivision = {
  id: '6f0d3c52-9b1e-4a77-8d25-0c4e7a9b1f10',
  name: 'Home',
  homeDivision: true,
}

/** A GDPR request, as the SDK's `GDPRRequest` model has it. */
export interface SimulatedGdprRequest {
  readonly id: string
  readonly requestType: 'GDPR_EXPORT' | 'GDPR_UPDATE' | 'GDPR_DELETE'
  readonly status: 'INITIATED' | 'SEARCHING' | 'UPDATING' | 'DELETING' | 'COMPLETED' | 'ERROR' | 'FINALIZING'
  /** ISO 8601. */
  readonly createdDate: string
  readonly subject: Readonly<Record<string, unknown>>
}

/** A recording that is attached to no conversation, as the SDK's `OrphanRecording` model has it. */
export interface SimulatedOrphanRecording {
  readonly id: string
  /** ISO 8601. */
  readonly createdTime: string
  readonly mediaType: 'CALL' | 'CHAT' | 'EMAIL' | 'SCREEN'
  readonly orphanStatus?:
    | 'NO_CONVERSATION'
    | 'UNKNOWN_CONVERSATION'
    | 'CONVERSATION_NOT_COMPLETE'
    | 'CONVERSATION_NOT_EVALUATED'
    | 'EVALUATED'
    | undefined
  readonly fileState?: 'ARCHIVED' | 'AVAILABLE' | 'DELETED' | 'RESTORED' | 'RESTORING' | 'UPLOADING' | undefined
  readonly region?: string | undefined
}

/** How recordings are encrypted, as the SDK's `RecordingEncryptionConfiguration` model has it. */
export interface SimulatedKeyConfiguration {
  readonly id: string
  readonly url: string
  readonly keyConfigurationType: 'KmsSymmetric' | 'LocalKeyManager' | 'Native' | 'None'
  /** An ErrorBody. */
  readonly lastError?: { readonly message: string; readonly code: string; readonly status: number } | undefined
}

/** The SDK's `RecordingSettings` model, as far as storage is concerned. */
export interface SimulatedRecordingSettings {
  readonly regionalRecordingStorageEnabled?: boolean | undefined
}

/** An audited action, as the SDK's `AuditLogMessage` model has it. */
export interface SimulatedAuditMessage {
  readonly id: string
  readonly serviceName: string
  readonly entityType: string
  readonly action: string
  /** ISO 8601. */
  readonly eventDate: string
  readonly entity?: { readonly id: string; readonly name?: string | undefined } | undefined
  readonly user?: { readonly id: string; readonly name?: string | undefined } | undefined
  readonly client?: { readonly id: string } | undefined
  readonly status?: 'SUCCESS' | 'FAILURE' | 'WARNING' | undefined
  readonly level?: 'USER' | 'SYSTEM' | 'GENESYS_INTERNAL' | undefined
  readonly context?: Readonly<Record<string, string>> | undefined
  readonly initiatingAction?: { readonly transactionId: string; readonly actionContext?: string } | undefined
}

/** A queue of conversations. */
export interface SimulatedQueue {
  readonly id: string
  readonly name: string
  /** @defaultValue the home division */
  readonly divisionId?: string | undefined
}

/** The queue in which conversations are by default. */
export const defaultQueue: SimulatedQueue = { id: 'e2a6f0b7-1d0c-4f0b-8f4b-6f1c2d9e7a21', name: 'Support' }

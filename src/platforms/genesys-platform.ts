import type { Finding } from '../model/findings.js'
import { isGenesysId } from '../model/layout/keys.js'
import type {
  AuditEntry,
  AuditSpan,
  ExpectedRecording,
  ExportJob,
  MissingExplanation,
  Organization,
  PlatformCoverage,
  ProtectionResult,
  SourceContext,
  SourceInspection,
  UnprotectionResult,
} from '../model/platform.js'
import type { ExportRequest, Interval } from '../model/request.js'
import type { AuditTrailOptions, ExpectedRecordingsOptions, ExplainMissingOptions } from '../ports/platform.js'
import type { CallOptions } from '../ports/runtime.js'
import type { GenesysClient } from './client/client.js'
import { expectedRecordings } from './expected/expected-recordings.js'
import { explainMissing } from './expected/missing-recordings.js'
import {
  deletionProtectionCap,
  protectConversations,
  protectedAmong,
  unprotectConversations,
} from './organization/deletion-protection.js'
import { readCoverage, readOrganization } from './organization/organization.js'
import { isQueryable } from './request/scope.js'
import { auditTrail } from './source/audit-trail.js'
import { inspectSource, inspectSourceAgain } from './source/source.js'

/** Settings of both export surfaces. */
interface GenesysPlatformSettings {
  readonly protectSource?: boolean | undefined
  readonly audit?: boolean | undefined
  readonly maxMetadataCalls: number
}

/** What both export surfaces share: the organisation, its index, and what lies in it. */
export abstract class GenesysPlatform {
  abstract readonly name: 'recording-jobs' | 'bulk-exports'
  /** The platform's access to Genesys Cloud; give it to a retention policy, so that it needs no login of its own. */
  readonly client: GenesysClient
  /** Whether deletion protection is switched on before the export. */
  readonly protectSource: boolean
  /** Conversations that an organisation may protect at once. */
  readonly protectionCap = deletionProtectionCap
  /** Whether the audit trail is read, unless the exporter's own option says otherwise. */
  readonly audit: boolean
  readonly #maxMetadataCalls: number

  /** @internal */
  constructor(client: GenesysClient, settings: GenesysPlatformSettings) {
    this.client = client
    this.protectSource = settings.protectSource ?? false
    this.audit = settings.audit ?? false
    this.#maxMetadataCalls = settings.maxMetadataCalls
  }

  /** AWS name of the region the organisation lives in. */
  get region(): string | undefined {
    return this.client.region?.region
  }

  /** Id of the OAuth client, if the platform was given client credentials. */
  get clientId(): string | undefined {
    return this.client.clientId
  }

  /** Forgets the token; the next request logs in again. */
  close(): void {
    this.client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** The organisation that the credentials belong to. */
  organization(options?: CallOptions): Promise<Organization> {
    return readOrganization(this.client, options)
  }

  /**
   * Inspects the client's divisions and permissions, retention, erasure, orphan recordings and keys. Data that it
   * may not read becomes a finding.
   */
  inspectSource(request: ExportRequest, context: SourceContext, options?: CallOptions): Promise<SourceInspection> {
    const { name: platform, protectSource } = this
    return inspectSource(this.client, request, { ...context, platform, protectSource }, options)
  }

  /** Whether an erasure has begun since. */
  inspectSourceAgain(_request: ExportRequest, options?: CallOptions): Promise<readonly Finding[]> {
    return inspectSourceAgain(this.client, options)
  }

  /** How far the index reaches. */
  coverage(interval: Interval, options?: CallOptions): Promise<PlatformCoverage> {
    return readCoverage(this.client, interval, options)
  }

  /** Analytics knows no conversation that is older than 5 years. */
  listsRecordings(request: ExportRequest): boolean {
    return isQueryable(request, this.client.clock.now())
  }

  /** Genesys Cloud names recordings by UUIDs in lower case. */
  isRecordingId(name: string): boolean {
    return isGenesysId(name)
  }

  /** Every recording that the request covers, by the index that the jobs query. */
  expectedRecordings(
    _job: ExportJob,
    request: ExportRequest,
    options?: ExpectedRecordingsOptions,
  ): AsyncIterable<ExpectedRecording> {
    return expectedRecordings(this.client, request, options, {
      maxMetadataCalls: this.#maxMetadataCalls,
      screens: this.deliversScreens(request),
    })
  }

  /** Why recordings did not land, by the metadata of their conversations. */
  explainMissing(
    missing: Iterable<{ readonly recordingId: string; readonly conversationId: string }>,
    request: ExportRequest,
    options?: ExplainMissingOptions,
  ): AsyncIterable<MissingExplanation> {
    return explainMissing(this.client, missing, request, { ...options, maxMetadataCalls: this.#maxMetadataCalls })
  }

  /** Who deleted, exported, protected and unprotected recordings. */
  auditTrail(span: AuditSpan, options?: AuditTrailOptions): AsyncIterable<AuditEntry> {
    return auditTrail(this.client, span, options)
  }

  /** Genesys' own legal hold at the source. */
  protect(conversationIds: readonly string[], options?: CallOptions): Promise<ProtectionResult> {
    return protectConversations(this.client, conversationIds, options)
  }

  /** Which of these conversations are protected. */
  protectedAmong(conversationIds: readonly string[], options?: CallOptions): Promise<readonly string[]> {
    return protectedAmong(this.client, conversationIds, options)
  }

  /** Lifts the protection, and asks afterwards whether it is lifted. */
  unprotect(conversationIds: readonly string[], options?: CallOptions): Promise<UnprotectionResult> {
    return unprotectConversations(this.client, conversationIds, options)
  }

  /** Whether a job of the surface delivers screen recordings for the request. */
  protected abstract deliversScreens(request: ExportRequest): boolean
}

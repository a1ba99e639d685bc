import type { LegalHoldError } from '../../model/errors.js'
import type { Finding } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { BucketInspection, ProfileInspection } from '../../model/inspection.js'
import type { AclGrant, ObjectChecksum, ObjectRef, ObjectState, Retention } from '../../model/object.js'
import type { ClientScope, Division, ExportJob, PlatformCoverage, ProtectionFailure } from '../../model/platform.js'
import type { ExportRequest, Interval, MediaType } from '../../model/request.js'
import type { HoldRequirements, ShownState } from '../../model/requirements.js'
import type {
  Difference,
  ObjectKind,
  ObjectOutcome,
  ObjectPlace,
  RemediationOutcome,
  RemediationStep,
  RepairEstimate,
  VerdictKind,
} from '../../model/verdict.js'
import type { VersionBeneath } from '../../ports/storage.js'
import type { RecordedResult } from '../record-data.js'
import {
  anything,
  either,
  exactly,
  type Form,
  type Forms,
  flag,
  list,
  number,
  object,
  openWord,
  optional,
  table,
  text,
  word,
} from './form.js'

export const texts = table(text)
export const numbers = table(number)

export const interval = object<Interval>({ start: text, end: text })

export const request = object<ExportRequest>({
  profileId: optional(text),
  integrationId: optional(text),
  interval,
  mediaTypes: optional(either(exactly('digital'), list(openWord<MediaType>()))),
  messageTypes: optional(list(text)),
  conversationIds: optional(list(text)),
  divisionIds: optional(list(text)),
  format: optional(text),
  includeSensitive: optional(flag),
})

const division = object<Division>({ id: text, name: optional(text) })

export const clientScope = object<ClientScope>({
  reach: word<ClientScope['reach']>({ whole: true, requested: true, narrow: true, unknown: true }),
  seen: list(division),
  hidden: list(division),
  reason: optional(text),
})

export const hold = object<LegalHold>({
  tag: text,
  matter: optional(text),
  reason: optional(text),
  requestedBy: optional(text),
})

const retentionMode = word<Retention['mode']>({ GOVERNANCE: true, COMPLIANCE: true })
const retention = object<Retention>({ mode: retentionMode, retainUntilDate: text })

export const requirements = object<HoldRequirements>({
  metadata: optional(texts),
  tags: optional(texts),
  legalHold: optional(flag),
  retainUntilDate: optional(text),
  retentionMode: optional(retentionMode),
})

export const findingMembers: Forms<Finding> = {
  code: openWord<Finding['code']>(),
  severity: word<Finding['severity']>({ blocker: true, warning: true, info: true }),
  message: text,
  subject: text,
  remedy: text,
}
export const finding = object(findingMembers)

export const coverage = object<PlatformCoverage>({ availableUntil: optional(text) })

export const profile = object<ProfileInspection>({
  id: text,
  name: optional(text),
  kind: openWord<ProfileInspection['kind']>(),
  bucket: optional(text),
  role: optional(text),
  includesHoldMetadata: optional(flag),
  retentionPolicy: optional(text),
  findings: list(finding),
})

type DefaultRetention = NonNullable<BucketInspection['defaultRetention']>
const days = (value: unknown): value is number => typeof value === 'number' || value === undefined || value === null

export const bucket = object<BucketInspection>({
  bucket: text,
  region: optional(text),
  versioning: openWord<BucketInspection['versioning']>(),
  objectLock: openWord<BucketInspection['objectLock']>(),
  defaultRetention: optional(object<DefaultRetention>({ mode: retentionMode, days, years: days })),
  defaultEncryption: optional(text),
  objectOwnership: optional(text),
  findings: list(finding),
})

export const jobMembers: Forms<ExportJob> = {
  id: text,
  state: openWord<ExportJob['state']>(),
  platformState: text,
  percentProgress: optional(number),
  totals: object<ExportJob['totals']>({
    conversations: optional(number),
    recordings: optional(number),
    processed: optional(number),
    failed: optional(number),
    skipped: optional(number),
  }),
  errorMessage: optional(text),
  createdAt: optional(text),
  request: optional(request),
  correlationId: optional(text),
}

export const protectionFailure = object<ProtectionFailure>({
  conversationId: text,
  code: optional(text),
  reason: optional(text),
})

export const objectRef = object<ObjectRef>({ bucket: text, key: text, versionId: optional(text) })

export const place = object<ObjectPlace>({
  kind: word<ObjectKind>({ recording: true, sidecar: true, transcript: true, attachment: true, unexpected: true }),
  conversationId: optional(text),
  recordingId: optional(text),
})

const checksum = object<ObjectChecksum>({ algorithm: text, value: text, type: optional(text) })
const unreadable = exactly('unreadable')

/** Of a state, what a requirement may ask for. */
export const shownMembers: Forms<Omit<ShownState, 'metadata'>> = {
  missingMetadata: optional(number),
  tagCount: optional(number),
  tags: optional(either(texts, unreadable)),
  legalHold: optional(word<'ON' | 'OFF' | 'unreadable'>({ ON: true, OFF: true, unreadable: true })),
  retention: optional(either(retention, word<'none' | 'unreadable'>({ none: true, unreadable: true }))),
}

const headers = object<ObjectState['headers']>({
  contentType: optional(text),
  contentEncoding: optional(text),
  contentLanguage: optional(text),
  contentDisposition: optional(text),
  cacheControl: optional(text),
  expires: optional(text),
  websiteRedirectLocation: optional(text),
})

const encryption = object<ObjectState['encryption']>({
  algorithm: optional(text),
  kmsKeyId: optional(text),
  bucketKeyEnabled: optional(flag),
  customerAlgorithm: optional(text),
})

const stateMembers: Forms<ObjectState> = {
  ...shownMembers,
  bucket: text,
  key: text,
  versionId: optional(text),
  sizeBytes: optional(number),
  etag: optional(text),
  lastModified: optional(text),
  metadata: texts,
  headers,
  storageClass: optional(text),
  archiveStatus: optional(text),
  restore: optional(text),
  encryption,
  checksum: optional(checksum),
  checksums: optional(either(list(checksum), unreadable)),
  replicationStatus: optional(text),
  acl: optional(
    either(
      list(object<AclGrant>({ grantee: text, permission: text })),
      word<'bucket-owner-enforced' | 'unreadable'>({ 'bucket-owner-enforced': true, unreadable: true }),
    ),
  ),
  partsCount: optional(number),
  requestId: optional(text),
  status: optional(number),
}
export const state = object(stateMembers)

const { bucket: _bucket, key: _key, requestId: _requestId, status: _status, ...kept } = stateMembers
/** Without what a record says elsewhere, and what it leaves out where it is empty. */
export const recordedStateMembers = {
  ...kept,
  metadata: optional(texts),
  headers: optional(headers),
  encryption: optional(encryption),
}

type Step<A extends RemediationStep['action']> = Extract<RemediationStep, { readonly action: A }>
const steps: { readonly [A in RemediationStep['action']]: Form<Step<A>> } = {
  'protect-original': object({ action: exactly('protect-original'), versionId: text }),
  'merge-tags': object({ action: exactly('merge-tags'), tags: texts }),
  'put-legal-hold': object({ action: exactly('put-legal-hold') }),
  'put-retention': object({ action: exactly('put-retention'), retention }),
  'replace-metadata': object<Step<'replace-metadata'>>({
    action: exactly('replace-metadata'),
    metadata: texts,
    legalHold: optional(exactly('OFF')),
  }),
  'hold-noncurrent': object({ action: exactly('hold-noncurrent'), versionId: text }),
  'replace-tags': object({ action: exactly('replace-tags'), tags: texts }),
  'lift-legal-hold': object<Step<'lift-legal-hold'>>({ action: exactly('lift-legal-hold'), versionId: optional(text) }),
}
const stepForms = Object.values<Form<RemediationStep>>(steps)
export const step: Form<RemediationStep> = (value): value is RemediationStep => stepForms.some((form) => form(value))
export const action = openWord<RemediationStep['action']>()

export const mutationResult = object<RecordedResult>({
  versionId: optional(text),
  etag: optional(text),
  requestId: optional(text),
  status: optional(number),
  restored: optional(list(text)),
  beneath: optional(either(object<VersionBeneath>({ versionId: text, isDeleteMarker: flag }), exactly('nothing'))),
})

export const errorCode = openWord<LegalHoldError['code']>()
export const errorOutcome = openWord<LegalHoldError['outcome']>()

export const verdictKind = word<VerdictKind>({
  held: true,
  untagged: true,
  mismatched: true,
  conflicting: true,
  unreadable: true,
  absent: true,
})

export const objectOutcome = word<ObjectOutcome>({
  held: true,
  repaired: true,
  unrepaired: true,
  conflicting: true,
  unreadable: true,
  missing: true,
})

export const remediationOutcome = word<RemediationOutcome>({
  planned: true,
  repaired: true,
  'not-needed': true,
  refused: true,
  failed: true,
})

export const estimate = object<RepairEstimate>({
  requests: numbers,
  bytesCopied: optional(number),
  extraBytesStored: optional(number),
  storageClass: text,
})

// `before` and `after` are of whatever type the property is; JSON leaves out what was not there.
export const difference = object<Difference>({ property: text, before: anything, after: anything })

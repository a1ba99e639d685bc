import type { Fields } from '../../http/fields.js'
import type { Call } from '../call.js'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import type { HeaderList } from '../http/respond.js'
import { isoSeconds, parseIsoDate } from '../http/time.js'
import { childText, onlyChildren, type XmlElement } from '../http/xml.js'
import type { ObjectVersion, StoredRetention } from '../state/object-version.js'
import type { Bucket, BucketSettings, DefaultRetention } from '../state/state.js'

const modeHeader = 'x-amz-object-lock-mode'
const dateHeader = 'x-amz-object-lock-retain-until-date'
const holdHeader = 'x-amz-object-lock-legal-hold'

/** Object Lock state of a version. */
export interface LockState {
  readonly retention?: StoredRetention | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
}

/** Whether a write names Object Lock state; it then needs the permissions for that too. */
export function namesLock(headers: Fields): { readonly retention: boolean; readonly legalHold: boolean } {
  return { retention: headers.has(modeHeader) || headers.has(dateHeader), legalHold: headers.has(holdHeader) }
}

/** Lock that the headers of a write name. */
export function lockFromHeaders(headers: Fields, settings: BucketSettings, nowMs: number): LockState {
  const retention = retentionFromHeaders(headers, nowMs)
  const legalHold = headers.get(holdHeader)
  if (legalHold !== null && legalHold !== 'ON' && legalHold !== 'OFF') {
    throw invalidArgument(holdHeader, legalHold, "Legal Hold must be either of 'ON' or 'OFF'")
  }
  if ((retention !== undefined || legalHold !== null) && !settings.objectLock) throw missingConfiguration()
  return { retention, legalHold: legalHold ?? undefined }
}

/** A version that is written without a retention gets the default of its bucket. */
export function withDefaultRetention<T extends LockState>(properties: T, settings: BucketSettings, nowMs: number): T {
  const retention = properties.retention ?? defaultRetention(settings.defaultRetention, nowMs)
  return retention === undefined ? properties : { ...properties, retention }
}

function retentionFromHeaders(headers: Fields, nowMs: number): StoredRetention | undefined {
  const mode = headers.get(modeHeader)
  const date = headers.get(dateHeader)
  if (mode === null && date === null) return undefined
  if (mode === null || date === null) {
    throw invalidArgument(
      mode === null ? modeHeader : dateHeader,
      undefined,
      `${dateHeader} and ${modeHeader} must both be supplied`,
    )
  }
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw invalidArgument(modeHeader, mode, 'Unknown wormMode directive.')
  const untilMs = parseIsoDate(date)
  if (untilMs === undefined) {
    throw invalidArgument(dateHeader, date, 'The retain until date must be provided in ISO 8601 format')
  }
  return { mode, untilMs: futureDate(untilMs, dateHeader, date, nowMs) }
}

function futureDate(untilMs: number, name: string, text: string, nowMs: number): number {
  if (untilMs <= nowMs) throw invalidArgument(name, text, 'The retain until date must be in the future!')
  return untilMs
}

function defaultRetention(rule: DefaultRetention | undefined, nowMs: number): StoredRetention | undefined {
  if (rule === undefined) return undefined
  const until = new Date(nowMs)
  if (rule.days !== undefined) until.setUTCDate(until.getUTCDate() + rule.days)
  else until.setUTCFullYear(until.getUTCFullYear() + (rule.years ?? 0))
  return { mode: rule.mode, untilMs: until.getTime() }
}

function missingConfiguration(): S3Error {
  return invalidRequest('Bucket is missing Object Lock Configuration')
}

/** `InvalidRequest` if the bucket has no Object Lock. */
export function requireObjectLock(bucket: Bucket): void {
  if (!bucket.settings.objectLock) throw missingConfiguration()
}

/** An upload that will be locked must prove its content (API reference, PutObject, Content-MD5). */
export function requireDigest(lock: LockState, hasDigest: boolean, what: 'Object' | 'Part'): void {
  if ((lock.retention !== undefined || lock.legalHold !== undefined) && !hasDigest) {
    throw invalidRequest(
      `Content-MD5 OR x-amz-checksum- HTTP header is required for Put ${what} requests with Object Lock parameters`,
    )
  }
}

/** Reads a `Retention` document; an empty one removes the retention. */
export function retentionFromXml(document: XmlElement, nowMs: number): StoredRetention | undefined {
  onlyChildren(document, ['Mode', 'RetainUntilDate'])
  const mode = childText(document, 'Mode')
  const date = childText(document, 'RetainUntilDate')
  if (mode === undefined && date === undefined) return undefined
  const untilMs = parseIsoDate(date ?? '')
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || untilMs === undefined) throw new S3Error('MalformedXML')
  return { mode, untilMs: futureDate(untilMs, 'RetainUntilDate', date ?? '', nowMs) }
}

/** Whether the caller asks to bypass GOVERNANCE retention and may. */
export function bypassesGovernance(call: Call): boolean {
  if (call.header('x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false
  call.allow('s3:BypassGovernanceRetention')
  return true
}

function lockedOut(): S3Error {
  return new S3Error('AccessDenied', { message: 'Access Denied because object protected by object lock.' })
}

/** Refuses to shorten or weaken a retention that is in force (user guide, "Retention modes"). */
export function checkRetentionChange(
  before: StoredRetention | undefined,
  after: StoredRetention | undefined,
  options: { readonly nowMs: number; readonly bypass: boolean },
): void {
  if (before === undefined || before.untilMs <= options.nowMs) return
  const keepsMode = after?.mode === before.mode || (before.mode === 'GOVERNANCE' && after?.mode === 'COMPLIANCE')
  if (after !== undefined && keepsMode && after.untilMs >= before.untilMs) {
    // The mode itself of a GOVERNANCE retention changes only by bypass, even towards the stricter one.
    if (after.mode === before.mode || options.bypass) return
  }
  if (before.mode === 'COMPLIANCE' || !options.bypass) throw lockedOut()
}

/** Refuses to delete a version that is held or retained. */
export function checkDeletable(version: ObjectVersion, nowMs: number, bypass: () => boolean): void {
  if (version.legalHold === 'ON') throw lockedOut()
  const { retention } = version
  if (retention === undefined || retention.untilMs <= nowMs) return
  if (retention.mode === 'COMPLIANCE' || !bypass()) throw lockedOut()
}

/**
 * The lock headers of a GET or HEAD. Each is present only for a caller who may read it, and is simply absent for
 * others (s3-facts, Object Lock).
 */
export function lockHeaders(call: Call, version: ObjectVersion): HeaderList {
  const { retention, legalHold } = version
  const list: [string, string][] = []
  if (retention !== undefined && call.can('s3:GetObjectRetention', { version })) {
    list.push([modeHeader, retention.mode], [dateHeader, new Date(retention.untilMs).toISOString()])
  }
  if (legalHold !== undefined && call.can('s3:GetObjectLegalHold', { version })) list.push([holdHeader, legalHold])
  return list
}

/** The date of a retention as documents carry it. */
export function retainUntil(retention: StoredRetention): string {
  return retention.untilMs % 1000 === 0 ? isoSeconds(retention.untilMs) : new Date(retention.untilMs).toISOString()
}

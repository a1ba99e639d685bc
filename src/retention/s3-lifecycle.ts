import type * as S3 from '@aws-sdk/client-s3'
import { counted } from '../internal/text/counted.js'
import { LegalHoldError } from '../model/errors.js'
import type { Finding, Severity } from '../model/findings.js'
import type { RetentionContext, RetentionPolicyAdapter } from '../ports/retention.js'
import type { CallOptions } from '../ports/runtime.js'
import { invalidAnswer } from '../storage/s3/answer/checks.js'
import { checkClientSettings } from '../storage/s3/client/option-checks.js'
import type { S3ClientSettings } from '../storage/s3/client/settings.js'
import { s3CodeOf } from '../storage/s3/protocol/errors.js'
import { isUnsupported } from '../storage/s3/read/bucket.js'
import { S3Requests } from '../storage/s3/send/requests.js'

/** Options of {@link S3LifecyclePolicy}: how S3 is reached, as for `S3StorageAdapter`. */
export interface S3LifecyclePolicyOptions extends S3ClientSettings {
  /** @defaultValue the bucket of the run */
  readonly bucket?: string | undefined
}

const stage = 'inspect'
const operation = 'GetBucketLifecycleConfiguration'

/**
 * Reports lifecycle rules of the bucket that would delete recordings: of current versions
 * (`lifecycle-expires-objects`) or of noncurrent ones (`lifecycle-expires-noncurrent`: a metadata repair makes the
 * delivered original noncurrent). Rules that move them to an archive are `lifecycle-archives-objects`.
 *
 * A rule that is limited by a tag or a size blocks as well, because the recordings that match it are not known
 * before they land.
 */
export class S3LifecyclePolicy implements RetentionPolicyAdapter {
  readonly name = 's3-lifecycle'
  readonly #options: S3LifecyclePolicyOptions
  readonly #requests = new Map<string, S3Requests>()

  /** Throws `INVALID_OPTIONS` or `INSECURE_ENDPOINT`. */
  constructor(options: S3LifecyclePolicyOptions = {}) {
    checkClientSettings(options, 'S3LifecyclePolicy')
    this.#options = options
  }

  /** Throws faults that may pass. A refused read is the finding `permission-missing`. */
  async evaluate(context: RetentionContext, options: CallOptions = {}): Promise<readonly Finding[]> {
    const bucket = this.#options.bucket ?? context.bucket
    // Said already, and of this bucket nothing can be read.
    const isUnreachable = context.bucketInspection.findings.some(({ code }) => code === 'bucket-unreachable')
    if (isUnreachable && bucket === context.bucketInspection.bucket) return []
    const requests = this.#requestsTo(bucket)
    let rules: readonly S3.LifecycleRule[]
    try {
      const { output } = await requests.send(operation, {}, { stage, signal: options.signal })
      // No rules at all is 404; a 200 without any is not an answer of S3.
      if (output.Rules === undefined) throw invalidAnswer({ operation, stage, bucket, mutation: false }, 'no rules')
      rules = output.Rules
    } catch (error) {
      if (s3CodeOf(error) === 'NoSuchLifecycleConfiguration' || isUnsupported(error)) return []
      if (!LegalHoldError.isInstance(error)) throw error
      if (error.code === 'STORAGE_FORBIDDEN') return [unreadable(bucket)]
      if (error.code === 'STORAGE_REJECTED') return [notUnderstood(bucket, error)]
      if (unreachable.has(error.code)) return [outOfReach(bucket, error)]
      throw error
    }
    return rules.flatMap((rule, index) => findingsOf(rule, index, bucket, context))
  }

  /** Closes the connections of clients that were built here. */
  close(): void {
    for (const requests of this.#requests.values()) requests.close()
    this.#requests.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #requestsTo(bucket: string): S3Requests {
    const known = this.#requests.get(bucket)
    if (known !== undefined) return known
    const requests = new S3Requests(bucket, this.#options)
    this.#requests.set(bucket, requests)
    return requests
  }
}

const unreachable: ReadonlySet<string> = new Set(['BUCKET_NOT_FOUND', 'BUCKET_WRONG_REGION', 'STORAGE_UNAUTHORIZED'])

function outOfReach(bucket: string, error: LegalHoldError): Finding {
  return {
    code: 'bucket-unreachable',
    severity: 'blocker',
    message: `The lifecycle rules of the bucket "${bucket}" could not be read: ${error.code}: ${error.message}`,
    subject: bucket,
    remedy: 'Correct the bucket, its region or the credentials that the policy was given.',
  }
}

function unreadable(bucket: string): Finding {
  return {
    code: 'permission-missing',
    severity: 'warning',
    message: `The lifecycle rules of the bucket "${bucket}" could not be read, so nobody knows whether they delete recordings.`,
    subject: 's3:GetLifecycleConfiguration',
    remedy: `Allow s3:GetLifecycleConfiguration on arn:aws:s3:::${bucket}, or have its owner confirm that no rule expires objects.`,
  }
}

function notUnderstood(bucket: string, error: LegalHoldError): Finding {
  return {
    code: 'configuration-unreadable',
    severity: 'warning',
    message: `The lifecycle rules of the bucket "${bucket}" could not be read, so nobody knows whether they delete recordings: ${error.message}`,
    subject: bucket,
    remedy: 'Have the owner of the bucket confirm that no rule expires objects.',
  }
}

function findingsOf(
  rule: S3.LifecycleRule,
  index: number,
  bucket: string,
  { prefix, requirements }: RetentionContext,
): readonly Finding[] {
  // A rule that does not say that it is off may be on.
  if (rule.Status === 'Disabled') return []
  const scope = scopeOf(rule)
  if (!scope.possible || !overlaps(scope.prefix, prefix)) return []
  const name = `lifecycle rule "${rule.ID ?? `number ${index + 1}`}"`
  const subject = `${name} of s3://${bucket}`
  const about = `${scope.prefix === '' ? 'all keys' : `keys under "${scope.prefix}"`}${scope.limits}`
  const finding = (code: Finding['code'], severity: Severity, message: string, remedy: string): Finding => ({
    code,
    severity,
    message,
    subject,
    remedy,
  })
  const exempt = `Disable the ${name}, or take "${prefix}" out of its filter, for as long as the hold lasts.`
  // Only metadata needs a copy, and only a copy needs the content.
  const copies = Object.keys(requirements.metadata ?? {}).length > 0
  const findings: Finding[] = []
  const when = expiry(rule.Expiration)
  if (when !== undefined) {
    findings.push(
      finding(
        'lifecycle-expires-objects',
        'blocker',
        `The ${name} expires objects ${when} (${about}): without versioning they are deleted, with it a delete marker hides them.`,
        exempt,
      ),
    )
  }
  const noncurrent = rule.NoncurrentVersionExpiration
  if (noncurrent !== undefined) {
    const kept = noncurrent.NewerNoncurrentVersions
    findings.push(
      finding(
        'lifecycle-expires-noncurrent',
        'blocker',
        `The ${name} deletes noncurrent versions ${days(noncurrent.NoncurrentDays)} after they were replaced${kept === undefined ? '' : `, all but the newest ${kept}`} (${about}). A metadata repair makes the delivered original noncurrent; only an Object Lock hold on it would keep it.`,
        exempt,
      ),
    )
  }
  const archive = archiving(rule)
  if (archive !== undefined) {
    findings.push(
      finding(
        'lifecycle-archives-objects',
        copies ? 'warning' : 'info',
        `The ${name} deletes nothing but moves objects ${archive} (${about}). ${copies ? 'The metadata of an archived object cannot be repaired before it is restored.' : 'Tags and locks of archived objects can still be changed; their metadata could not.'}`,
        copies ? 'Repair before that, or plan the restore.' : 'Nothing, unless metadata will be required later.',
      ),
    )
  }
  return findings
}

interface Scope {
  readonly prefix: string
  /** Limits beside the prefix, in words. */
  readonly limits: string
  /** False if the sizes exclude each other. */
  readonly possible: boolean
}

function scopeOf(rule: S3.LifecycleRule): Scope {
  const filter = rule.Filter
  const and = filter?.And
  const tags = [...(and?.Tags ?? []), ...(filter?.Tag === undefined ? [] : [filter.Tag])]
  const above = filter?.ObjectSizeGreaterThan ?? and?.ObjectSizeGreaterThan
  const below = filter?.ObjectSizeLessThan ?? and?.ObjectSizeLessThan
  const limits = [
    ...tags.map((tag) => `tagged ${tag.Key ?? ''}=${tag.Value ?? ''}`),
    ...(above === undefined ? [] : [`larger than ${above} bytes`]),
    ...(below === undefined ? [] : [`smaller than ${below} bytes`]),
  ]
  return {
    // `Prefix` beside the filter is the older form of the same.
    prefix: filter?.Prefix ?? and?.Prefix ?? legacyPrefix(rule) ?? '',
    limits: limits.length === 0 ? '' : `, if ${limits.join(' and ')}`,
    possible: above === undefined || below === undefined || above + 1 < below,
  }
}

function legacyPrefix(rule: S3.LifecycleRule): string | undefined {
  const { Prefix } = rule as { readonly Prefix?: string }
  return Prefix
}

/** One lies within the other. */
function overlaps(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}

/** When a rule expires current versions; `undefined` if it only tidies delete markers. */
function expiry(expiration: S3.LifecycleExpiration | undefined): string | undefined {
  if (expiration === undefined) return undefined
  if (expiration.Days !== undefined) return `${days(expiration.Days)} after their creation`
  if (expiration.Date !== undefined) return `on ${expiration.Date.toISOString().slice(0, 10)} and on every day after it`
  return expiration.ExpiredObjectDeleteMarker === undefined ? 'at a time that it does not name' : undefined
}

function days(count: number | undefined): string {
  if (count === undefined) return 'an unknown number of days'
  return counted(count, 'day')
}

/** Classes that are read and copied like any other. One that is not among them is, or may be, an archive. */
const atOnce: ReadonlySet<string> = new Set([
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'EXPRESS_ONEZONE',
  'REDUCED_REDUNDANCY',
])

function archiving(rule: S3.LifecycleRule): string | undefined {
  for (const transition of rule.Transitions ?? []) {
    const { StorageClass: name = 'a class that it does not name' } = transition
    if (atOnce.has(name)) continue
    const when =
      transition.Date === undefined
        ? `after ${days(transition.Days)}`
        : `on ${transition.Date.toISOString().slice(0, 10)}`
    return `to ${name} ${when}`
  }
  for (const transition of rule.NoncurrentVersionTransitions ?? []) {
    const { StorageClass: name = 'a class that it does not name' } = transition
    if (atOnce.has(name)) continue
    return `to ${name} ${days(transition.NoncurrentDays)} after they became noncurrent`
  }
  return undefined
}

import { matchesWildcard } from '../../../internal/text/wildcard.js'
import { accountId, accountOf, type Identity, rootArn } from '../auth/identity.js'
import { S3Error } from '../http/errors.js'
import type { S3Request } from '../http/request.js'
import type { ObjectVersion } from '../state/object-version.js'
import type { BucketSettings } from '../state/state.js'
import { evaluatePolicy, isPublicPolicy, type Policy, parsePolicy } from './policy.js'
import type { ConditionKeys } from './policy-conditions.js'

/** What a caller wants to do. */
export interface AccessQuestion {
  readonly identity: Identity
  readonly action: string
  readonly settings: BucketSettings
  readonly key?: string | undefined
  /** Asked for where there is a policy whose conditions may want them. */
  readonly keys: () => ConditionKeys
  readonly version?: ObjectVersion | undefined
}

// Reading a policy for each request would be slow; the text is its own key.
const parsed = new Map<string, Policy>()

function policyOf(settings: BucketSettings): Policy | undefined {
  if (settings.policy === undefined) return undefined
  const id = `${settings.name} ${settings.policy}`
  const known = parsed.get(id)
  if (known !== undefined) return known
  const policy = parsePolicy(settings.policy, settings.name)
  if (parsed.size >= 100) parsed.clear()
  parsed.set(id, policy)
  return policy
}

const noObjection = { allowed: true, reason: '' } as const

/** Whether a caller may do something, and if not, why. */
export function isAllowed(question: AccessQuestion): { readonly allowed: boolean; readonly reason: string } {
  const { identity, action, settings, key } = question
  const resource = key === undefined ? `arn:aws:s3:::${settings.name}` : `arn:aws:s3:::${settings.name}/${key}`
  const refused = (why: string) => ({ allowed: false, reason: `${unauthorized(identity, action, resource)} ${why}` })
  if (matchesAny(identity.deny, action)) return refused('with an explicit deny in an identity-based policy')
  // Or the owner could be locked out for good: the root user may always read, put and delete the policy.
  const repairs = () => identity.arn === rootArn && /^s3:(Get|Put|Delete)BucketPolicy$/.test(action)
  const policy = policyOf(settings)
  const verdict =
    policy === undefined || repairs()
      ? undefined
      : evaluatePolicy(policy, { principal: identity.arn, action, resource, keys: question.keys() })
  if (verdict === 'deny') return refused('with an explicit deny in a resource-based policy')
  const sameAccount = accountOf(identity.arn) === accountId
  const byOwnPolicy = matchesAny(identity.allow, action)
  const byBucketPolicy = verdict === 'allow' && !isBlockedPublic(settings, policy, sameAccount)
  // Within an account either policy may allow; across accounts both have to.
  const allowed = sameAccount ? byOwnPolicy || byBucketPolicy : byBucketPolicy && (identity.anonymous || byOwnPolicy)
  if (allowed || grantsByAcl(question)) return noObjection
  if (identity.anonymous) return { allowed: false, reason: 'Access Denied' }
  return refused(`because no identity-based policy allows the ${action} action`)
}

function unauthorized({ arn }: Identity, action: string, resource: string): string {
  return `User: ${arn} is not authorized to perform: ${action} on resource: "${resource}"`
}

/** Whether the caller's own policy allows something that no bucket policy can speak of. */
export function isAllowedByOwnPolicy(
  identity: Identity,
  action: string,
  resource: string,
): { readonly allowed: boolean; readonly reason: string } {
  const allowed = matchesAny(identity.allow, action) && !matchesAny(identity.deny, action)
  const reason = identity.anonymous ? 'Access Denied' : unauthorized(identity, action, resource)
  return { allowed, reason: allowed ? '' : reason }
}

function isBlockedPublic(settings: BucketSettings, policy: Policy | undefined, sameAccount: boolean): boolean {
  if (sameAccount || settings.publicAccessBlock?.restrictPublicBuckets !== true) return false
  return policy !== undefined && isPublicPolicy(policy)
}

function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()))
}

const everyone = 'http://acs.amazonaws.com/groups/global/AllUsers'

/** Only what a public ACL gives to everyone; the owner is allowed by other means. */
function grantsByAcl({ settings, action, version, key }: AccessQuestion): boolean {
  const { ownership, publicAccessBlock } = settings
  if (ownership === 'BucketOwnerEnforced' || publicAccessBlock?.ignorePublicAcls === true) return false
  const reads = key === undefined ? /^s3:ListBucket(Versions|MultipartUploads)?$/ : /^s3:GetObject(Version)?$/
  const grants = key === undefined || action === 's3:PutObject' ? settings.acl : (version?.acl ?? [])
  const permissions = reads.test(action) ? ['READ', 'FULL_CONTROL'] : action === 's3:PutObject' ? ['WRITE'] : []
  return grants.some(({ grantee, permission }) => grantee === everyone && permissions.includes(permission))
}

/** Throws `AccessDenied`. */
export function requireAccess(question: AccessQuestion): void {
  const { allowed, reason } = isAllowed(question)
  if (!allowed) throw new S3Error('AccessDenied', { message: reason })
}

/** Condition keys that can be known before the request is carried out. */
export function conditionKeys(request: S3Request, identity: Identity): Map<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const [name, value] of request.headers) if (name.startsWith('x-amz-')) keys.set(`s3:${name}`, [value])
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = request.query.get(name)
    if (value !== undefined) keys.set(`s3:${name}`, [value])
  }
  for (const name of ['if-match', 'if-none-match', 'user-agent']) {
    const value = request.headers.get(name)
    if (value !== null) keys.set(name === 'user-agent' ? 'aws:useragent' : `s3:${name}`, [value])
  }
  const versionId = request.query.get('versionId')
  if (versionId !== undefined) keys.set('s3:versionid', [versionId])
  const lockHeaders = [
    ['s3:object-lock-legal-hold', 'x-amz-object-lock-legal-hold'],
    ['s3:object-lock-mode', 'x-amz-object-lock-mode'],
    ['s3:object-lock-retain-until-date', 'x-amz-object-lock-retain-until-date'],
  ] as const
  for (const [key, header] of lockHeaders) {
    const value = request.headers.get(header)
    if (value !== null) keys.set(key, [value])
  }
  keys.set('s3:signatureversion', ['AWS4-HMAC-SHA256'])
  keys.set('s3:authtype', [request.query.has('X-Amz-Signature') ? 'REST-QUERY-STRING' : 'REST-HEADER'])
  // The simulator listens on loopback only, which stands for the TLS connection of a real client.
  keys.set('aws:securetransport', ['true'])
  keys.set('aws:sourceip', ['127.0.0.1'])
  if (!identity.anonymous) {
    keys.set('aws:principalarn', [identity.arn])
    keys.set('aws:principalaccount', [accountOf(identity.arn)])
  }
  return keys
}

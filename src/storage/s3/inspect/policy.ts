import { matchesWildcard } from '../../../internal/text/wildcard.js'

/** One statement of a bucket policy that denies something, as far as it can be judged from outside. */
export interface Denial {
  /** The statement's own id, or its position. */
  readonly statement: string
  /** The needed actions that it denies. */
  readonly actions: readonly string[]
  /** `everyone`: nothing limits it. `perhaps`: it names principals or conditions that cannot be judged from here. */
  readonly certainty: 'everyone' | 'perhaps'
  /** Why it is only perhaps, for a reader. */
  readonly limitedBy?: string | undefined
}

/** What a bucket policy says that matters to a run. */
export interface PolicyReading {
  readonly denials: readonly Denial[]
  readonly receivesCloudTrail: boolean
}

interface Statement {
  readonly Sid?: unknown
  readonly Effect?: unknown
  readonly Principal?: unknown
  readonly NotPrincipal?: unknown
  readonly Action?: unknown
  readonly NotAction?: unknown
  readonly Resource?: unknown
  readonly NotResource?: unknown
  readonly Condition?: unknown
}

/** What of a bucket policy is evaluated. */
export interface PolicyQuestion {
  readonly bucket: string
  readonly prefix: string
  readonly bucketActions: readonly string[]
  readonly objectActions: readonly string[]
  /** Whether the requests go over TLS, which the usual `aws:SecureTransport` statement asks for. */
  readonly tls: boolean
}

/**
 * Evaluates the Deny statements of a bucket policy for the needed actions. An explicit Deny beats every Allow, so it
 * blocks whoever it applies to. Returns `undefined` if the text is not a policy.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function readPolicy(text: string, question: PolicyQuestion): PolicyReading | undefined {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof document !== 'object' || document === null) return undefined
  const statements = list((document as { Statement?: unknown }).Statement).filter(isStatement)
  return {
    denials: statements.flatMap((statement, index) => denialOf(statement, index, question)),
    receivesCloudTrail: statements.some(deliversCloudTrail),
  }
}

function denialOf(statement: Statement, index: number, question: PolicyQuestion): readonly Denial[] {
  if (statement.Effect !== 'Deny') return []
  const bucketArn = `:s3:::${question.bucket}`
  const keys = `${bucketArn}/${question.prefix}`
  const touchesBucket = touches(
    statement,
    (arn) => matchesArn(arn, bucketArn),
    (arn) => matchesArn(arn, bucketArn),
  )
  const touchesObjects = touches(
    statement,
    (arn) => touchesPrefix(arn, keys),
    (arn) => coversPrefix(arn, keys),
  )
  const actions = [
    ...(touchesBucket ? question.bucketActions : []),
    ...(touchesObjects ? question.objectActions : []),
  ].filter((action) => coversAction(statement, action))
  if (actions.length === 0 || neverApplies(statement, question)) return []
  const limits = [principalLimit(statement), conditionLimit(statement)].filter((limit) => limit !== undefined)
  return [
    {
      statement: typeof statement.Sid === 'string' && statement.Sid !== '' ? statement.Sid : `number ${index + 1}`,
      actions,
      certainty: limits.length === 0 ? 'everyone' : 'perhaps',
      limitedBy: limits.length === 0 ? undefined : limits.join(' and '),
    },
  ]
}

function coversAction(statement: Statement, action: string): boolean {
  if (statement.NotAction !== undefined)
    return !strings(statement.NotAction).some((pattern) => matches(pattern, action, true))
  return strings(statement.Action).some((pattern) => matches(pattern, action, true))
}

/** A `Resource` denies what it touches; a `NotResource` denies all that it does not cover as a whole. */
function touches(statement: Statement, some: (arn: string) => boolean, whole: (arn: string) => boolean): boolean {
  if (statement.NotResource !== undefined) return !strings(statement.NotResource).some(whole)
  return strings(statement.Resource).some(some)
}

function matchesArn(pattern: string, arnTail: string): boolean {
  return pattern === '*' || matches(tailOf(pattern), arnTail, false)
}

/** Whether a resource pattern and the keys under a prefix have any key in common. */
function touchesPrefix(pattern: string, keys: string): boolean {
  if (pattern === '*') return true
  const tail = tailOf(pattern)
  const fixed = tail.split(/[*?]/, 1)[0] ?? ''
  if (fixed.length >= keys.length) return fixed.startsWith(keys)
  return keys.startsWith(fixed) && fixed.length < tail.length
}

/** Whether a resource pattern matches every key under a prefix. */
function coversPrefix(pattern: string, keys: string): boolean {
  if (pattern === '*') return true
  const tail = tailOf(pattern)
  const fixed = tail.split(/[*?]/, 1)[0] ?? ''
  return tail === `${fixed}*` && keys.startsWith(fixed)
}

/** `arn:aws:s3:::bucket/key` without the partition, which differs in China and GovCloud. */
function tailOf(arn: string): string {
  const at = arn.indexOf(':s3:::')
  return at < 0 ? arn : arn.slice(at)
}

/** The two statements every hardened bucket has: no plain HTTP, no old TLS. */
function neverApplies(statement: Statement, { tls }: PolicyQuestion): boolean {
  const conditions = conditionsOf(statement)
  return conditions.some(({ operator, key, values }) => {
    if (/^bool/i.test(operator) && /^aws:securetransport$/i.test(key)) {
      return values.every((value) => value.toLowerCase() === 'false') ? tls : !tls
    }
    return (
      /^numericlessthan/i.test(operator) &&
      /^s3:tlsversion$/i.test(key) &&
      tls &&
      values.every((value) => Number(value) <= 1.2)
    )
  })
}

function principalLimit(statement: Statement): string | undefined {
  if (statement.NotPrincipal !== undefined) return 'it spares some principals'
  const { Principal: principal } = statement
  const named =
    typeof principal === 'object' && principal !== null ? Object.values(principal).flatMap(strings) : strings(principal)
  return named.includes('*') ? undefined : `it is for ${named.slice(0, 3).join(', ')}`
}

function conditionLimit(statement: Statement): string | undefined {
  const keys = conditionsOf(statement).map(({ operator, key }) => `${operator} ${key}`)
  return keys.length === 0 ? undefined : `it has the condition ${keys.slice(0, 3).join(', ')}`
}

function conditionsOf(statement: Statement) {
  const { Condition: condition } = statement
  if (typeof condition !== 'object' || condition === null) return []
  return Object.entries(condition).flatMap(([operator, terms]) =>
    typeof terms === 'object' && terms !== null
      ? Object.entries(terms).map(([key, values]) => ({ operator, key, values: strings(values) }))
      : [],
  )
}

function deliversCloudTrail(statement: Statement): boolean {
  const { Effect, Principal: principal } = statement
  if (Effect !== 'Allow' || typeof principal !== 'object' || principal === null) return false
  const services = strings((principal as { Service?: unknown }).Service)
  return services.includes('cloudtrail.amazonaws.com') && coversAction(statement, 's3:PutObject')
}

/** IAM wildcards. Actions ignore case, resources do not. */
function matches(pattern: string, text: string, ignoreCase: boolean): boolean {
  return ignoreCase ? matchesWildcard(pattern.toLowerCase(), text.toLowerCase()) : matchesWildcard(pattern, text)
}

function isStatement(value: unknown): value is Statement {
  return typeof value === 'object' && value !== null
}

function strings(value: unknown): string[] {
  return list(value).flatMap((item) =>
    typeof item === 'string' ? [item] : typeof item === 'boolean' || typeof item === 'number' ? [String(item)] : [],
  )
}

function list(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
}

import { matchesWildcard } from '../../../internal/text/wildcard.js'
import { S3Error } from '../http/errors.js'
import { type ConditionKeys, checkCondition, conditionHolds } from './policy-conditions.js'

interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly principals: readonly string[]
  readonly notPrincipals: boolean
  readonly actions: readonly string[]
  readonly notActions: boolean
  readonly resources: readonly string[]
  readonly notResources: boolean
  readonly conditions: unknown
}

/** A bucket policy. */
export interface Policy {
  readonly statements: readonly Statement[]
}

/** What is asked of a policy. */
export interface PolicyQuestion {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly keys: ConditionKeys
}

/** Reads the policy of a bucket; what S3 would not store is `MalformedPolicy`. */
export function parsePolicy(text: string, bucket: string): Policy {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'")
  }
  if (!isRecord(document)) throw malformed("Policies must be valid JSON and the first byte must be '{'")
  const { Version: version, Statement: statement } = document
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw malformed('The policy must contain a valid version string')
  }
  if (statement === undefined) throw malformed('Missing required field Statement')
  const statements = (Array.isArray(statement) ? statement : [statement]).map((entry) => readStatement(entry, bucket))
  if (statements.length === 0) throw malformed('Could not parse the policy: Statement is empty!')
  return { statements }
}

function readStatement(entry: unknown, bucket: string): Statement {
  if (!isRecord(entry)) throw malformed('Syntax errors in policy.')
  const effect = entry.Effect
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw malformed(effect === undefined ? 'Missing required field Effect' : `Invalid effect: ${String(effect)}`)
  }
  const actions = oneOf(entry, 'Action')
  const resources = oneOf(entry, 'Resource')
  if (actions.values.some((action) => action !== '*' && !/^s3:/i.test(action))) {
    throw malformed('Policy has invalid action')
  }
  const arn = `arn:aws:s3:::${bucket}`
  if (resources.values.some((resource) => !isUnder(resource, arn))) throw malformed('Policy has invalid resource')
  if (entry.Condition !== undefined) checkCondition(entry.Condition)
  return {
    effect,
    ...readPrincipals(entry),
    actions: actions.values,
    notActions: actions.negated,
    resources: resources.values,
    notResources: resources.negated,
    conditions: entry.Condition,
  }
}

function isUnder(resource: string, arn: string): boolean {
  if (resource === arn || resource.startsWith(`${arn}/`)) return true
  // A wildcard in the place of the bucket's name is accepted as long as it covers the bucket.
  const [head = ''] = resource.split('/', 1)
  return /[*?]/.test(head) && matchesWildcard(head, arn)
}

function readPrincipals(entry: Record<string, unknown>): { principals: string[]; notPrincipals: boolean } {
  const notPrincipals = entry.NotPrincipal !== undefined
  const given = notPrincipals ? entry.NotPrincipal : entry.Principal
  if (given === undefined) throw malformed('Missing required field Principal')
  if (given === '*') return { principals: ['*'], notPrincipals }
  if (!isRecord(given)) throw malformed('Invalid principal in policy')
  const principals = Object.entries(given).flatMap(([type, value]) => {
    if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(type)) throw malformed('Invalid principal in policy')
    return type === 'AWS' || type === 'CanonicalUser' ? strings(value) : []
  })
  if (
    principals.some((name) => name !== '*' && !/^(arn:aws[\w-]*:(iam|sts)::\d{12}:.+|\d{12}|[0-9a-f]{64})$/.test(name))
  ) {
    throw malformed('Invalid principal in policy')
  }
  return { principals, notPrincipals }
}

function oneOf(entry: Record<string, unknown>, name: string): { values: string[]; negated: boolean } {
  const negated = entry[name] === undefined && entry[`Not${name}`] !== undefined
  const value = negated ? entry[`Not${name}`] : entry[name]
  if (value === undefined) throw malformed(`Missing required field ${name}`)
  return { values: strings(value), negated }
}

function strings(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.some((entry) => typeof entry !== 'string')) throw malformed('Syntax errors in policy.')
  return list as string[]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string): S3Error {
  return new S3Error('MalformedPolicy', { message })
}

/** What a policy says to a question: a denial wins over any number of allowances. */
export function evaluatePolicy(policy: Policy, question: PolicyQuestion): 'allow' | 'deny' | undefined {
  const applying = policy.statements.filter((statement) => applies(statement, question))
  if (applying.some(({ effect }) => effect === 'Deny')) return 'deny'
  return applying.length > 0 ? 'allow' : undefined
}

function applies(statement: Statement, { principal, action, resource, keys }: PolicyQuestion): boolean {
  const named = statement.principals.some((pattern) => isPrincipal(pattern, principal))
  if (named === statement.notPrincipals) return false
  const acted = statement.actions.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()))
  if (acted === statement.notActions) return false
  const on = statement.resources.some((pattern) => matchesWildcard(pattern, resource))
  if (on === statement.notResources) return false
  return conditionHolds(statement.conditions, keys)
}

function isPrincipal(pattern: string, arn: string): boolean {
  if (pattern === '*' || pattern === arn) return true
  const account = arn.split(':')[4]
  if (account === undefined || account === '') return false
  return pattern === account || pattern === `arn:aws:iam::${account}:root`
}

/** Whether a policy lets everyone in, which `GetBucketPolicyStatus` and the public access block ask. */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' && principals.includes('*') && (conditions === undefined || !narrows(conditions)),
  )
}

// The user guide ("The meaning of public") names the keys that make a statement with a wildcard principal private.
const narrowingKeys =
  /^aws:(sourceip|sourcearn|sourcevpc|sourcevpce|sourceowner|sourceaccount|principalorgid|principalarn|userid|principalaccount)$/i

function narrows(conditions: unknown): boolean {
  return Object.values(conditions as Record<string, Record<string, unknown>>).some((block) =>
    Object.entries(block).some(
      ([key, value]) =>
        narrowingKeys.test(key) && !JSON.stringify(value).includes('*') && !JSON.stringify(value).includes('0.0.0.0/0'),
    ),
  )
}

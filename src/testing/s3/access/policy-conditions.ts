import { matchesWildcard } from '../../../internal/text/wildcard.js'
import { S3Error } from '../http/errors.js'

/** Values of the condition keys of a request, names in lower case. A key that is absent has no value. */
export type ConditionKeys = ReadonlyMap<string, readonly string[]>

type Comparison = (given: string, wanted: string) => boolean

const equal: Comparison = (given, wanted) => given === wanted
const equalIgnoringCase: Comparison = (given, wanted) => given.toLowerCase() === wanted.toLowerCase()
const like: Comparison = (given, wanted) => matchesWildcard(wanted, given)
const numeric =
  (compare: (a: number, b: number) => boolean): Comparison =>
  (given, wanted) =>
    compare(Number(given), Number(wanted))
const dated =
  (compare: (a: number, b: number) => boolean): Comparison =>
  (given, wanted) =>
    compare(dateMs(given), dateMs(wanted))
const not =
  (comparison: Comparison): Comparison =>
  (given, wanted) =>
    !comparison(given, wanted)

const operators: ReadonlyMap<string, { readonly compare: Comparison; readonly negated: boolean }> = new Map([
  ['StringEquals', { compare: equal, negated: false }],
  ['StringNotEquals', { compare: not(equal), negated: true }],
  ['StringEqualsIgnoreCase', { compare: equalIgnoringCase, negated: false }],
  ['StringNotEqualsIgnoreCase', { compare: not(equalIgnoringCase), negated: true }],
  ['StringLike', { compare: like, negated: false }],
  ['StringNotLike', { compare: not(like), negated: true }],
  ['ArnEquals', { compare: like, negated: false }],
  ['ArnLike', { compare: like, negated: false }],
  ['ArnNotEquals', { compare: not(like), negated: true }],
  ['ArnNotLike', { compare: not(like), negated: true }],
  ['Bool', { compare: equalIgnoringCase, negated: false }],
  ['NumericEquals', { compare: numeric((a, b) => a === b), negated: false }],
  ['NumericNotEquals', { compare: numeric((a, b) => a !== b), negated: true }],
  ['NumericLessThan', { compare: numeric((a, b) => a < b), negated: false }],
  ['NumericLessThanEquals', { compare: numeric((a, b) => a <= b), negated: false }],
  ['NumericGreaterThan', { compare: numeric((a, b) => a > b), negated: false }],
  ['NumericGreaterThanEquals', { compare: numeric((a, b) => a >= b), negated: false }],
  ['DateEquals', { compare: dated((a, b) => a === b), negated: false }],
  ['DateNotEquals', { compare: dated((a, b) => a !== b), negated: true }],
  ['DateLessThan', { compare: dated((a, b) => a < b), negated: false }],
  ['DateLessThanEquals', { compare: dated((a, b) => a <= b), negated: false }],
  ['DateGreaterThan', { compare: dated((a, b) => a > b), negated: false }],
  ['DateGreaterThanEquals', { compare: dated((a, b) => a >= b), negated: false }],
  ['IpAddress', { compare: inRange, negated: false }],
  ['NotIpAddress', { compare: not(inRange), negated: true }],
])

function dateMs(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text)
}

function inRange(given: string, range: string): boolean {
  const [network = '', bitsText = '32'] = range.split('/')
  const bits = Number(bitsText)
  if (bits === 0) return true
  const shift = 2 ** (32 - bits)
  return Math.floor(ipNumber(given) / shift) === Math.floor(ipNumber(network) / shift)
}

function ipNumber(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

interface Operator {
  readonly name: string
  readonly quantifier: string | undefined
  readonly ifExists: boolean
}

function readOperator(text: string): Operator {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text)
  const name = match?.[2] ?? ''
  if (name !== 'Null' && !operators.has(name)) {
    throw new S3Error('MalformedPolicy', { message: `Invalid Condition type : ${text}` })
  }
  return { name, quantifier: match?.[1], ifExists: match?.[3] !== undefined }
}

/** `MalformedPolicy` for a condition with an operator that there is not. */
export function checkCondition(condition: unknown): void {
  if (typeof condition !== 'object' || condition === null) {
    throw new S3Error('MalformedPolicy', { message: 'Syntax errors in policy.' })
  }
  for (const operator of Object.keys(condition)) readOperator(operator)
}

/** Whether every condition of a statement holds; a statement without any always applies. */
export function conditionHolds(condition: unknown, keys: ConditionKeys): boolean {
  const blocks = Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>)
  return blocks.every(([text, block]) => {
    const operator = readOperator(text)
    return Object.entries(block).every(([key, wanted]) =>
      holds(operator, valuesOf(wanted), keys.get(key.toLowerCase())),
    )
  })
}

function valuesOf(wanted: unknown): string[] {
  return (Array.isArray(wanted) ? wanted : [wanted]).map(String)
}

function holds(operator: Operator, wanted: readonly string[], given: readonly string[] | undefined): boolean {
  if (operator.name === 'Null') return wanted.some((value) => (value === 'true') === (given === undefined))
  const { compare, negated } = operators.get(operator.name) ?? { compare: equal, negated: false }
  if (given === undefined) return negated || operator.ifExists || operator.quantifier === 'ForAllValues'
  const matches = (value: string) =>
    negated ? wanted.every((want) => compare(value, want)) : wanted.some((want) => compare(value, want))
  return operator.quantifier === 'ForAllValues' ? given.every(matches) : given.some(matches)
}

import type { SimulatedExchange } from '#src/testing/genesys/exchange.js'
import { parameterWords, propertyWords } from './enumerations.js'
import type { ContractField, ContractOperation, ContractType, SdkContract } from './sdk-contract.js'

/** The surface of the brief is in no published SDK (genesys-facts, two platform surfaces); OAuth has no model. */
const unpublished = /^\/(?:api\/v2\/recordings\/(?:bulkexports|exportprofiles)|oauth)(?:\/|$)/

/** Elements of a list that are looked at: the others are made by the same code. */
const looked = 60

/**
 * What is wrong with an exchange, by the SDK's own declarations: a request that was answered well must be one that the SDK
 * can make, and every answer must be of its model. Pure.
 */
export function violationsOf(exchange: SimulatedExchange, contract: SdkContract): string[] {
  const { method, path, status } = exchange
  if (unpublished.test(path)) return []
  const about = `${method} ${path}`
  const answer = parse(exchange.answer)
  if (status >= 400) {
    const checker = new Checker(contract)
    checker.check(answer, { kind: 'model', name: 'ErrorBody' }, `${about} answer ${status}`)
    return checker.violations
  }
  const [operation] = contract.operations
    .filter((one) => one.method === method && matches(one.path, path))
    // A fixed path before one that varies in its place.
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)
  if (operation === undefined) return [`${about}: no method of the SDK sends it`]
  const checker = new Checker(contract)
  checkQuery(exchange, operation, checker)
  checkBody(exchange, operation, checker, about)
  if (operation.returns.kind !== 'void' && exchange.answer !== '')
    checker.check(answer, operation.returns, `${about} answer`)
  return checker.violations
}

function matches(template: string, path: string): boolean {
  const wanted = template.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
  )
}

function parse(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text)
}

function checkQuery({ method, path, query }: SimulatedExchange, operation: ContractOperation, checker: Checker): void {
  const about = `${method} ${path}`
  const given = new URLSearchParams(query)
  for (const [name, value] of given) {
    const field = operation.query[name]
    if (field === undefined) checker.violations.push(`${about}: the parameter ${name} does not exist`)
    else
      checkParameter(
        `${about}: the parameter ${name}=${value}`,
        value,
        field,
        parameterWords[`${operation.name}.${name}`],
        checker,
      )
  }
  for (const [name, { isRequired }] of Object.entries(operation.query)) {
    if (isRequired && !given.has(name)) checker.violations.push(`${about}: the parameter ${name} is required`)
  }
}

function checkParameter(
  about: string,
  value: string,
  { type }: ContractField,
  words: readonly string[] | undefined,
  checker: Checker,
): void {
  if (words !== undefined && !words.includes(value)) checker.violations.push(`${about} is none of ${words.join(', ')}`)
  if (type.kind === 'number' && !Number.isFinite(Number(value))) checker.violations.push(`${about} is not a number`)
  if (type.kind === 'boolean' && value !== 'true' && value !== 'false')
    checker.violations.push(`${about} is not a flag`)
}

function checkBody(exchange: SimulatedExchange, operation: ContractOperation, checker: Checker, about: string): void {
  const { body } = operation
  if (body === undefined) {
    if (exchange.body !== '') checker.violations.push(`${about}: there is no body`)
    return
  }
  if (exchange.body !== '') checker.check(parse(exchange.body), body.type, `${about} body`)
  else if (body.isRequired) checker.violations.push(`${about}: the body is required`)
}

class Checker {
  readonly violations: string[] = []
  readonly #models: SdkContract['models']

  constructor({ models }: SdkContract) {
    this.#models = models
  }

  check(value: unknown, type: ContractType, at: string): void {
    if (this.violations.length > 20) return
    switch (type.kind) {
      case 'any':
      case 'void':
        return
      case 'array':
        if (!Array.isArray(value)) this.#wrong(at, 'a list', value)
        else for (const [index, item] of value.slice(0, looked).entries()) this.check(item, type.of, `${at}[${index}]`)
        return
      case 'map':
        if (!isObject(value)) this.#wrong(at, 'an object', value)
        else for (const [name, item] of Object.entries(value)) this.check(item, type.of, `${at}.${name}`)
        return
      case 'object':
        if (!isObject(value)) this.#wrong(at, 'an object', value)
        return
      case 'model':
        this.#checkModel(value, type.name, at)
        return
      default:
        if (typeof value !== type.kind) this.#wrong(at, `a ${type.kind}`, value)
    }
  }

  #checkModel(value: unknown, name: string, at: string): void {
    const fields = this.#models[name]
    if (fields === undefined) {
      this.violations.push(`${at}: the SDK has no model ${name}`)
      return
    }
    if (!isObject(value)) {
      this.#wrong(at, `a ${name}`, value)
      return
    }
    for (const [field, { isRequired }] of Object.entries(fields)) {
      if (isRequired && (value[field] === undefined || value[field] === null)) {
        this.violations.push(`${at}: ${name}.${field} is required`)
      }
    }
    for (const [field, inner] of Object.entries(value)) {
      const known = Object.hasOwn(fields, field) ? fields[field] : undefined
      if (known === undefined) this.violations.push(`${at}: ${name} has no property ${field}`)
      else if (inner !== null && inner !== undefined)
        this.#checkField(inner, known, `${name}.${field}`, `${at}.${field}`)
    }
  }

  #checkField(value: unknown, { type }: ContractField, name: string, at: string): void {
    this.check(value, type, at)
    const words = propertyWords[name]
    if (words !== undefined && !words.includes(String(value))) {
      this.violations.push(`${at}: ${String(value)} is none of ${words.join(', ')}`)
    }
  }

  #wrong(at: string, wanted: string, value: unknown): void {
    this.violations.push(`${at} must be ${wanted}, but is ${JSON.stringify(value)?.slice(0, 80)}`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

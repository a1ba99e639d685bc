import { LegalHoldError, type Stage } from '../../model/errors.js'

/**
 * Reading of what the platform answers: plain JSON of unknown shape, in camelCase or snake_case (genesys-facts: read
 * it at run time, tolerate either answer). A field of the wrong type counts as absent.
 */
export type Answer = Readonly<Record<string, unknown>>

export function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value under the name, or under its snake_case or camelCase form. */
export function fieldOf(answer: unknown, ...names: readonly string[]): unknown {
  if (!isAnswer(answer)) return undefined
  for (const name of names) {
    for (const form of [name, toSnake(name), toCamel(name)]) {
      const value = Object.hasOwn(answer, form) ? answer[form] : undefined
      if (value !== undefined && value !== null) return value
    }
  }
  return undefined
}

/** The error for an answer that cannot be what it should be. */
export function unusableAnswer(operation: string, problem: string, stage: Stage, requestId?: string): LegalHoldError {
  return new LegalHoldError(`Could not ${operation}: ${problem}.`, {
    code: 'PLATFORM_RESPONSE_INVALID',
    stage,
    ...(requestId === undefined ? {} : { requestId }),
  })
}

/** What an answer is that names another id than the one that was asked for; one that names none says nothing. */
export function otherThan(id: string): (answer: unknown) => string | undefined {
  return (answer) => {
    const given = textOf(answer, 'id')
    return given === undefined || given.toLowerCase() === id.toLowerCase() ? undefined : `that of ${given}`
  }
}

/** The same, where an answer without an id, by one of these names, cannot be of use. */
export function notThat(id: string, ...names: readonly string[]): (answer: unknown) => string | undefined {
  return (answer) => {
    const given = textOf(answer, 'id', ...names)
    return given === undefined ? 'without an id' : otherThan(id)({ id: given })
  }
}

export function textOf(answer: unknown, ...names: readonly string[]): string | undefined {
  const value = fieldOf(answer, ...names)
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'number' ? String(value) : undefined
}

export function numberOf(answer: unknown, ...names: readonly string[]): number | undefined {
  const value = fieldOf(answer, ...names)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

export function flagOf(answer: unknown, ...names: readonly string[]): boolean | undefined {
  const value = fieldOf(answer, ...names)
  if (typeof value === 'boolean') return value
  if (value === 'true') return true
  return value === 'false' ? false : undefined
}

export function answerOf(answer: unknown, ...names: readonly string[]): Answer | undefined {
  const value = fieldOf(answer, ...names)
  return isAnswer(value) ? value : undefined
}

export function listOf(answer: unknown, ...names: readonly string[]): readonly unknown[] | undefined {
  const value = fieldOf(answer, ...names)
  return Array.isArray(value) ? value : undefined
}

/** A date in ISO 8601 and UTC, whatever form the platform writes it in (`+0000` without a colon is one). */
export function dateOf(answer: unknown, ...names: readonly string[]): string | undefined {
  const value = fieldOf(answer, ...names)
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const time = new Date(typeof value === 'string' ? value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2') : value)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function toCamel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

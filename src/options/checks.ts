import type { Check } from '../internal/option-check.js'

/** Refuses unknown names. A typo must not silently widen or weaken anything. */
export function checkNames(value: object, known: readonly string[], path: string, check: Check): void {
  for (const name of Object.keys(value)) {
    check(known.includes(name), `${path}${name}`, `is not known; known are ${known.join(', ')}`)
  }
}

export function isOptionalFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value as a mistake names it. No value of a request is a secret. */
export function valueText(value: unknown): string {
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 100))}`
  return (JSON.stringify(value) ?? String(value)).slice(0, 100)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Whether a value has the methods of a port. */
export function isPort(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
}

export function isInstant(text: unknown): text is string {
  if (typeof text !== 'string' || !instantPattern.test(text) || Number.isNaN(Date.parse(text))) return false
  // Date.parse takes 30 February for 2 March.
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/

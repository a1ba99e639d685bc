import { canonicalJson } from '../../internal/canonical-json.js'

/** Members of something that came out of a file: each may be anything. */
export type Members = Readonly<Record<string, unknown>>

const none: Members = {}

/** The members of a value; none if it is not an object. */
export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : none
}

/** The items of a value; none if it is not a list. What is missing in one is there as nothing. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? [...value] : []
}

/** Whether a value counts something: a whole number that is not negative. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Whether two values are the same as JSON. */
export function isSame(one: unknown, other: unknown): boolean {
  return one === other || canonicalJson(one) === canonicalJson(other)
}

const longestQuote = 200

/** A value as part of a sentence. */
export function quoted(value: unknown): string {
  const text = typeof value === 'object' ? canonicalJson(value) : (JSON.stringify(value) ?? 'nothing')
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text
}

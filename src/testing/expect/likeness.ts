import { isDeepStrictEqual } from 'node:util'

/** A value, a pattern for a text, or a matcher of a test runner such as `expect.any(String)`. */
export type Like<T> = T | (T extends string | undefined ? RegExp : never) | { asymmetricMatch(other: unknown): boolean }

/** Some members, each as a value or what it is to be like. */
export type PartlyLike<T> = { readonly [Name in keyof T]?: Like<T[Name]> | undefined }

/** Whether a value is what is expected, or like it. */
export function isLike(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return typeof actual === 'string' && actual.search(expected) >= 0
  if (typeof expected === 'object' && expected !== null && 'asymmetricMatch' in expected) {
    const { asymmetricMatch } = expected
    return typeof asymmetricMatch === 'function' && asymmetricMatch.call(expected, actual) === true
  }
  return isDeepStrictEqual(actual, expected)
}

/** Whether each member that is expected is there and like it. */
export function isPartlyLike(actual: object, expected: object): boolean {
  return Object.entries(expected).every(([name, value]) => isLike((actual as Record<string, unknown>)[name], value))
}

/** What is expected, in words. */
export function inWords(expected: object): string {
  const shown = (value: unknown) => (value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? 'undefined'))
  return Object.entries(expected)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ')
}

import { expect } from 'vitest'
import { type LegalHoldMatchers, legalHoldMatchers } from './expect/matchers.js'

export type { LegalHoldMatchers } from './expect/matchers.js'

expect.extend(legalHoldMatchers)

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration that this one is merged with has it
  interface Matchers<T = any> extends LegalHoldMatchers<T> {}
}

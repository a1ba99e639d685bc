// The types of jest's own expect, which comes with jest: without this TypeScript does not find what is declared below.
import type {} from 'expect'
import { type LegalHoldMatchers, legalHoldMatchers } from './expect/matchers.js'

export type { LegalHoldMatchers } from './expect/matchers.js'

const { expect } = globalThis as { expect?: { extend?(matchers: object): void } }
if (typeof expect?.extend !== 'function') {
  throw new Error(
    'genesys-legal-hold-exporter/testing/jest adds its matchers to the global expect of jest, and there is none. ' +
      'Import it in a test file or in setupFilesAfterEnv, not in setupFiles; with injectGlobals: false call ' +
      'expect.extend(legalHoldMatchers) of genesys-legal-hold-exporter/testing yourself.',
  )
}
expect.extend(legalHoldMatchers)

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends LegalHoldMatchers<R> {}
}

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: the declaration of @types/jest that this one is merged with has it
    interface Matchers<R, T = {}> extends LegalHoldMatchers<R> {}
  }
}

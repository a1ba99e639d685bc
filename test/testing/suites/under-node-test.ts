// node --import tsx --test test/testing/suites/under-node-test.ts
import { deepStrictEqual } from 'node:assert'
import { describe, test } from 'node:test'
import { everySuite } from './every-suite.ts'

const expect = (actual: unknown) => ({ toEqual: (expected: unknown) => deepStrictEqual(actual, expected) })

everySuite({ describe, test, expect })

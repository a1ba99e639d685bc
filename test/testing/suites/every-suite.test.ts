import { describe, expect, test } from 'vitest'
import { everySuite } from './every-suite.ts'

everySuite({ describe, test, expect })

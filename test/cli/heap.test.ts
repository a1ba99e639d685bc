import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { heapFlag } from '../../src/cli/heap.js'

test('the command keeps its heap small on every Node that it was tested on', () => {
  for (const nodeVersion of ['20.20.2', '22.23.3', '24.21.0']) {
    expect(heapFlag({ nodeVersion, flags: ['--enable-source-maps', ''] })).toBe('--heap-growing-percent=60')
  }
  // Its V8 may not know the flag, and would say so.
  expect(heapFlag({ nodeVersion: '26.0.0', flags: [] })).toBeUndefined()
})

test.each([
  '--heap-growing-percent=100',
  '--max-old-space-size=4096',
  '--max_old_space_size=4096',
  '--max-semi-space-size=64',
  '--max-old-space-size-percentage=50',
  // As V8 takes them, and as NODE_OPTIONS may quote them.
  '-max_old_space_size=4096',
  '"--max-old-space-size=4096"',
])('whoever starts it with %s has chosen', (flag) => {
  expect(heapFlag({ nodeVersion: '20.20.2', flags: [flag] })).toBeUndefined()
})

test('the bench measures what the command does', () => {
  const contender = readFileSync(new URL('../../bench/contenders/library-run.mjs', import.meta.url), 'utf8')
  expect(contender).toContain(`setFlagsFromString('${heapFlag({ nodeVersion: '20.20.2', flags: [] })}')`)
})

import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { observe } from '#src/internal/observe.js'

test('an observer whose promise is no instance of the global one is heard as well', async () => {
  const warned: unknown[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (...said: unknown[]) => void warned.push(said),
  }
  observe(() => runInNewContext('Promise.reject("no")'), 1, 'onEvent', logger)
  await new Promise(setImmediate)
  expect(warned).toEqual([['onEvent threw; the run continues.', 'no']])
})

import { expect, test } from 'vitest'
import { createScenario } from '#src/testing/index.js'

test.each([
  [{}, "now is missing: give a time, e.g. now: '2023-10-20T12:00:00Z'"],
  [undefined, 'now is missing'],
  [{ now: 'soon' }, 'now is not a time'],
  [{ now: null }, 'now is not a time'],
  [{ now: 0, count: 1.5 }, 'count must be a whole number'],
  [{ now: 0, count: -1 }, 'count must be a whole number'],
  [{ now: 0, failAtSource: Number.NaN }, 'failAtSource must be a whole number'],
  [{ now: 0, indexLagHours: '1' }, 'indexLagHours must be a number of hours'],
  [{ now: 0, media: 'fax' }, 'media must be digital, call or all'],
  [{ now: 0, interval: 'x/y' }, 'interval must be an object with start and end'],
  [{ now: 0, cuont: 1 }, 'cuont is not known'],
])('createScenario says what is wrong with %j', (options, message) => {
  expect(() => createScenario(options as never)).toThrow(TypeError)
  expect(() => createScenario(options as never)).toThrow(message)
})

import { expect, test } from 'vitest'
import { slowestFiles } from '../../scripts/slowest-files.js'

test('the ten slowest files of a run are named, the slowest first', () => {
  const times = Array.from({ length: 12 }, (_, at) => ({ path: `test/${at}.test.ts`, ms: at * 1_050 }))
  const lines = slowestFiles(times)
  expect(lines).toHaveLength(10)
  expect([lines[0], lines[9]]).toEqual(['   11.6 s  test/11.test.ts', '    2.1 s  test/2.test.ts'])
  expect(times[0]?.path).toBe('test/0.test.ts')
})

test('fewer files than ten are all named', () => {
  expect(slowestFiles([{ path: 'test/a.test.ts', ms: 40 }])).toEqual(['    0.0 s  test/a.test.ts'])
  expect(slowestFiles([])).toEqual([])
})

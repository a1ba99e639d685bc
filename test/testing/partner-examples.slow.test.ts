import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs a file under node:test, as its own first line says. */
function nodeTest(file: string): Promise<{ readonly code: number; readonly out: string }> {
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  const args = ['--import', 'tsx', '--test', '--test-reporter=tap', file]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env, timeout: 150_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : 1, out: `${out}${err}` }),
    )
  })
}

const linesOf = (file: string) => readFileSync(`${root}${file}`, 'utf8').trimEnd().split('\n').length

describe('the examples for partners', () => {
  test.each([
    ['examples/custom-storage/file-storage.test.ts', 20],
    ['examples/partner-unit-test/hold-matter.test.ts', 2],
    ['test/testing/suites/under-node-test.ts', 80],
  ])('%s passes under node:test', async (file, atLeast) => {
    expect(readFileSync(`${root}${file}`, 'utf8')).toContain(`node --import tsx --test ${file}`)
    const { code, out } = await nodeTest(file)
    expect(code, out).toBe(0)
    expect(out).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(out)?.[1])).toBeGreaterThanOrEqual(atLeast)
  })

  test('give node:test the `expect` that the documentation gives it', () => {
    const shim =
      'const expect = (actual: unknown) => ({ toEqual: (expected: unknown) => deepStrictEqual(actual, expected) })'
    for (const file of [
      'docs/testing.md',
      'src/testing/conformance/suite.ts',
      'examples/custom-storage/file-storage.test.ts',
      'test/testing/suites/under-node-test.ts',
    ]) {
      expect(readFileSync(`${root}${file}`, 'utf8'), file).toContain(shim)
    }
  })

  test('are as short as they are said to be', () => {
    expect(linesOf('examples/custom-storage/file-storage.ts')).toBeLessThan(120)
    expect(linesOf('examples/partner-unit-test/hold-matter.test.ts')).toBeLessThanOrEqual(30)
  })
})

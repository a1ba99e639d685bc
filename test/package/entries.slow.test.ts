import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const run = promisify(execFile)

async function evaluate(code: string, type: 'module' | 'commonjs'): Promise<unknown> {
  const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', code], { cwd: root })
  return JSON.parse(stdout)
}

const entries = [
  '.',
  './genesys',
  './s3',
  './node',
  './testing',
  './testing/msw',
  './testing/vitest',
  './testing/jest',
  './opentelemetry',
  './scale',
  './scale/aws',
]
const schemas = ['./schemas/report.schema.json', './schemas/journal-record.schema.json', './schemas/matter.schema.json']
const specifier = (entry: string) => `genesys-legal-hold-exporter${entry.slice(1)}`

describe('the package', () => {
  test('declares its entries, and nothing that installs by surprise', () => {
    expect(Object.keys(manifest.exports)).toEqual([...entries, ...schemas, './package.json'])
    expect(manifest).toMatchObject({ license: 'MIT', type: 'module', engines: { node: '>=20.19' } })
    // All that these two do is add their matchers.
    expect(manifest.sideEffects).toEqual(['./dist/testing-vitest.*', './dist/testing-jest.*'])
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual([
      '@aws-sdk/client-eventbridge',
      '@aws-sdk/client-kms',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-s3-control',
      '@aws-sdk/client-sfn',
      '@aws-sdk/client-sns',
      '@opentelemetry/api',
      'hyparquet',
      'jest',
      'msw',
      'purecloud-platform-client-v2',
      'vitest',
    ])
    expect(manifest.peerDependenciesMeta).toEqual({
      '@aws-sdk/client-eventbridge': { optional: true },
      '@aws-sdk/client-kms': { optional: true },
      '@aws-sdk/client-sns': { optional: true },
      '@aws-sdk/client-s3-control': { optional: true },
      '@aws-sdk/client-sfn': { optional: true },
      '@opentelemetry/api': { optional: true },
      hyparquet: { optional: true },
      jest: { optional: true },
      msw: { optional: true },
      vitest: { optional: true },
    })
  })

  // Those two only work inside a runner of tests: see test/testing/expect.
  const anywhere = entries.filter((entry) => !/\/(vitest|jest)$/.test(entry))
  test.each(anywhere)('%s gives the same names to import and to require', async (entry) => {
    const names = `console.log(JSON.stringify(Object.keys(m).filter((n) => n !== 'default' && n !== 'module.exports').sort()))`
    const esm = await evaluate(`import * as m from '${specifier(entry)}'; ${names}`, 'module')
    const cjs = await evaluate(`const m = require('${specifier(entry)}'); ${names}`, 'commonjs')
    expect(esm).toEqual(cjs)
    if (entry !== './node') expect((esm as string[]).length).toBeGreaterThan(0)
  })

  test('loads neither SDK with its main entry', async () => {
    const loaded = `JSON.stringify(Object.keys(require.cache).filter((f) => /client-s3|purecloud|@smithy/.test(f)))`
    expect(await evaluate(`require('genesys-legal-hold-exporter'); console.log(${loaded})`, 'commonjs')).toEqual([])
    // The check can fail: the SDK does show up once it is loaded.
    const withSdk = `require('@aws-sdk/client-s3'); console.log(${loaded})`
    expect(await evaluate(withSdk, 'commonjs')).not.toEqual([])
  })

  test('shows its errors by their name, which the bundler keeps', async () => {
    const name = 'console.log(JSON.stringify(m.LegalHoldError.name))'
    expect(await evaluate(`import * as m from '${specifier('.')}'; ${name}`, 'module')).toBe('LegalHoldError')
    expect(await evaluate(`const m = require('${specifier('.')}'); ${name}`, 'commonjs')).toBe('LegalHoldError')
  })

  test('recognises its errors across the ESM and CJS copies', async () => {
    const code = `
      import { createRequire } from 'node:module'
      import { LegalHoldError } from 'genesys-legal-hold-exporter'
      const other = createRequire('${root}')('genesys-legal-hold-exporter').LegalHoldError
      const error = new other('x', { code: 'ABORTED', stage: 'export' })
      class Own extends LegalHoldError {}
      const own = new Own('y', { code: 'ABORTED', stage: 'export' })
      console.log(JSON.stringify([
        other === LegalHoldError, error instanceof LegalHoldError, LegalHoldError.isInstance(error), own instanceof other,
        own instanceof Own, error instanceof Own, new Error('z') instanceof LegalHoldError, null instanceof LegalHoldError,
      ]))`
    expect(await evaluate(code, 'module')).toEqual([false, true, true, true, true, false, false, false])
  })

  test('holds one copy of its error class over all CJS entries', async () => {
    const code = `
      const { LegalHoldError } = require('genesys-legal-hold-exporter')
      const { RecordingJobsPlatform } = require('genesys-legal-hold-exporter/genesys')
      let same
      try { new RecordingJobsPlatform({ region: 'nowhere' }) } catch (error) { same = error instanceof LegalHoldError }
      console.log(JSON.stringify(same))`
    expect(await evaluate(code, 'commonjs')).toBe(true)
  })
})

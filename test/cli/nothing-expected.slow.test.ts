import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Simulators, startSimulators } from '#src/testing/index.js'
import { freshFolder, newKey } from '../custody/bundle-world.js'
import { cli } from './run-cli.js'

const dayMs = 86_400_000

let simulators: Simulators
beforeAll(async () => {
  simulators = await startSimulators({ scenario: { count: 6 } })
  const { s3 } = simulators.description
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await simulators.close()
})

test('an export that matches nothing ends with 3, and neither report, page nor terminal calls it complete', async () => {
  const { genesys, s3 } = simulators.description
  // Long before anything that the scenario holds.
  const start = new Date(Date.parse(simulators.scenario.interval.start) - 300 * dayMs).toISOString()
  const end = new Date(Date.parse(start) + dayMs).toISOString()
  const [dir, report, journal, keyFile] = ['evidence', 'report.json', 'journal', 'key.pem'].map((n) => freshFolder(n))
  const signing = newKey()
  writeFileSync(keyFile!, signing.pem)
  const args = [
    'export',
    ...['--region', 'eu-west-1', '--integration', genesys.integrationId, '--bucket', s3.bucket],
    ...['--bucket-region', s3.region, '--hold', 'matter-7', '--interval', `${start}/${end}`, '--media', 'screen'],
    ...['--genesys-endpoint', genesys.endpoint, '--s3-endpoint', s3.endpoint, '--report', report!],
    ...['--evidence', dir!, '--signing-key', keyFile!, '--journal', journal!],
    ...['--accept', 'retention-deletes-before-hold'],
  ]
  const secrets = { GENESYS_CLIENT_ID: genesys.clientId, GENESYS_CLIENT_SECRET: genesys.clientSecret }
  const { code, out, err } = await cli(args, secrets)
  const again = await cli(
    [
      ...args.filter((arg) => arg !== '--evidence' && arg !== dir && arg !== '--signing-key' && arg !== keyFile),
      '--json',
    ],
    secrets,
  )
  expect(again.code).toBe(3)
  expect(JSON.parse(again.out)).toMatchObject({ outcome: 'nothing-expected' })
  expect({ code, err }).toEqual({ code: 3, err: '' })
  expect(out).toContain('No recording matched the request')
  expect(out).not.toMatch(/\bcomplete\b/i)
  expect(JSON.parse(readFileSync(report!, 'utf8'))).toMatchObject({ outcome: 'nothing-expected' })
  const page = readFileSync(join(dir!, 'report.html'), 'utf8')
  expect(page).toContain('<span class="badge nothing-expected">○ Nothing expected</span>')
  expect(page).toContain('<title>Legal hold matter-7: nothing expected</title>')
  expect(page).not.toMatch(/>[^<]*\b(?:Complete|✓)/)
  const verified = await cli(['verify', dir!, '--fingerprint', signing.fingerprint, '--json'])
  expect(verified.code).toBe(0)
  expect(JSON.parse(verified.out)).toMatchObject({ verified: true, predicate: { outcome: 'nothing-expected' } })
})

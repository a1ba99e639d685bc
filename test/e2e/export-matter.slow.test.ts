import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Simulators, startSimulators } from '#src/testing/index.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
let simulators: Simulators

beforeAll(async () => {
  simulators = await startSimulators({ scenario: { count: 10 } })
})

afterAll(() => simulators.close())

function exportMatter(env: Record<string, string>): Promise<{ code: number; out: string; err: string }> {
  const { PATH = '', HOME = '' } = process.env
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['run', '--silent', 'export-matter'],
      { cwd: root, env: { PATH, HOME, ...env } },
      (error, out, err) => resolve({ code: error === null ? 0 : Number((error as { code?: unknown }).code), out, err }),
    )
  })
}

function settings(): Record<string, string> {
  const { genesys, s3 } = simulators.description
  const { start, end } = simulators.scenario.interval
  return {
    GENESYS_REGION: 'eu-west-1',
    GENESYS_CLIENT_ID: genesys.clientId,
    GENESYS_CLIENT_SECRET: genesys.clientSecret,
    GENESYS_INTEGRATION_ID: genesys.integrationId,
    GENESYS_ENDPOINT: genesys.endpoint,
    EXPORT_BUCKET: s3.bucket,
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    S3_ENDPOINT: s3.endpoint,
    HOLD_TAG: 'matter-1',
    INTERVAL: `${start}/${end}`,
    MEDIA_TYPES: 'digital',
    REPORT: join(mkdtempSync(join(tmpdir(), 'matter-')), 'report.json'),
  }
}

describe('npm run export-matter', () => {
  test('says which settings are missing', async () => {
    const { code, err } = await exportMatter({ GENESYS_REGION: 'eu-west-1', HOLD_TAG: 'x' })
    expect(code).toBe(1)
    expect(err).toMatch(/Missing: GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, .*INTERVAL\n$/)
  })

  test('stops at blockers, then does the whole job once they are accepted', async () => {
    const blocked = await exportMatter(settings())
    expect(blocked.code).toBe(1)
    expect(blocked.err).toContain('PREFLIGHT_BLOCKED')
    const env: Record<string, string> = {
      ...settings(),
      ACCEPT: 'retention-deletes-before-hold',
      RESIDENCY: 'eu-west-1',
    }
    const { code, out, err } = await exportMatter(env)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('complete')
    expect(JSON.parse(readFileSync(env.REPORT ?? '', 'utf8'))).toMatchObject({ counts: { expected: 10, repaired: 10 } })
  })

  test('names a wrong credential without repeating it', async () => {
    const { code, err } = await exportMatter({ ...settings(), GENESYS_CLIENT_SECRET: 'not-the-secret' })
    expect(code).toBe(1)
    expect(err).toContain('PLATFORM_UNAUTHORIZED')
    expect(err).not.toContain('not-the-secret')
  })
})

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '#src/cli/run.js'
import { type Simulators, startSimulators } from '#src/testing/index.js'
import { toolVersion } from '#src/version.js'
import { folder, freshFolder, newKey, type SealedWorld, sealedRun } from '../custody/bundle-world.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

async function cli(args: readonly string[], env: Record<string, string> = {}) {
  const lines = { out: '', err: '' }
  const code = await runCli(args, {
    out: (line) => {
      lines.out += `${line}\n`
    },
    err: (line) => {
      lines.err += `${line}\n`
    },
    env,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

function fileWith(name: string, text: string): string {
  const path = freshFolder(name)
  writeFileSync(path, text)
  return path
}

let world: SealedWorld
let key: string
beforeAll(async () => {
  world = await sealedRun()
  key = fileWith('key.pem', world.key.publicKey)
})

describe('verify', () => {
  test('ends with 0 for a bundle as it was sealed, and says what it is', async () => {
    const { code, out, err } = await cli(['verify', world.dir, '--key', key])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const part of ['VERIFIES', 'discovery-batch-2023-10', world.key.fingerprint, '1 of 4 recordings']) {
      expect(out).toContain(part)
    }
    expect((await cli(['verify', world.dir, '--fingerprint', world.key.fingerprint])).code).toBe(0)
  })

  test('ends with 2 without a key, and prints the fingerprint it found', async () => {
    const { code, out } = await cli(['verify', world.dir])
    expect(code).toBe(2)
    expect(out).toContain(`fingerprint found: ${world.key.fingerprint}`)
  })

  test('ends with 2 for a changed bundle, and names the first bad line', async () => {
    const { dir, key: own } = await sealedRun()
    const path = join(dir, 'records.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    lines[3] = lines[3]!.replace('{', '{ ')
    writeFileSync(path, lines.join('\n'))
    const { code, out } = await cli(['verify', dir, '--key', fileWith('k.pem', own.publicKey)])
    expect(code).toBe(2)
    expect(out).toContain('record-changed records.jsonl:4: Line 4')
  })

  test('warns of a key that lies in the bundle', async () => {
    const { code, err } = await cli(['verify', world.dir, '--key', join(world.dir, 'public-key.pem')])
    expect(code).toBe(0)
    expect(err).toContain('not who signed it')
  })

  test('gives the same as JSON, and the record of one object', async () => {
    const { out } = await cli(['verify', world.dir, '--key', key, '--json', '--record', `memory/${folder}/r2.json`])
    expect(JSON.parse(out)).toMatchObject({ verified: true, record: { record: { data: { outcome: 'repaired' } } } })
    expect((await cli(['verify', world.dir, '--key', key, '--record', 'memory/none'])).code).toBe(2)
  })

  test.each([
    [[], 'DIR is missing'],
    [['/nowhere', '--key', 'KEY'], 'EVIDENCE_UNREADABLE'],
    [['DIR', '--key', '/nowhere.pem'], 'cannot be read'],
    [['DIR', '--fingerprint', 'xyz'], '64 hexadecimal digits'],
    [['DIR', 'more', '--key', 'KEY'], 'one argument too many'],
    [['DIR', '--nonsense'], 'nonsense'],
  ])('ends with 1 for %j, which cannot be run', async (args, message) => {
    const given = args.map((arg) => (arg === 'DIR' ? world.dir : arg === 'KEY' ? key : arg))
    const { code, err } = await cli(['verify', ...given])
    expect(code).toBe(1)
    expect(err).toContain(message)
    expect(err).not.toContain('    at ')
  })
})

describe('prove and verify --proof', () => {
  test('disclose one record', async () => {
    const file = freshFolder('proof.json')
    expect(await cli(['prove', world.dir, `memory/${folder}/r2.json`, '--out', file])).toMatchObject({ code: 0 })
    expect(await cli(['verify', '--proof', file, '--key', key])).toMatchObject({
      code: 0,
      out: expect.stringContaining('r2.json'),
    })
    expect((await cli(['verify', '--proof', file])).code).toBe(2)
    writeFileSync(file, readFileSync(file, 'utf8').replace('repaired', 'held'))
    expect((await cli(['verify', '--proof', file, '--key', key])).code).toBe(2)
    expect((await cli(['prove', world.dir, 'nowhere'])).code).toBe(1)
  })
})

describe('report', () => {
  test('says where the page is, and builds the same bytes anew', async () => {
    const { code, out } = await cli(['report', world.dir])
    expect(code).toBe(0)
    expect(out).toContain(join(world.dir, 'report.html'))
    const file = freshFolder('page.html')
    expect((await cli(['report', world.dir, '--out', file])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(join(world.dir, 'report.html'), 'utf8'))
  })
})

describe('help', () => {
  test.each(['verify', 'report', 'prove', 'inspect', 'export'])('explains %s', async (command) => {
    const { code, out } = await cli([command, '--help'])
    expect(code).toBe(0)
    expect(out).toContain(`genesys-legal-hold-exporter ${command}`)
    expect(out).toContain('Exit code')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(125)
  })

  test('lists the commands, and what there is where there is no such command', async () => {
    expect(await cli(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('prove DIR KEY') })
    expect(await cli([])).toMatchObject({ code: 1, out: '' })
    expect(await cli(['fax'])).toMatchObject({ code: 1, err: expect.stringContaining('verify, report') })
  })

  test('is to be had by npx in the checkout', async () => {
    const version = await new Promise<string>((resolve, reject) => {
      execFile('npx', ['--no-install', 'genesys-legal-hold-exporter', '--version'], { cwd: root }, (error, out) =>
        error === null ? resolve(out) : reject(error),
      )
    })
    expect(version).toBe(`${toolVersion}\n`)
  })
})

describe('inspect and export', () => {
  let simulators: Simulators
  const aws = {
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY,
  }
  beforeAll(async () => {
    simulators = await startSimulators({ scenario: { count: 6 } })
    const { s3 } = simulators.description
    process.env.AWS_ACCESS_KEY_ID = s3.accessKeyId
    process.env.AWS_SECRET_ACCESS_KEY = s3.secretAccessKey
  })
  afterAll(async () => {
    for (const [name, value] of Object.entries(aws)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await simulators.close()
  })

  const flags = () => {
    const { genesys, s3 } = simulators.description
    const { start, end } = simulators.scenario.interval
    return [
      ['--region', 'eu-west-1', '--integration', genesys.integrationId, '--bucket', s3.bucket],
      ['--bucket-region', s3.region, '--hold', 'matter-7', '--interval', `${start}/${end}`, '--media', 'digital'],
      ['--genesys-endpoint', genesys.endpoint, '--s3-endpoint', s3.endpoint],
    ].flat()
  }
  const secrets = () => {
    const { clientId, clientSecret } = simulators.description.genesys
    return { GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: clientSecret }
  }

  test('say what is missing, by flag and by variable', async () => {
    const { code, err } = await cli(['inspect'])
    expect(code).toBe(1)
    for (const name of ['--hold (HOLD_TAG)', 'GENESYS_CLIENT_SECRET']) expect(err).toContain(name)
    expect((await cli(['export', '--evidence', 'x'])).err).toContain('--signing-key')
    expect((await cli(['export', '--accept', 'nonsense'])).err).toContain('none of')
  })

  test('inspect ends with 2 where something blocks, and creates nothing', async () => {
    const { code, out } = await cli(['inspect', ...flags()], secrets())
    expect(out).toContain('retention-deletes-before-hold')
    expect(out).toMatch(/block an export/)
    expect(code).toBe(2)
  })

  test('export does the whole job, seals it, and what was sealed verifies against the bucket as it is', async () => {
    const signing = newKey()
    const [dir, report] = [freshFolder(), freshFolder('report.json')]
    const files = ['--evidence', dir, '--signing-key', fileWith('sign.pem', signing.pem), '--report', report]
    const accept = ['--accept', 'retention-deletes-before-hold']
    const { code, out, err } = await cli(['export', ...flags(), ...files, ...accept], secrets())
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain(signing.fingerprint)
    expect(out).not.toContain(secrets().GENESYS_CLIENT_SECRET)
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ outcome: 'complete', counts: { expected: 6 } })
    const { endpoint } = simulators.description.s3
    const live = await cli(['verify', dir, '--fingerprint', signing.fingerprint, '--live', '--s3-endpoint', endpoint])
    expect(live).toMatchObject({ code: 0, out: expect.stringContaining('0 drifted') })
    // It has no time stamp, so one that is asked for is a problem.
    const certificate = fileWith('ca.pem', 'none')
    const stamped = await cli(['verify', dir, '--fingerprint', signing.fingerprint, '--tsa', certificate])
    expect(stamped).toMatchObject({ code: 2, out: expect.stringContaining('timestamp-invalid') })
  })
})

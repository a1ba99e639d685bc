import { execFile } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { runCli } from '#src/cli/run.js'
import { toolVersion } from '#src/internal/package/version.js'
import { SimulatedClock, type Simulators, startSimulators } from '#src/testing/index.js'
import { folder, freshFolder, newKey, type SealedWorld, sealedRun } from '../custody/bundle-world.js'
import { hasTool, LocalTsa } from '../custody/crypto/local-tsa.js'

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

  test('ends with 3 without a key, and prints the fingerprint it found', async () => {
    const { code, out } = await cli(['verify', world.dir])
    expect(code).toBe(3)
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

describe('verify with what it is given', () => {
  test('--previous follows the chain, breaks at another bundle, and cannot run where there is none', async () => {
    const clock = new SimulatedClock({ now: '2023-10-21T12:00:00Z' })
    const next = await sealedRun({ key: world.key, previous: world.dir, clock })
    const other = await sealedRun({ key: world.key })
    const verify = (previous: string) => cli(['verify', next.dir, '--key', key, '--previous', previous])
    const sound = await verify(world.dir)
    expect(sound).toMatchObject({ code: 0, out: expect.stringContaining('VERIFIES') })
    expect(sound.out).not.toContain('was not looked at')
    expect((await cli(['verify', next.dir, '--key', key])).out).toContain('note: The bundle before this one')
    expect(await verify(other.dir)).toMatchObject({ code: 2, out: expect.stringContaining('chain-broken') })
    expect(await verify('/nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('EVIDENCE_UNREADABLE') })
    expect((await cli(['verify', world.dir, '--key', key, '--previous', other.dir])).code).toBe(2)
  })

  test.runIf(hasTool('openssl'))('--tsa checks whose the time stamp is', async () => {
    const tsa = new LocalTsa('rsa')
    const authority = async (query: Uint8Array) => tsa.reply(Buffer.from(query))
    const { dir } = await sealedRun({ key: world.key, timestamp: { authority } })
    const verify = (ca: string) => cli(['verify', dir, '--key', key, '--tsa', fileWith('ca.pem', ca)])
    const checked = await verify(tsa.ca)
    expect(checked.code).toBe(0)
    expect(checked.out).toMatch(/time stamp {2,}20\d\d-.* by .*Local TSA\n/)
    const unchecked = await cli(['verify', dir, '--key', key])
    expect(unchecked).toMatchObject({ code: 0, out: expect.stringMatching(/time stamp .*\(not checked\)/) })
    expect(await verify(new LocalTsa('ec').ca)).toMatchObject({
      code: 2,
      out: expect.stringContaining('timestamp-invalid timestamp.dsse.json'),
    })
    expect(await verify('no certificate')).toMatchObject({ code: 1, err: expect.stringContaining('no certificate') })
    expect((await cli(['verify', dir, '--key', key, '--tsa', '/nowhere.pem'])).code).toBe(1)
  })

  test('another fingerprint or key does not verify; both, of different keys, cannot be meant', async () => {
    const other = newKey()
    const wrong = await cli(['verify', world.dir, '--fingerprint', other.fingerprint])
    expect(wrong).toMatchObject({ code: 2, out: expect.stringContaining('wrong-key') })
    expect(wrong.out).toContain(`fingerprint found: ${world.key.fingerprint}`)
    expect((await cli(['verify', world.dir, '--key', fileWith('other.pem', other.publicKey)])).code).toBe(2)
    expect((await cli(['verify', world.dir, '--key', key, '--fingerprint', world.key.fingerprint])).code).toBe(0)
    expect((await cli(['verify', world.dir, '--key', key, '--fingerprint', other.fingerprint])).code).toBe(1)
    expect(await cli(['verify', world.dir, '--key', fileWith('private.pem', world.key.pem)])).toMatchObject({
      code: 1,
      err: expect.stringContaining('private key'),
    })
  })

  test('--live reads nothing for a bundle that does not verify: where to look is not known to be true', async () => {
    const dir = freshFolder()
    cpSync(world.dir, dir, { recursive: true })
    for (const text of [
      '{}',
      readFileSync(join(dir, 'statement.dsse.json'), 'utf8').replace('"sig": "', '"sig": "AAAA'),
    ]) {
      writeFileSync(join(dir, 'statement.dsse.json'), text)
      const { code, out, err } = await cli([
        'verify',
        dir,
        '--key',
        key,
        '--live',
        '--s3-endpoint',
        'http://127.0.0.1:1',
      ])
      expect({ code, err }).toEqual({ code: 2, err: '' })
      expect(out).toContain('were not read again')
    }
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
    expect((await cli(['verify', '--proof', file])).code).toBe(3)
    expect((await cli(['verify', '--proof', file, '--fingerprint', world.key.fingerprint])).code).toBe(0)
    expect((await cli(['verify', '--proof', file, '--fingerprint', newKey().fingerprint])).code).toBe(2)
    expect((await cli(['verify', '--proof', file, '--fingerprint', 'abc'])).code).toBe(1)
    expect((await cli(['verify', '--proof', '/nowhere', '--key', key])).code).toBe(1)
    // Passed over, they would look as if they had been checked.
    for (const flag of [['--live'], ['--tsa', key], ['--previous', world.dir], ['--record', 'a/b']]) {
      const { code, err } = await cli(['verify', '--proof', file, '--key', key, ...flag])
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`${flag[0]} is about a bundle`) })
    }
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
  test.each(commands.map(({ name }) => name))('explains %s', async (command) => {
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
    expect((await cli(['export', '--accept', 'nonsense'])).err).toContain('not one of')
  })

  test('inspect ends with 2 where something blocks, and creates nothing', async () => {
    const { code, out } = await cli(['inspect', ...flags()], secrets())
    expect(out).toContain('retention-deletes-before-hold')
    expect(out).toMatch(/^1 of these blocks an export\.\nTo accept it, if/m)
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
    // Somebody writes over one object and deletes another: each is named with the line of its record.
    const client = new S3Client({
      endpoint,
      region: simulators.description.s3.region,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
    const objects = readFileSync(join(dir, 'records.jsonl'), 'utf8')
      .split('\n')
      .flatMap((line, at) => (line.includes('"type":"verdict"') ? [{ at, ...JSON.parse(line).data.object }] : []))
    const [first, second] = objects
    await client.send(new PutObjectCommand({ Bucket: first.bucket, Key: first.key, Body: 'another' }))
    await client.send(new DeleteObjectCommand({ Bucket: second.bucket, Key: second.key }))
    client.destroy()
    const drifted = await cli([
      'verify',
      dir,
      '--fingerprint',
      signing.fingerprint,
      '--live',
      '--s3-endpoint',
      endpoint,
    ])
    expect(drifted).toMatchObject({ code: 2, out: expect.stringContaining('2 drifted') })
    for (const { at, bucket, key } of [first, second]) {
      expect(drifted.out).toContain(`live-drift records.jsonl:${at + 1}: "${bucket}/${key}"`)
    }
    // It has no time stamp, so one that is asked for is a problem.
    const certificate = fileWith('ca.pem', 'none')
    const stamped = await cli(['verify', dir, '--fingerprint', signing.fingerprint, '--tsa', certificate])
    expect(stamped).toMatchObject({ code: 2, out: expect.stringContaining('timestamp-invalid') })
  })
})

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as a file names them
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { isSignedNotice } from '#src/node.js'
import { type Simulators, startSimulators } from '#src/testing/index.js'
import { cli } from '../run-cli.js'

// A matter from nothing to its release, by the command alone: each example of a --help is run in it, in this order.

const before = process.cwd()
let simulators: Simulators
let env: Record<string, string> = {}

beforeAll(async () => {
  process.chdir(mkdtempSync(join(tmpdir(), 'story-')))
  simulators = await startSimulators({ scenario: { count: 4 } })
  const { genesys, s3 } = simulators.description
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey)
  const { start, end } = simulators.scenario.interval
  env = {
    GENESYS_CLIENT_ID: genesys.clientId,
    GENESYS_CLIENT_SECRET: genesys.clientSecret,
    GENESYS_ENDPOINT: genesys.endpoint,
    GENESYS_INTEGRATION_ID: genesys.integrationId,
    EXPORT_BUCKET: s3.bucket,
    S3_ENDPOINT: s3.endpoint,
    AWS_REGION: s3.region,
    INTERVAL: `${start}/${end}`,
    MEDIA_TYPES: 'digital',
  }
})
afterAll(async () => {
  process.chdir(before)
  vi.unstubAllEnvs()
  await simulators.close()
})

const ran = new Set<string>()

/** Runs an example of a help; what stands for something in it is put in its place. */
async function example(text: string, replace: Record<string, string> = {}) {
  ran.add(text)
  const args = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
  const result = await cli(
    args.map((arg) => replace[arg] ?? arg),
    env,
  )
  for (const text of [result.out, result.err]) expect(text).not.toContain(env.GENESYS_CLIENT_SECRET)
  return result
}

/** The simulators are faster than a cloud. */
const quick = 'polling: { minIntervalMs: 20, maxIntervalMs: 200 }\n'
const evidence = 'legal-hold/doe-v-acme/evidence'
const key = 'signing-key.pub.pem'

describe('a matter, by the command alone', () => {
  test('init writes a matter.yaml with comments and a key, from flags, and nothing over it', async () => {
    const text =
      'init --region eu-west-1 --integration a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03 --bucket legal-hold-exports --bucket-region eu-west-1 --hold doe-v-acme --matter doe-v-acme --interval 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z'
    const { code, out, err } = await example(text)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/sha256:[0-9a-f]{64}/)
    const written = readFileSync('matter.yaml', 'utf8')
    expect(written).toMatch(/^# yaml-language-server: \$schema=https:/)
    expect(written).toContain('clientSecret: ${GENESYS_CLIENT_SECRET}')
    expect(written).not.toContain(env.GENESYS_CLIENT_SECRET)
    expect(statSync('signing-key.pem').mode & 0o077).toBe(0)
    const again = await example('init')
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('nothing is written over it') })
    expect(readFileSync('matter.yaml', 'utf8')).toBe(written)
  })

  test('doctor tries what an export needs, and names what is in its way', async () => {
    const { code, out } = await example('doctor --config matter.yaml')
    expect(code).toBe(2)
    for (const line of [
      'ok        permission: recording:job:add',
      'ok        permission: s3:PutObject',
      'ok        evidence',
    ]) {
      expect(out).toContain(line)
    }
    expect(out).toContain('PROBLEM   matter: retention-deletes-before-hold')
    const json = JSON.parse((await example('doctor --config matter.yaml --json')).out)
    expect(json).toMatchObject({ healthy: false })
    const areas = new Set(json.checks.map(({ area }: { area: string }) => area))
    expect([...areas]).toEqual([
      'machine',
      'disk',
      'evidence',
      'host',
      'clock',
      'Genesys Cloud',
      'permission',
      'bucket',
      'matter',
    ])
  })

  test('regions, integrations and completion', async () => {
    expect(await example('regions')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^eu-west-2 +euw2\.pure\.cloud/m),
    })
    const listed = await example('integrations --config matter.yaml')
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining(env.GENESYS_INTEGRATION_ID ?? '?') })
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect(await example(`completion ${shell}`)).toMatchObject({ code: 0, out: expect.stringContaining('keys-from') })
    }
  })

  test('inspect prints what to type where somebody answers for a blocker', async () => {
    const { code, out, err } = await example('inspect --config matter.yaml')
    expect(code).toBe(2)
    expect(out).toContain('--accept retention-deletes-before-hold --reason "…"')
    expect(out).toContain('on the command line: --protect-source')
    expect(err).toContain('note: INTERVAL overrides request.interval of matter.yaml.')
    expect(JSON.parse((await example('inspect --config matter.yaml --json')).out)).toBeInstanceOf(Array)
    const blocked = await cli(['export', '--config', 'matter.yaml'], env)
    expect(blocked).toMatchObject({
      code: 2,
      err: expect.stringContaining('--accept retention-deletes-before-hold --reason "…"'),
    })
  })

  test('export keeps journal, report and evidence beside the file, and records why a blocker was accepted', async () => {
    // The accepted blocker stays in the file from here on, with its reason.
    writeFileSync(
      'matter.yaml',
      `${readFileSync('matter.yaml', 'utf8')}\naccept:\n  - { code: retention-deletes-before-hold, reason: "J. Doe answers" }\n${quick}`,
    )
    const text =
      'export --config matter.yaml --accept retention-deletes-before-hold --reason "Exported before the policy runs (J. Doe)"'
    const { code, out } = await example(text)
    expect(code).toBe(0)
    expect(out).toContain(`evidence: ${join(process.cwd(), evidence)}`)
    const records = readFileSync('legal-hold/doe-v-acme/journal/records.jsonl', 'utf8')
    expect(records).toContain('"reason":"Exported before the policy runs (J. Doe)"')
    const report = readFileSync('legal-hold/doe-v-acme/report.json', 'utf8')
    expect(JSON.parse(report)).toMatchObject({ outcome: 'complete', counts: { expected: 4 } })
    const again = await example('export --config matter.yaml --json')
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining('finished, and sealed in') })
    expect(JSON.parse(again.out)).toEqual(JSON.parse(report))
    expect(readFileSync('legal-hold/doe-v-acme/report.json', 'utf8')).toBe(report)
    expect(existsSync('legal-hold/doe-v-acme/report-2.json')).toBe(false)
  })

  test('status, validate, reconcile and remediate say where it stands', async () => {
    expect(await example('status --config matter.yaml')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^finished: complete/),
    })
    expect((await example('status legal-hold/doe-v-acme/journal')).code).toBe(0)
    // The scenario leaves objects of others in the bucket.
    const all = await example("validate '' --config matter.yaml")
    expect(all).toMatchObject({ code: 2, out: expect.stringMatching(/^\d+ objects: \d+ untagged, \d+ held$/m) })
    const keys = [
      ...readFileSync(`${evidence}/records.jsonl`, 'utf8').matchAll(/"type":"verdict".*?"key":"([^"]+)"/g),
    ].map(([, one]) => one)
    writeFileSync('keys.txt', `${keys.join('\n')}\n`)
    const listed = JSON.parse((await example('validate --keys-from keys.txt --config matter.yaml --json')).out)
    expect(listed).toEqual({ counts: { held: keys.length }, objects: [], more: 0 })
    const { jobs } = JSON.parse((await cli(['status', '--config', 'matter.yaml', '--json'], env)).out)
    const reconciled = await example('reconcile JOB --config matter.yaml', { JOB: jobs[0].id })
    expect(reconciled).toMatchObject({
      code: 0,
      out: expect.stringContaining('4 recordings expected: 4 delivered, 0 missing'),
    })
    const plan = await example("remediate '' --config matter.yaml")
    expect(plan).toMatchObject({ code: 0, out: expect.stringMatching(/planned\n[\s\S]*Nothing was changed/) })
    expect(existsSync('legal-hold/doe-v-acme/remediate-journal')).toBe(false)
    const made = await example("remediate '' --config matter.yaml --yes")
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ repaired/) })
    expect(existsSync('legal-hold/doe-v-acme/remediate-journal/records.jsonl')).toBe(true)
    expect((await cli(['validate', '', '--config', 'matter.yaml'], env)).code).toBe(0)
  })

  test('verify, report and prove work on what was sealed', async () => {
    expect(await example(`verify ${evidence} --key ${key}`)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^VERIFIES/),
    })
    expect(await example(`verify ${evidence} --key ${key} --live`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('0 drifted'),
    })
    expect(await cli(['verify', '--config', 'matter.yaml', '--key', key], env)).toMatchObject({ code: 0 })
    expect((await example(`report ${evidence}`)).out).toContain('report.html')
    expect((await example(`report ${evidence} --out page.html`)).code).toBe(0)
    const [one = ''] = readFileSync('keys.txt', 'utf8').split('\n')
    const proved = await example(`prove ${evidence} KEY --out proof.json`, { KEY: `${env.EXPORT_BUCKET}/${one}` })
    expect(proved).toMatchObject({ code: 0, err: '' })
    expect((await example(`verify --proof proof.json --key ${key}`)).code).toBe(0)
  })

  test('release plans first, and says why on record when it is made', async () => {
    const plan = `release '' --config matter.yaml --reason "Order of 4 March 2026: matter closed"`
    expect(await example(plan)).toMatchObject({ code: 0, out: expect.stringContaining('Nothing was changed') })
    expect((await cli(['validate', '', '--config', 'matter.yaml'], env)).code).toBe(0)
    expect(await cli(['release', '', '--config', 'matter.yaml', '--yes'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--reason TEXT is missing'),
    })
    const reason = 'Order of 4 March 2026: matter closed'
    const atSource = ['release', '', '--config', 'matter.yaml', '--reason', reason, '--release-source', '--json']
    expect(JSON.parse((await cli(atSource, env)).out)).toMatchObject({
      dryRun: true,
      source: { requested: expect.any(Number), kept: expect.any(Number) },
    })
    const done = await example(`${plan} --yes`)
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ released/) })
    expect(readFileSync('legal-hold/doe-v-acme/release-journal/records.jsonl', 'utf8')).toContain(
      'Order of 4 March 2026',
    )
    expect((await cli(['validate', '', '--config', 'matter.yaml'], env)).code).toBe(2)
    const planned = await cli(['remediate', '', '--config', 'matter.yaml', '--json'], env)
    expect(JSON.parse(planned.out)).toMatchObject({ dryRun: true, counts: { planned: expect.any(Number) } })
  })

  test('somebody is told of the end, and a notification that fails changes nothing', async () => {
    const bodies: { signature: string; body: string }[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += piece
      bodies.push({ signature: String(request.headers['x-legal-hold-signature']), body })
      response.writeHead(request.url?.startsWith('/broken') ? 400 : 204).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const told = { ...env, NOTIFY_SECRET: 'key of the hook' }
    const run = (path: string) => cli(['export', '--config', 'matter.yaml', '--notify', `${url}${path}`], told)
    try {
      expect(await run('/hook')).toMatchObject({ code: 0 })
      const broken = await run('/broken?token=topsecret')
      expect(broken).toMatchObject({ code: 0, err: expect.stringContaining('nobody was notified') })
      expect(broken.err).not.toContain('topsecret')
      const verify = (dir: string) => cli(['verify', dir, '--key', key, '--notify', `${url}/hook`], told)
      expect(await verify(evidence)).toMatchObject({ code: 0 })
      expect(await verify('nowhere')).toMatchObject({ code: 1 })
    } finally {
      server.close()
    }
    const kinds = bodies.map(({ body }) => JSON.parse(body).kind)
    expect(kinds).toEqual(['run-finished', 'run-finished', 'evidence-verified', 'verification-failed'])
    const [first] = bodies
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      kind: 'run-finished',
      outcome: 'complete',
      hold: { tag: 'doe-v-acme' },
    })
    expect(isSignedNotice({ secret: 'key of the hook', ...first! })).toBe(true)
    expect(isSignedNotice({ secret: 'another', ...first! })).toBe(false)
  })

  test('a dry run has a journal and a report of its own, and seals nothing', async () => {
    const dry = await example('export --config matter.yaml --dry-run')
    expect(dry).toMatchObject({ code: 2, out: expect.stringContaining('report-dry-run.json') })
    expect(dry.out).not.toContain('evidence:')
    expect(existsSync('legal-hold/doe-v-acme/journal-dry-run/records.jsonl')).toBe(true)
  })

  test('every example of every help was run', () => {
    // Those of scale have a story of their own.
    const all = commands.filter(({ name }) => !name.startsWith('scale ')).flatMap(({ examples }) => examples)
    expect(all.length).toBeGreaterThan(20)
    expect(all.filter((text) => !ran.has(text))).toEqual([])
  })
})

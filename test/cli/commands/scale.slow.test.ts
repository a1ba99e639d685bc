import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { commands } from '#src/cli/commands.js'
import { runCli } from '#src/cli/run.js'
import { S3StorageAdapter } from '#src/s3.js'
import { shardWorker } from '#src/scale.js'
import { mapHandler, S3ShardStore, s3BatchHandler, stateMachineDefinition } from '#src/scale-aws.js'
import { DistributedMapSimulator, S3ControlSimulator, type Simulators, startSimulators } from '#src/testing/index.js'
import { newKey } from '../../custody/bundle-world.js'
import { functionArn, roleArn } from '../../scale/aws/world.js'
import { cli } from '../run-cli.js'

const machineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:legal-hold-shards'
const cwd = process.cwd()
const closing: (() => unknown)[] = []
let simulators: Simulators
let env: Record<string, string> = {}
let sections: Readonly<Record<'local' | 's3-batch' | 'map', object>>
/** Holds the function of S3 Batch Operations back while it is not resolved. */
let gate = Promise.resolve()
let control: S3ControlSimulator
let sfn: DistributedMapSimulator

/** Both services over a function of this process, and a bucket for evidence beside that of the recordings. */
beforeAll(async () => {
  simulators = await startSimulators({ scenario: { count: 6 } })
  closing.push(() => simulators.close())
  const { genesys, s3 } = simulators.description
  simulators.s3.createBucket('legal-hold-evidence', { objectLock: true })
  const settings = {
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  }
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey)
  const store = new S3ShardStore({ ...settings, bucket: 'legal-hold-evidence' })
  const storage = new S3StorageAdapter({ ...settings, bucket: s3.bucket })
  closing.push(
    () => store.close(),
    () => storage.close(),
  )
  const worker = shardWorker({ store, storage })
  const over = s3BatchHandler({
    worker: async (ref, invocation) => {
      await gate
      return worker(ref, invocation)
    },
    bucket: 'legal-hold-evidence',
  })
  control = new S3ControlSimulator({ storage: settings, functions: { [functionArn]: over as never }, concurrency: 1 })
  sfn = new DistributedMapSimulator({
    storage: settings,
    stateMachines: { [machineArn]: stateMachineDefinition({ functionArn }) },
    functions: { [functionArn]: mapHandler({ worker }) as never },
  })
  const listeners = [await control.listen(), await sfn.listen()]
  closing.push(
    ...listeners.map((listener) => () => listener.close()),
    () => control.close(),
    () => sfn.close(),
  )
  sections = {
    local: { engine: 'local' },
    's3-batch': {
      engine: 's3-batch',
      s3Batch: { accountId: '123456789012', functionArn, roleArn, endpoint: listeners[0]?.endpoint },
    },
    map: { engine: 'map', map: { stateMachineArn: machineArn, endpoint: listeners[1]?.endpoint } },
  }
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
  vi.unstubAllEnvs()
  for (const close of closing.reverse()) await close()
})
afterEach(() => process.chdir(cwd))

/** Jobs of both services. */
const submitted = () => control.jobs.length + sfn.executions.length

const ran = new Set<string>()

/** Runs an example of a help. */
async function example(text: string, replace: Record<string, string> = {}) {
  ran.add(text)
  const result = await cli(
    text.split(' ').map((arg) => replace[arg] ?? arg),
    env,
  )
  for (const said of [result.out, result.err]) expect(said).not.toContain(env.GENESYS_CLIENT_SECRET)
  return result
}

/** A folder with a matter.yaml of its own, which is where the commands run. */
function matter(name: string, engine: keyof typeof sections): string {
  const folder = mkdtempSync(join(tmpdir(), 'scale-'))
  process.chdir(folder)
  const { pem, publicKey } = newKey()
  writeFileSync('key.pem', pem)
  writeFileSync('key.pub.pem', publicKey)
  const scale = { ...sections[engine], store: { bucket: 'legal-hold-evidence' }, objectsPerShard: 4, pollMs: 50 }
  writeFileSync(
    'matter.yaml',
    `${[
      `hold: { tag: doe-v-acme, matter: ${name} }`,
      'genesys: { region: eu-west-1 }',
      'accept: [{ code: retention-deletes-before-hold, reason: J. Doe answers }]',
      'evidence: { signingKey: key.pem }',
      'polling: { minIntervalMs: 20, maxIntervalMs: 200 }',
      'landingSettleMs: 2000',
      'landingQuietMs: 10000',
      `scale: ${JSON.stringify(scale)}`,
    ].join('\n')}\n`,
  )
  return `legal-hold/${name}`
}

describe.each(['local', 's3-batch', 'map'] as const)(
  'a matter over shards, by the command alone, with the engine %s',
  (engine) => {
    test('is planned, run, told and sealed, and its evidence verifies', async () => {
      const base = matter(`over-${engine}`, engine)
      const before = submitted()
      const planned = await example('scale plan --config matter.yaml --json')
      expect(planned).toMatchObject({ code: 0 })
      const plan = JSON.parse(planned.out)
      expect(plan).toMatchObject({ recordings: 6, planSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
      expect(plan.shards).toBeGreaterThan(1)
      expect(plan.estimate.dollars.total).toBeGreaterThan(0)
      expect(submitted()).toBe(before)
      const shown = await example('scale plan --config matter.yaml')
      expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/run +over-.*\n[\s\S]*Nothing was submitted/) })
      const waiting = await example('scale status --config matter.yaml')
      expect(waiting).toMatchObject({ code: 3, out: expect.stringMatching(/^planned/) })
      const done = await example('scale run --config matter.yaml --yes')
      expect(done).toMatchObject({ code: 0, err: expect.any(String) })
      const report = JSON.parse(readFileSync(`${base}/report.json`, 'utf8'))
      expect(report).toMatchObject({
        outcome: 'complete',
        runId: plan.runId,
        counts: { expected: 6 },
        scale: { engine, shards: plan.shards, rounds: 1 },
      })
      const again = await example('scale run --config matter.yaml --yes --json')
      expect(again).toMatchObject({ code: 0, err: expect.stringContaining('finished, and sealed in') })
      expect(JSON.parse(again.out)).toEqual(report)
      expect(existsSync(`${base}/report-2.json`)).toBe(false)
      const told = await example('scale status RUN-ID --config matter.yaml --json', { 'RUN-ID': plan.runId })
      expect(told.code).toBe(0)
      expect(JSON.parse(told.out)).toMatchObject({ state: 'finished', sealed: plan.shards, outcome: 'complete' })
      expect((await cli(['verify', `${base}/evidence`, '--key', 'key.pub.pem'], env)).code).toBe(0)
      const verified = await cli(
        ['verify', '--config', 'matter.yaml', '--key', 'key.pub.pem', '--shards', '--live'],
        env,
      )
      expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/shards verified[\s\S]*, 0 drifted/) })
      const bucket = simulators.description.s3.bucket
      const [recordingId = '?'] = simulators.scenario.inScope.recordingIds
      const key = simulators.s3.keys(bucket).find((one) => one.includes(recordingId))
      const proved = await cli(['prove', String(key), '--config', 'matter.yaml', '--out', 'proof.json'], env)
      expect(proved).toMatchObject({ code: 0, err: expect.any(String) })
      const proof = await cli(['verify', '--proof', 'proof.json', '--key', 'key.pub.pem', '--json'], env)
      expect(proof.code).toBe(0)
      expect(JSON.parse(proof.out)).toMatchObject({
        status: 'verifies',
        shard: expect.any(Number),
        record: { data: { object: { key } } },
      })
      const cancelled = await example('scale cancel RUN-ID --config matter.yaml', { 'RUN-ID': plan.runId })
      // A job that has ended is left as it is; that of a local run ended with its process.
      if (engine === 'local')
        expect(cancelled).toMatchObject({ code: 1, err: expect.stringContaining('nothing to cancel') })
      else expect(cancelled).toMatchObject({ code: 0, out: expect.stringContaining('complete') })
    })
  },
)

describe('scale run', () => {
  test('needs --yes where nobody can be asked, and exports nothing before', async () => {
    matter('unasked', 'local')
    expect(await cli(['scale', 'run', '--config', 'matter.yaml'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('needs --yes'),
    })
    expect(await cli(['scale', 'status', '--config', 'matter.yaml'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no run unasked-'),
    })
  })

  test('asks whoever sits there, and submits nothing without a yes', async () => {
    const base = matter('asked', 's3-batch')
    const before = submitted()
    const questions: string[] = []
    const asked = (answer: string) =>
      interactive(['scale', 'run', '--config', 'matter.yaml'], {
        ask: async (question) => {
          questions.push(question)
          return answer
        },
      })
    expect(await asked('')).toMatchObject({ code: 1, err: expect.stringContaining('was not confirmed') })
    expect(submitted()).toBe(before)
    expect(existsSync(`${base}/report.json`)).toBe(false)
    expect(await asked('yes')).toMatchObject({ code: 0 })
    expect(submitted()).toBe(before + 1)
    expect(questions).toEqual([expect.stringMatching(/^Submit these \d+ shards\? \[y\/N]$/), questions[0]])
  })

  test('that was interrupted is cancelled from elsewhere, and the same command does the rest', async () => {
    matter('cancelled', 's3-batch')
    let open = () => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    const args = ['scale', 'run', '--config', 'matter.yaml', '--yes']
    const stop = new AbortController()
    const ended = await interactive(args, {
      signal: stop.signal,
      onLine: (line) => {
        if (/^round 1, job .*: active/.test(line)) stop.abort(new Error('ended by SIGINT'))
      },
    })
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('The same command resumes from here.') })
    const status = await cli(['scale', 'status', '--config', 'matter.yaml', '--json'], env)
    expect(status.code).toBe(3)
    const { runId, jobs } = JSON.parse(status.out)
    expect(jobs).toMatchObject([{ round: 1, state: 'active' }])
    const cancelled = await cli(['scale', 'cancel', runId, '--config', 'matter.yaml', '--json'], env)
    expect(cancelled).toMatchObject({ code: 0, err: expect.any(String) })
    expect(JSON.parse(cancelled.out)).toMatchObject({ runId, engine: 's3-batch', jobId: jobs[0].id })
    open()
    await control.idle()
    expect(control.jobs.at(-1)?.status).toBe('Cancelled')
    expect((await cli(args, env)).code).toBe(0)
    expect(JSON.parse(readFileSync('legal-hold/cancelled/report.json', 'utf8')).scale).toMatchObject({
      rounds: 2,
      jobs: [{ state: 'cancelled' }, { state: 'complete' }],
    })
  })

  test('as a dry run is a run of its own, and changes and seals nothing', async () => {
    const base = matter('dry', 'local')
    expect(await example('scale run --config matter.yaml --yes --dry-run')).toMatchObject({ code: 0 })
    expect(existsSync(`${base}/evidence`)).toBe(false)
    expect(JSON.parse(readFileSync(`${base}/report-dry-run.json`, 'utf8'))).toMatchObject({
      dryRun: true,
      runId: expect.stringMatching(/-dry$/),
    })
  })

  test.each([
    [['--store', 'legal-hold-exports'], 'is the bucket of the recordings'],
    [['--store-prefix', 'runs'], "must be empty or end with '/'"],
    [['--engine', 'lambda'], '--engine "lambda" is not one of local, s3-batch, map'],
    [['--engine', 'map'], 'needs the section scale.map'],
    [['--run-id', 'a/b'], 'A run id is up to 100'],
  ])('refuses %j', async (flags, message) => {
    matter('refused', 'local')
    const { s3 } = simulators.description
    const args = flags.map((flag) => (flag === 'legal-hold-exports' ? s3.bucket : flag))
    const result = await cli(['scale', 'run', '--config', 'matter.yaml', '--yes', ...args], env)
    expect(result).toMatchObject({ code: 1, err: expect.stringContaining(message) })
  })
})

test('every example of the helps of scale was run', () => {
  const all = commands.filter(({ name }) => name.startsWith('scale ')).flatMap(({ examples }) => examples)
  expect(all.length).toBeGreaterThan(6)
  expect(all.filter((text) => !ran.has(text))).toEqual([])
})

interface Sitting {
  readonly ask?: (question: string) => Promise<string>
  readonly signal?: AbortSignal
  readonly onLine?: (line: string) => void
}

/** A command with somebody in front of it. */
async function interactive(args: readonly string[], { ask, signal, onLine = () => {} }: Sitting) {
  let err = ''
  const code = await runCli(args, {
    out: onLine,
    err: (line) => {
      err += `${line}\n`
    },
    env,
    signal: signal ?? new AbortController().signal,
    ask,
  })
  return { code, err }
}

/*
 * A long run under faults: a share of all requests to both services fails in one way or another, and in the end nothing may
 * be lost, nothing done twice, and the heap as flat as it was.
 *
 *   npm run soak -- [--objects 100000] [--faults 0.01] [--seed TEXT]
 *
 * The simulators run in a process of their own. Nineteen of twenty objects arrive with the hold, the others are to be repaired.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RecordingJobsPlatform } from '../src/genesys.ts'
import { LegalHoldExporter, type RunReport } from '../src/index.ts'
import { FileJournal } from '../src/node.ts'
import { S3StorageAdapter } from '../src/s3.ts'
import { S3Simulator, simulatorCredentials } from '../src/testing/index.ts'
import { flags, refuse } from './flags.ts'
import { bucket, type ServerDescription, type ServerOrders, type ServerState, tag } from './soak/orders.ts'

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const usage = `Usage: npm run soak -- [flags]
  --objects N      objects in the bucket (100000)
  --faults SHARE   of all requests to both services, from 0 to 1 (0.01)
  --seed TEXT      which ones they are`

const values = flags(
  {
    objects: { type: 'string', default: '100000' },
    faults: { type: 'string', default: '0.01' },
    seed: { type: 'string', default: `soak-${Date.now()}` },
  },
  usage,
)
const orders: ServerOrders = { objects: Number(values.objects), faults: Number(values.faults), seed: values.seed }
if (!Number.isInteger(orders.objects) || orders.objects < 1 || !(orders.faults >= 0 && orders.faults < 1)) {
  refuse('--objects takes a whole number, --faults a share from 0 to 1', usage)
}

/** The account of expected recordings has numbers for each of them; nothing else may grow with the bucket. */
const bytesPerObject = 300
/** What comes and goes: pages under way, compiled code, connections. */
const slackBytes = 12e6

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Start it with --expose-gc, as npm run soak does.')
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Samples the heap at each quarter of the objects. */
class HeapWatch {
  readonly samples: number[] = []
  readonly #objects: number
  #verdicts = 0

  constructor(objects: number) {
    this.#objects = objects
  }

  verdict(): void {
    this.#verdicts += 1
    while (this.samples.length < 4 && this.#verdicts >= (this.#objects * (this.samples.length + 1)) / 4) this.sample()
  }

  sample(): void {
    this.samples.push(heapBytes())
    console.log(`${this.samples.length * 25} % of the objects: heap ${megabytes(this.samples.at(-1) ?? 0)} MB`)
  }

  /** From the first quarter to the last. */
  get growthBytes(): number {
    return (this.samples.at(-1) ?? Number.NaN) - (this.samples[0] ?? Number.NaN)
  }

  get mayGrowBytes(): number {
    return slackBytes + 0.75 * this.#objects * bytesPerObject
  }
}

/** Last outcome of each key that the journal tells, and how many of its records were of no known key or of one twice. */
async function recordsOf(directory: string, keys: ReadonlySet<string>) {
  const outcomes = new Map<string, string>()
  const wrongs: string[] = []
  const lines = createInterface({ input: createReadStream(join(directory, 'records.jsonl')) })
  for await (const line of lines) {
    const { type, data } = JSON.parse(line) as {
      readonly type: string
      readonly data: { readonly object?: { readonly key: string }; readonly outcome?: string }
    }
    if (type !== 'verdict' || data.object === undefined) continue
    const { key } = data.object
    if (!keys.has(key)) wrongs.push(`the journal has a verdict on ${key}, which was not delivered`)
    if (outcomes.has(key)) wrongs.push(`the journal has two verdicts on ${key}`)
    outcomes.set(key, data.outcome ?? '')
  }
  return { outcomes, wrongs }
}

/** What is wrong with the report, by what the servers know. */
function wrongsOfReport(report: RunReport, servers: ServerDescription, state: ServerState): string[] {
  const wrongs: string[] = []
  const equal = (what: string, is: unknown, was: unknown) => {
    if (is !== was) wrongs.push(`${what}: ${String(is)} in place of ${String(was)}`)
  }
  const { expected, held, repaired, failedAtSource, ...rest } = report.counts
  equal('expected recordings', expected, servers.recordingIds.length)
  equal('held or repaired', held + repaired, servers.recordingIds.length - servers.failAtSourceIds.length)
  equal('failed at source', failedAtSource, servers.failAtSourceIds.length)
  for (const [name, count] of Object.entries(rest)) equal(name, count, 0)
  const named = report.exceptions.map(({ recordingId }) => recordingId).sort()
  equal('exceptions', named.join(), [...servers.failAtSourceIds].sort().join())
  equal('repaired objects', report.remediations.repaired, state.delivered.bare)
  // What failed at source is not held, and a report that says otherwise is worse than none.
  equal('outcome', report.outcome, servers.failAtSourceIds.length > 0 ? 'incomplete' : 'complete')
  equal('coverage', report.coverage.proven, true)
  return wrongs
}

const servers = fork(fileURLToPath(new URL('./soak/servers.ts', import.meta.url)), [JSON.stringify(orders)], {
  execArgv: ['--import', 'tsx', '--max-old-space-size=4096'],
})
const directory = mkdtempSync(join(tmpdir(), 'legal-hold-soak-'))
try {
  const gone = once(servers, 'exit').then(([code]) => {
    throw new Error(`The simulators ended with ${code}.`)
  })
  gone.catch(() => {})
  const heard = async <T>() => (await Promise.race([once(servers, 'message'), gone]))[0] as T
  const description = await heard<ServerDescription>()
  console.log(
    `${description.recordingIds.length} recordings, ${description.objects} objects, ${orders.faults * 100} % faults, seed ${orders.seed}`,
  )
  const { genesys } = simulatorCredentials
  const heap = new HeapWatch(description.objects)
  const storage = new S3StorageAdapter({
    bucket,
    endpoint: description.s3Endpoint,
    region: 'eu-west-1',
    credentials: S3Simulator.defaultCredentials,
    attemptTimeoutMs: 5_000,
  })
  const exporter = new LegalHoldExporter({
    platform: new RecordingJobsPlatform({
      region: genesys.region,
      endpoint: description.genesysEndpoint,
      clientId: genesys.clientId,
      clientSecret: genesys.clientSecret,
      timeoutMs: 5_000,
    }),
    storage,
    hold: { tag },
    polling: { minIntervalMs: 200, maxIntervalMs: 2_000 },
    landingSettleMs: 500,
  })
  const startedAt = performance.now()
  const [retries, startBytes] = [new Map<string, number>(), heapBytes()]
  console.log(`at the beginning: heap ${megabytes(startBytes)} MB`)
  const report = await exporter.run(
    { integrationId: genesys.integrationId, interval: description.interval, mediaTypes: 'digital' },
    {
      journal: new FileJournal(directory),
      onEvent: (event) => {
        if (event.type === 'verdict') heap.verdict()
        if (event.type === 'retry') retries.set(event.error.code, (retries.get(event.error.code) ?? 0) + 1)
      },
    },
  )
  const seconds = (performance.now() - startedAt) / 1_000
  storage.close()
  servers.send('state')
  const state = await heard<ServerState>()
  const { outcomes, wrongs } = await recordsOf(directory, new Set(state.keys))
  wrongs.push(...state.wrongs, ...wrongsOfReport(report, description, state))
  const lost = state.keys.filter((key) => !['held', 'repaired'].includes(outcomes.get(key) ?? ''))
  if (state.keys.length !== description.objects) wrongs.push(`${state.keys.length} objects were delivered`)
  if (lost.length > 0) wrongs.push(`${lost.length} objects without a verdict, such as ${lost[0]}`)
  if (heap.samples.length < 4) wrongs.push(`only ${heap.samples.length} quarters were seen`)
  if (!(heap.growthBytes <= heap.mayGrowBytes)) {
    wrongs.push(`the heap grew by ${megabytes(heap.growthBytes)} MB, more than ${megabytes(heap.mayGrowBytes)}`)
  }
  const faults = Object.values(state.faults).reduce((sum, count) => sum + count, 0)
  console.log(`${faults} faults in ${state.requests} requests to S3 and those to Genesys Cloud:`, state.faults)
  console.log('repeats:', Object.fromEntries(retries))
  console.log('recordings:', report.counts)
  console.log(`${state.keys.length} objects in the bucket and in the journal, ${state.delivered.bare} of them repaired`)
  console.log(`${seconds.toFixed(0)} s, heap from 25 % to 100 %: ${megabytes(heap.growthBytes)} MB more`)
  for (const wrong of wrongs) console.error(`wrong: ${wrong}`)
  console.log(wrongs.length === 0 ? 'nothing lost' : `${wrongs.length} wrongs`)
  process.exitCode = wrongs.length === 0 ? 0 : 1
} finally {
  if (servers.exitCode === null) servers.kill()
  rmSync(directory, { recursive: true, force: true })
}

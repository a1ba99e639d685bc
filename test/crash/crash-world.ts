import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { build } from 'esbuild'
import {
  type ExportRequest,
  type HoldRequirements,
  type RunReport,
  type StorageClassCost,
  s3Prices,
} from '../../src/index.js'
import {
  buildConversation,
  buildIntegration,
  buildOrganization,
  buildRecording,
  type DeliveredObject,
  GenesysSimulator,
  S3Simulator,
} from '../../src/testing/index.js'
import { sign } from '../testing/s3/signer.js'
import type { ChildOrders } from './exporter-child.js'

export const tag = 'discovery-batch-2023-10'
const bucket = 'evidence'
const integrationId = 'a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03'
const root = fileURLToPath(new URL('../../', import.meta.url))
const childPath = join(root, '.cache', `crash-child-${process.pid}.mjs`)

/** What a run of 300 objects has to repair. */
export interface Shape {
  readonly name: string
  readonly requirements: HoldRequirements
  /** Objects larger than this are copied in parts. @defaultValue as S3 demands it */
  readonly multipartThresholdBytes?: number
}

export const shapes: readonly Shape[] = [
  {
    name: 'metadata, tags and lock',
    requirements: { metadata: { 'legal-hold-tag': tag }, tags: { matter: tag }, legalHold: true },
  },
  // Without a hold of its own each original is held before it is demoted.
  { name: 'metadata alone', requirements: { metadata: { 'legal-hold-tag': tag } } },
]

/** The program of the child in one file: what starts a hundred times has to start fast. */
export async function buildChild(): Promise<void> {
  await build({
    entryPoints: [join(root, 'test/crash/exporter-child.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    outfile: childPath,
    logLevel: 'error',
  })
}

export function removeChild(): void {
  rmSync(childPath, { force: true })
}

const id = (kind: string, at: number) => {
  const hex = createHash('sha256').update(`${kind}/${at}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A hundred recordings: 100 of them with sidecars, 60 transcripts, 40 attachments, and 5 that fail or are left out. */
const conversations = Array.from({ length: 105 }, (_, at) => {
  const startMs = Date.parse('2023-10-18T09:00:00Z') + (at % 12) * 3_600_000 + at * 1_000
  const times = { startTime: new Date(startMs).toISOString(), endTime: new Date(startMs + 60_000).toISOString() }
  return buildConversation({
    id: id('conversation', at),
    media: 'message',
    messageType: 'whatsapp',
    ...times,
    recordings: [
      buildRecording({
        id: id('recording', at),
        communicationId: id('communication', at),
        media: 'message',
        ...times,
        transcript: at < 60,
        attachments:
          at >= 60 && at < 100
            ? [
                {
                  id: id('attachment', at),
                  name: `Bild ${at}.jpg`,
                  contentType: 'image/jpeg',
                  content: { kind: 'text', text: `bytes ${at}` },
                },
              ]
            : [],
        failsAtSource: at === 100 || at === 101,
        sensitive: at >= 102,
      }),
    ],
  })
})

/** A platform and a bucket of one run. */
export class CrashWorld {
  readonly request: ExportRequest = {
    integrationId,
    interval: { start: '2023-10-18T00:00:00Z', end: '2023-10-19T00:00:00Z' },
    includeSensitive: false,
  }
  readonly genesys: GenesysSimulator
  readonly s3: S3Simulator
  readonly #directory: string
  readonly #shape: Shape
  readonly #closers: (() => unknown)[] = []
  #genesysEndpoint = ''
  #s3Endpoint = ''

  private constructor(directory: string, shape: Shape) {
    this.#directory = directory
    this.#shape = shape
    this.s3 = new S3Simulator({ maxLoggedRequests: 100_000 })
    this.s3.createBucket(bucket, { versioning: 'Enabled', objectLock: true })
    this.genesys = new GenesysSimulator({
      organization: buildOrganization({
        conversations,
        integrations: [buildIntegration({ id: integrationId, bucket })],
      }),
      indexLagMs: 0,
      rateLimitPerMinute: 1_000_000,
      timings: { pendingMs: 0, processingMs: 0, analyticsMs: 0 },
      delivery: {
        region: 'eu-west-1',
        credentials: S3Simulator.defaultCredentials,
        put: (object) => this.#deliver(object),
      },
    })
  }

  static async open(directory: string, shape: Shape): Promise<CrashWorld> {
    const world = new CrashWorld(directory, shape)
    const [genesys, s3] = await Promise.all([world.genesys.listen(), world.s3.listen()])
    world.#genesysEndpoint = genesys.endpoint
    world.#s3Endpoint = s3.endpoint
    world.#closers.push(
      () => genesys.close(),
      () => s3.close(),
      () => world.genesys.close(),
    )
    mkdirSync(directory, { recursive: true })
    return world
  }

  /** Where processes reach both servers. */
  get endpoints(): { readonly genesys: string; readonly s3: string } {
    return { genesys: this.#genesysEndpoint, s3: this.#s3Endpoint }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
    this.s3.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** As the platform would, but some objects already carry something, and some the tag of another matter. */
  async #deliver({ key, body, contentType, metadata }: DeliveredObject): Promise<void> {
    const kind = Number.parseInt(createHash('sha256').update(key).digest('hex').slice(0, 4), 16) % 40
    const headers: Record<string, string> = {
      'content-type': contentType,
      'content-length': String(body.length),
      // S3 takes no lock without it.
      'content-md5': createHash('md5').update(body).digest('base64'),
    }
    for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name}`] = value
    const lacks = { metadata: kind <= 2, tags: kind === 2 || kind === 3, lock: kind <= 1 || kind === 4 }
    // Of several conflicts of one recording the report names the one that was seen first: here it is the only one.
    const isConflict = kind >= 5 && kind <= 7 && /\/[0-9a-f-]{36}\.json$/.test(key)
    if (!lacks.metadata) headers['x-amz-meta-legal-hold-tag'] = isConflict ? 'another-matter' : tag
    headers['x-amz-tagging'] = lacks.tags ? 'team=y' : `team=y&matter=${tag}`
    if (!lacks.lock) headers['x-amz-object-lock-legal-hold'] = 'ON'
    const path = `/${bucket}/${key.split('/').map(encoded).join('/')}`
    const signed = sign('http://127.0.0.1', { method: 'PUT', path, headers, payloadHash: 'UNSIGNED-PAYLOAD' })
    const request = new Request(signed.url, { method: 'PUT', headers: signed.headers, body: Buffer.from(body) })
    const answer = await this.s3.handle(request, { rawTarget: path })
    if (!answer.ok) throw new Error(`PUT ${key}: ${answer.status} ${await answer.text()}`)
  }

  /** Runs the child until it ends. Returns its report, or `killed`. */
  async run(killAt = 0, moment: ChildOrders['moment'] = 'before'): Promise<RunReport | 'killed'> {
    return this.#start(killAt, moment).ended
  }

  /** Runs the child until it waits for the answer to a request that was carried out, and kills it there. */
  async killedAwaiting(server: 'genesys' | 's3', operation: string): Promise<void> {
    const hang = this[server].faults.add({ match: { operation }, action: { kind: 'hang' } })
    const { child, ended } = this.#start(0, 'before')
    while (hang.hits === 0 && child.exitCode === null) await sleep(5)
    // What it asked for is done, though nobody tells it.
    await sleep(100)
    child.kill('SIGKILL')
    if ((await ended) !== 'killed') throw new Error(`Nothing asked for ${operation}`)
  }

  #start(killAt: number, moment: ChildOrders['moment']) {
    const { requirements, multipartThresholdBytes } = this.#shape
    const orders: ChildOrders = {
      directory: this.#directory,
      genesysEndpoint: this.#genesysEndpoint,
      storage: {
        bucket,
        endpoint: this.#s3Endpoint,
        region: 'eu-west-1',
        credentials: S3Simulator.defaultCredentials,
        multipartThresholdBytes,
      },
      request: this.request,
      requirements,
      tag,
      killAt,
      moment,
    }
    const child = spawn(process.execPath, [childPath, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    const ended = once(child, 'close').then(([code, signal]): RunReport | 'killed' => {
      if (signal === 'SIGKILL') return 'killed'
      if (code !== 0 || out === '') throw new Error(`The child ended with ${code ?? signal}: ${err}`)
      return JSON.parse(out) as RunReport
    })
    return { child, ended }
  }

  /** Leaves so much of the last line, as a write that was cut short does; `share` from 0 to 1. */
  tear(share: number): void {
    const path = join(this.#directory, 'records.jsonl')
    const text = readFileSync(path)
    const end = text.lastIndexOf(0x0a, text.length - 2) + 1
    truncateSync(path, end + Math.floor((statSync(path).size - end) * share))
  }

  /** Records of the journal. */
  get records(): number {
    return readFileSync(join(this.#directory, 'records.jsonl'), 'utf8').split('\n').length - 1
  }

  /** All that a stranger could see in the bucket, but for what differs between any two runs: ids and times. */
  bucket(): unknown {
    return this.s3.keys(bucket).map((key) => [
      key,
      this.s3.versions(bucket, key).map((version) => {
        const { versionId, sequence, lastModifiedMs, body, ...rest } = version
        return { ...rest, sizeBytes: body.sizeBytes }
      }),
    ])
  }

  /** How often each key was copied onto itself. */
  copies(): Map<string, number> {
    const copies = new Map<string, number>()
    for (const { operation, key = '', status } of this.s3.requests) {
      const isCopy = operation === 'CopyObject' || operation === 'CompleteMultipartUpload'
      if (isCopy && status === 200) copies.set(key, (copies.get(key) ?? 0) + 1)
    }
    return copies
  }
}

const encoded = (part: string) =>
  encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** A report without what is of one run only. */
export function lasting(report: RunReport | 'killed') {
  if (report === 'killed') throw new Error('the run was killed')
  const { runId, resumed, startedAt, finishedAt, timings, job, jobs, coverage, ...rest } = report
  const lastingJob = ({ state, totals, request }: typeof job) => ({ state, totals, request })
  // The index of the simulator reaches to the present.
  const { availableUntil, ...proven } = coverage
  // In the order in which the platform's lists happened to come in.
  const exceptions = rest.exceptions.toSorted((a, b) => ((a.recordingId ?? '') < (b.recordingId ?? '') ? -1 : 1))
  const remediations = { ...rest.remediations, cost: withoutLooks(rest.remediations.cost) }
  return { ...rest, remediations, exceptions, coverage: proven, job: lastingJob(job), jobs: jobs.map(lastingJob) }
}

/**
 * How many objects a run looked beneath one by one. A run looks beneath all that it copied with one list; what it had not
 * looked beneath when it was killed, the next one does, at most once for each copy.
 */
export function looksBeneath(report: RunReport | 'killed'): number {
  return report === 'killed' ? 0 : (report.remediations.cost.requests.ListObjectVersions ?? 0)
}

/** What the repairs cost, but for the looks beneath what a killed run had copied. */
function withoutLooks(cost: RunReport['remediations']['cost']) {
  const rest = (sum: StorageClassCost): StorageClassCost => {
    const { ListObjectVersions: looks = 0, ...requests } = sum.requests
    return { ...sum, requests, dollars: { ...sum.dollars, requests: less(sum.dollars.requests, looks) } }
  }
  const { ListObjectVersions: looks = 0, ...requests } = cost.requests
  const { requests: paid, total } = cost.dollars
  return {
    ...cost,
    requests,
    dollars: { ...cost.dollars, requests: less(paid, looks), total: less(total, looks) },
    byStorageClass: Object.fromEntries(Object.entries(cost.byStorageClass).map(([name, sum]) => [name, rest(sum)])),
  }
}

/** Dollars without the price of so many lists, as exact as a report says them. */
const less = (dollars: number, lists: number) =>
  Math.round((dollars - (lists * s3Prices.listsPer1000) / 1_000) * 1_000_000) / 1_000_000

/** The first place in which two values differ, and how; empty where they are equal. */
export function differenceOf(is: unknown, was: unknown, path = ''): string {
  if (isDeepStrictEqual(is, was)) return ''
  if (typeof is === 'object' && typeof was === 'object' && is !== null && was !== null) {
    for (const name of new Set([...Object.keys(is), ...Object.keys(was)])) {
      const [left, right] = [(is as Record<string, unknown>)[name], (was as Record<string, unknown>)[name]]
      const difference = differenceOf(left, right, `${path}.${name}`)
      if (difference !== '') return difference
    }
  }
  return `${path}: ${JSON.stringify(is)} in place of ${JSON.stringify(was)}`
}

import { cpus } from 'node:os'
import type { Contender, Measurement } from '../contenders.ts'
import { median, round, span } from '../numbers.ts'
import { dollarsPerMillion, requestsPerObject, type WholeRun, wholeContenders } from './contenders.ts'
import { objectsPerRecording } from './layout.ts'
import { rawRate, startWholeServer } from './server.ts'

export interface WholeSettings {
  readonly recordings: number
  readonly concurrency: number
  readonly rounds: number
  readonly latencyMs: number
  readonly objectLock: boolean
  readonly json: boolean
  /** Names of contenders; undefined for all. */
  readonly only: readonly string[] | undefined
}

interface Result {
  readonly contender: Contender
  readonly runs: readonly WholeRun[]
}

/** Each contender in turn, several times over, each time on a bucket as it was delivered. */
export async function compareWholeRuns(settings: WholeSettings): Promise<void> {
  const { recordings, rounds, json } = settings
  // Of few recordings no rate is exact, and the server's need not take longer than they do.
  const rate = await rawRate(settings.concurrency, Math.min(500, recordings / 2))
  const chosen = wholeContenders(settings.objectLock).filter(({ name }) => settings.only?.includes(name) ?? true)
  const runs = new Map<Contender, WholeRun[]>(chosen.map((contender) => [contender, []]))
  for (let turn = 1; turn <= rounds; turn += 1) {
    for (const [contender, measured] of runs) {
      if (!json) process.stderr.write(`round ${turn} of ${rounds}: ${contender.name}\n`)
      measured.push(await wholeRun(contender, settings))
    }
  }
  const results = [...runs].map(([contender, measured]) => ({ contender, runs: measured }))
  if (json) {
    const server = {
      requestsPerSecond: Math.round(rate),
      latencyMs: settings.latencyMs,
      objectLock: settings.objectLock,
    }
    console.log(JSON.stringify({ server, recordings, results: results.map(asJson) }, null, 2))
  } else print(results, settings, rate)
}

/** One run of a contender on a server of its own. */
export async function wholeRun(
  contender: Contender,
  settings: Pick<WholeSettings, 'recordings' | 'concurrency' | 'latencyMs' | 'objectLock'>,
): Promise<WholeRun> {
  const server = await startWholeServer(settings)
  try {
    const objects = settings.recordings * objectsPerRecording
    const measured: Measurement = await contender.run({
      endpoint: server.endpoint,
      objects,
      concurrency: settings.concurrency,
    })
    return { ...measured, counts: await server.counts() }
  } finally {
    await server.stop()
  }
}

const perSecond = ({ objects, seconds }: WholeRun) => objects / seconds
const cpuPer10k = ({ objects, cpuSeconds }: WholeRun) => (cpuSeconds / objects) * 10_000

function asJson({ contender, runs }: Result) {
  const of = (value: (run: WholeRun) => number) => median(runs.map(value))
  return {
    name: contender.name,
    objects: of(({ objects }) => objects),
    objectsPerSecond: Math.round(of(perSecond)),
    cpuSecondsPer10k: round(of(cpuPer10k), 3),
    peakRssBytes: of(({ peakRssBytes }) => peakRssBytes),
    requestsPerObject: round(of(requestsPerObject), 3),
    roundTripsPerObject: of(({ counts }) => counts.roundTrips.median),
    mostRoundTrips: of(({ counts }) => counts.roundTrips.most),
    dollarsPerMillion: round(of(dollarsPerMillion), 2),
    connections: of(({ counts }) => counts.connections),
    serverIdleShare: round(
      of(({ counts }) => counts.idleShare),
      3,
    ),
    requests: runs.at(-1)?.counts.requests,
  }
}

function print(results: readonly Result[], settings: WholeSettings, rate: number): void {
  const { recordings, concurrency, latencyMs, objectLock } = settings
  const { model = 'unknown processor' } = cpus()[0] ?? {}
  const bucket = objectLock ? 'versioned bucket with Object Lock' : 'versioned bucket without Object Lock'
  console.log(`${cpus().length} cores (${model.trim()}), ${process.platform} ${process.arch}, Node ${process.version}`)
  console.log(
    `${recordings.toLocaleString('en')} recordings, each a media file and a sidecar: ${(recordings * objectsPerRecording).toLocaleString('en')} objects, none of them tagged, ${bucket}`,
  )
  console.log(
    `server Node ${process.version} in a process of its own, ${concurrency} requests at once, ${latencyMs} ms of latency; a client that only writes and reads bytes gets ${Math.round(rate).toLocaleString('en')} answers a second`,
  )
  if (latencyMs === 0)
    console.log('round trips are not meaningful without --latency-ms: what is sent at once need not overlap')
  console.log()
  console.log(
    '| client | for each object | requests | round trips | dollars a million | CPU s / 10,000 | objects/s | peak RSS MB | connections | server idle |',
  )
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
  for (const { contender, runs } of results) {
    const of = (value: (run: WholeRun) => number) => median(runs.map(value))
    const cells = [
      contender.name,
      contender.does,
      of(requestsPerObject).toFixed(2),
      latencyMs === 0 ? '' : `${of(({ counts }) => counts.roundTrips.median)}`,
      of(dollarsPerMillion).toFixed(2),
      span(runs.map(cpuPer10k), (value) => value.toFixed(2)),
      span(runs.map(perSecond), (value) => Math.round(value).toLocaleString('en')),
      `${Math.round(of(({ peakRssBytes }) => peakRssBytes) / 1e6)}`,
      `${of(({ counts }) => counts.connections)}`,
      `${Math.round(of(({ counts }) => counts.idleShare) * 100)} %`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

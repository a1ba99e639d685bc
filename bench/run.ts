/*
 * Compares this library with other ways to read the headers of many objects:
 *
 *   npm run bench -- [--objects N] [--concurrency N] [--rounds N] [--latency-ms N] [--endpoint URL] [--only NAMES]
 *     [--repairs | --run] [--no-object-lock] [--json]
 *
 * With --run it compares whole runs that repair every object, from the inspection to the sealed evidence, with the loops that
 * are written with the AWS SDK (bench/whole).
 *
 * Against canned answers of nginx (Debian package) if it is installed, of a Node process otherwise, with a latency, or
 * where objects are repaired (--repairs).
 * Every contender runs in a process of its own, all of them in turn and several times over. CPU is the client's, by the
 * accounting of the operating system, from the first request after a warm-up to the last (of programs: from their start).
 */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { type Contender, contenders, type Measurement, NotComparable } from './contenders.ts'
import { flags, refuse } from './flags.ts'
import { median, round, span } from './numbers.ts'
import { startServer } from './server.ts'
import { compareWholeRuns } from './whole/compare.ts'
import { wholeContenders } from './whole/contenders.ts'

const usage = `Usage: npm run bench -- [flags]
  --objects N       objects in the bucket and read by each contender (100000; 10000 repaired); with --run the
                    recordings that the platform lists (1000), of which each is two objects, media and sidecar
  --concurrency N   requests at once (50)
  --rounds N        how often each contender runs, in turn (3)
  --latency-ms N    wait before each answer (0)
  --endpoint URL    another server, with the bucket BENCH_BUCKET and credentials from the environment
  --only NAMES      of ${contenders.map(({ name }) => name).join(', ')}
  --repairs         compare repairs of objects instead
  --run             compare whole runs that repair every object: ${wholeContenders(true)
    .map(({ name }) => name)
    .join(', ')}
  --no-object-lock  with --run: on a bucket without Object Lock
  --json            { results: [{ name, objects, objectsPerSecond, cpuSecondsPer10k, peakRssBytes }] }; with --run also
                    requestsPerObject, roundTripsPerObject (with a latency), dollarsPerMillion, connections, requests`

const values = flags(
  {
    objects: { type: 'string' },
    concurrency: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
    'latency-ms': { type: 'string', default: '0' },
    endpoint: { type: 'string' },
    only: { type: 'string' },
    repairs: { type: 'boolean', default: false },
    run: { type: 'boolean', default: false },
    'no-object-lock': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  usage,
)

interface Result {
  readonly contender: Contender
  readonly runs: readonly Measurement[]
}

const perSecond = ({ objects, seconds }: Measurement) => objects / seconds
const cpuPer10k = ({ objects, cpuSeconds }: Measurement) => (cpuSeconds / objects) * 10_000

async function main(): Promise<void> {
  if (values.run) {
    await wholeRuns()
    return
  }
  const chosen = choose()
  if (chosen.length === 0)
    refuse("None of them can be run: not installed, or only against the bench's own server.", usage)
  const repairs = chosen.some((contender) => contender.repairs)
  values.objects ??= repairs ? '10000' : '100000'
  const [objects, concurrency, rounds] = [whole('objects'), whole('concurrency'), whole('rounds')]
  const latencyMs = Number(values['latency-ms'])
  const server = values.endpoint === undefined ? await startServer(objects, latencyMs, !repairs) : undefined
  const endpoint = values.endpoint ?? server?.endpoint ?? ''
  const runs = new Map<Contender, Measurement[]>(chosen.map((contender) => [contender, []]))
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [contender, measured] of runs) {
        if (!values.json) process.stderr.write(`round ${round} of ${rounds}: ${contender.name}\n`)
        try {
          measured.push(await contender.run({ endpoint, objects, concurrency }))
        } catch (error) {
          if (!(error instanceof NotComparable)) throw error
          process.stderr.write(`${error.message}: left out\n`)
          runs.delete(contender)
        }
      }
    }
  } finally {
    await server?.stop()
  }
  const results = [...runs].map(([contender, measured]) => ({ contender, runs: measured }))
  if (values.json) console.log(JSON.stringify({ results: results.map(asJson) }, null, 2))
  else print(results, { concurrency, latencyMs, server: server?.name ?? endpoint })
}

async function wholeRuns(): Promise<void> {
  if (values.repairs || values.endpoint !== undefined) refuse('--run goes with neither --repairs nor --endpoint', usage)
  values.objects ??= '1000'
  const objectLock = !values['no-object-lock']
  const only = values.only?.split(',')
  const known = wholeContenders(objectLock).map(({ name }) => name)
  for (const name of only ?? []) if (!known.includes(name)) refuse(`Unknown contender "${name}".`, usage)
  const latencyMs = Number(values['latency-ms'])
  const [recordings, concurrency, rounds] = [whole('objects'), whole('concurrency'), whole('rounds')]
  await compareWholeRuns({ recordings, concurrency, rounds, latencyMs, objectLock, only, json: values.json })
}

function whole(name: 'objects' | 'concurrency' | 'rounds'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) refuse(`--${name} must be a whole number`, usage)
  return value
}

function choose(): Contender[] {
  const names = values.only?.split(',')
  for (const name of names ?? []) {
    if (!contenders.some((contender) => contender.name === name)) refuse(`Unknown contender "${name}".`, usage)
  }
  return contenders.filter(({ name, onlyHere, repairs = false, version }) => {
    if (names === undefined ? repairs !== values.repairs : !names.includes(name)) return false
    return !(onlyHere === true && values.endpoint !== undefined) && version() !== undefined
  })
}

function asJson({ contender, runs }: Result) {
  return {
    name: contender.name,
    objects: median(runs.map((run) => run.objects)),
    objectsPerSecond: Math.round(median(runs.map(perSecond))),
    cpuSecondsPer10k: round(median(runs.map(cpuPer10k)), 3),
    peakRssBytes: median(runs.map(({ peakRssBytes }) => peakRssBytes)),
  }
}

function print(results: readonly Result[], about: { concurrency: number; latencyMs: number; server: string }): void {
  const { model = 'unknown processor' } = cpus()[0] ?? {}
  const versions = results.map(({ contender }) => `${contender.name} ${contender.version()}`)
  console.log(`${cpus().length} cores (${model.trim()}), ${process.platform} ${process.arch}, Node ${process.version}`)
  console.log(`server ${about.server}, ${about.concurrency} requests at once, ${about.latencyMs} ms of latency`)
  console.log(versions.join(', '))
  console.log(`import of genesys-legal-hold-exporter: ${span(importsMs(), (ms) => ms.toFixed(1))} ms\n`)
  console.log('| client | for each object | CPU s / 10,000 (min to max) | objects/s (min to max) | peak RSS MB |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const { contender, runs } of results) {
    const rss = Math.round(median(runs.map(({ peakRssBytes }) => peakRssBytes)) / 1e6)
    const cpu = span(runs.map(cpuPer10k), (value) => value.toFixed(2))
    const rate = span(runs.map(perSecond), (value) => Math.round(value).toLocaleString('en'))
    console.log(`| ${contender.name} | ${contender.does} | ${cpu} | ${rate} | ${rss} |`)
  }
}

/** How long Node takes to import the main entry, each time in a process of its own. */
function importsMs(): number[] {
  const script =
    "const from = performance.now(); await import('genesys-legal-hold-exporter'); console.log(performance.now() - from)"
  const once = () => spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  return Array.from({ length: 5 }, () => Number(once().stdout))
}

await main()

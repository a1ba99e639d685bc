/*
 * How time and memory grow with the bucket, each size in a process of its own: the pipeline of this library over 10,000, 100,000
 * and a million objects that carry the hold; with --run a whole run that repairs every object of 5,000 and 50,000 recordings.
 *
 *   npm run bench:memory -- [--run] [--sizes 10000,100000,1000000] [--concurrency N] [--json]
 */
import { cpus } from 'node:os'
import { type Contender, contenders, type Measurement } from './contenders.ts'
import { flags, refuse } from './flags.ts'
import { startServer } from './server.ts'
import { wholeRun } from './whole/compare.ts'
import { wholeContenders } from './whole/contenders.ts'
import { objectsPerRecording } from './whole/layout.ts'

const usage = `Usage: npm run bench:memory -- [flags]
  --run             whole runs that repair every object, on a versioned bucket with Object Lock
  --sizes N,N,…     objects in the buckets (10000,100000,1000000); with --run recordings, of which each is two objects
                    (5000,50000)
  --concurrency N   requests at once (50)
  --json            { growth: [{ objects, seconds, cpuSeconds, peakRssBytes }] }`

const values = flags(
  {
    run: { type: 'boolean', default: false },
    sizes: { type: 'string' },
    concurrency: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
  usage,
)
const sizes = (values.sizes ?? (values.run ? '5000,50000' : '10000,100000,1000000')).split(',').map(Number)
const concurrency = Number(values.concurrency)
const library = (values.run ? wholeContenders(true) : contenders).find(({ name }) => /^library(-run)?$/.test(name))
if (library === undefined || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
  refuse('--sizes takes whole numbers, with commas between them', usage)
}

async function pipeline(contender: Contender, objects: number): Promise<Measurement> {
  const server = await startServer(objects, 0)
  try {
    return await contender.run({ endpoint: server.endpoint, objects, concurrency })
  } finally {
    await server.stop()
  }
}

async function repairedRun(contender: Contender, recordings: number): Promise<Measurement> {
  const settings = { recordings, concurrency, latencyMs: 0, objectLock: true }
  const { objects, seconds, cpuSeconds, peakRssBytes } = await wholeRun(contender, settings)
  return { objects, seconds, cpuSeconds, peakRssBytes }
}

const rows: Measurement[] = []
for (const size of sizes) {
  const told = values.run ? `${size} recordings, ${size * objectsPerRecording} objects` : `${size} objects`
  if (!values.json) process.stderr.write(`${told}\n`)
  rows.push(await (values.run ? repairedRun(library, size) : pipeline(library, size)))
}

if (values.json) console.log(JSON.stringify({ growth: rows }, null, 2))
else {
  console.log(`${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, ${library.does}\n`)
  console.log(`| objects${values.run ? ' repaired' : ''} | seconds | CPU s | CPU s / 10,000 | peak RSS MB |`)
  console.log('| --- | --- | --- | --- | --- |')
  for (const { objects, seconds, cpuSeconds, peakRssBytes } of rows) {
    const cells = [seconds.toFixed(1), cpuSeconds.toFixed(1), ((cpuSeconds / objects) * 10_000).toFixed(2)]
    console.log(`| ${[objects.toLocaleString('en'), ...cells, Math.round(peakRssBytes / 1e6)].join(' | ')} |`)
  }
}

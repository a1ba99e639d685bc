/*
 * How time and memory grow with the bucket: the whole pipeline of this library over 10,000, 100,000 and a million
 * objects, each in a process of its own.
 *
 *   npm run bench:memory -- [--sizes 10000,100000,1000000] [--concurrency N] [--json]
 */
import { cpus } from 'node:os'
import { contenders } from './contenders.ts'
import { flags, refuse } from './flags.ts'
import { startServer } from './server.ts'

const usage = `Usage: npm run bench:memory -- [flags]
  --sizes N,N,…     objects in the buckets (10000,100000,1000000)
  --concurrency N   requests at once (50)
  --json            { growth: [{ objects, seconds, cpuSeconds, peakRssBytes }] }`

const values = flags(
  {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    concurrency: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
  usage,
)
const sizes = values.sizes.split(',').map(Number)
const library = contenders.find(({ name }) => name === 'library')
if (library === undefined || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
  refuse('--sizes takes whole numbers, with commas between them', usage)
}

const rows = []
for (const objects of sizes) {
  const server = await startServer(objects, 0)
  try {
    if (!values.json) process.stderr.write(`${objects} objects\n`)
    rows.push(await library.run({ endpoint: server.endpoint, objects, concurrency: Number(values.concurrency) }))
  } finally {
    await server.stop()
  }
}

if (values.json) console.log(JSON.stringify({ growth: rows }, null, 2))
else {
  console.log(`${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, ${library.does}\n`)
  console.log('| objects | seconds | CPU s | CPU s / 10,000 | peak RSS MB |')
  console.log('| --- | --- | --- | --- | --- |')
  for (const { objects, seconds, cpuSeconds, peakRssBytes } of rows) {
    const cells = [seconds.toFixed(1), cpuSeconds.toFixed(1), ((cpuSeconds / objects) * 10_000).toFixed(2)]
    console.log(`| ${[objects.toLocaleString('en'), ...cells, Math.round(peakRssBytes / 1e6)].join(' | ')} |`)
  }
}

import { parseArgs } from 'node:util'

// The AWS SDK greets Node 20 with a notice; a script may silence it, the library never does.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const usage = `Usage: npm run simulators -- [--genesys-port P] [--s3-port P] [--data DIR] [--latency-ms N]

Runs the Genesys Cloud and the S3 simulator on loopback until interrupted, and prints one line of JSON
with their endpoints and credentials once both are ready.

  --genesys-port P   port of the Genesys Cloud simulator (default 0: any free port)
  --s3-port P        port of the S3 simulator (default 0: any free port)
  --data DIR         keep their state in DIR, and take it up from there (default: memory only)
  --latency-ms N     slow every answer of S3 by N milliseconds (default 0)
  --help             show this text
`

class UsageError extends Error {}

async function main(): Promise<void> {
  const options = readOptions()
  if (options === undefined) {
    process.stdout.write(usage)
    return
  }
  const { startSimulators } = await import('genesys-legal-hold-exporter/testing')
  const interrupted = untilInterrupted()
  const simulators = await startSimulators(options)
  process.stdout.write(`${JSON.stringify(simulators.description)}\n`)
  await interrupted
  await simulators.close()
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
    process.once('SIGHUP', () => resolve())
    // A signal to npm ends npm and its shell, but does not get as far as here.
    if (process.env.npm_lifecycle_event === undefined) return
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(watch)
      resolve()
    }, 500)
    watch.unref()
  })
}

function readOptions() {
  const { values } = parse()
  if (values.help) return undefined
  return {
    genesysPort: integer(values['genesys-port'], '--genesys-port', 65_535),
    s3Port: integer(values['s3-port'], '--s3-port', 65_535),
    dataDir: values.data,
    latencyMs: integer(values['latency-ms'], '--latency-ms', 3_600_000),
  }
}

function parse() {
  try {
    return parseArgs({
      options: {
        'genesys-port': { type: 'string' },
        's3-port': { type: 'string' },
        data: { type: 'string' },
        'latency-ms': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function integer(text: string | undefined, flag: string, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= max)) throw new UsageError(`${flag} takes a number from 0 to ${max}, but got "${text}".`)
  return value
}

try {
  await main()
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(error instanceof UsageError ? `${message}\n\n${usage}` : `The simulators failed: ${message}\n`)
  process.exitCode = 1
}

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bucketName } from './bucket.ts'

/** What one run of a contender came to. */
export interface Measurement {
  readonly objects: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakRssBytes: number
}

export interface RunSettings {
  readonly endpoint: string
  readonly objects: number
  readonly concurrency: number
}

export interface Contender {
  readonly name: string
  /** What it does for each object. */
  readonly does: string
  /** It needs the bench's own server, which answers whatever it is asked for. */
  readonly onlyHere?: boolean | undefined
  /** It repairs objects, and is compared with others that do. */
  readonly repairs?: boolean | undefined
  /** Its version; `undefined` where it is not installed. */
  version(): string | undefined
  run(settings: RunSettings): Promise<Measurement>
}

const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AWS_REGION: 'eu-west-1',
}
// Whoever names an endpoint of their own has credentials for it in the environment. Certificates of the machine's own
// make rclone refuse to start, and are of no use on loopback.
const { AWS_CA_BUNDLE: _, ...inherited } = process.env
const environment = { ...credentials, ...inherited, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
const bucket = process.env.BENCH_BUCKET ?? bucketName

/** A contender in a Node process of its own. */
export function script(
  name: string,
  does: string,
  packageName: string,
  [file, ...further]: readonly string[] = [name],
): Contender {
  return {
    name,
    does,
    version: () => versionOf(packageName),
    run: ({ endpoint, objects, concurrency }) => {
      const path = fileURLToPath(new URL(`./contenders/${file}.mjs`, import.meta.url))
      const args = [path, endpoint, String(objects), String(concurrency), ...further]
      return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, args, {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: environment,
        })
        let output = ''
        child.stdout.on('data', (chunk: Buffer) => {
          output += String(chunk)
        })
        child.once('close', (code) => {
          if (code === 0) resolve(JSON.parse(output) as Measurement)
          else reject(new Error(`${name} ended with ${code}`))
        })
      })
    },
  }
}

function versionOf(packageName: string): string | undefined {
  try {
    const path = new URL(`../node_modules/${packageName}/package.json`, import.meta.url)
    const own = packageName === 'genesys-legal-hold-exporter' ? new URL('../package.json', import.meta.url) : path
    return (JSON.parse(readFileSync(own, 'utf8')) as { version: string }).version
  } catch {
    return undefined
  }
}

/** A program that is installed or not. */
function program(
  name: string,
  does: string,
  versionArguments: readonly string[],
  build: (
    settings: RunSettings,
    folder: string,
  ) => { readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv },
  count: (output: string, settings: RunSettings) => number,
  onlyHere = false,
): Contender {
  return {
    name,
    does,
    onlyHere,
    version: () => {
      const { stdout, stderr, error } = spawnSync(name, versionArguments, { encoding: 'utf8' })
      return error === undefined ? (/v?\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown') : undefined
    },
    run: async (settings) => {
      const folder = mkdtempSync(join(tmpdir(), 'legal-hold-bench-'))
      try {
        const { args, env } = build(settings, folder)
        const cpuBefore = cpuOfChildren()
        const startedAt = process.hrtime.bigint()
        const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...environment, ...env } })
        let output = ''
        child.stdout.on('data', (chunk: Buffer) => {
          output += String(chunk)
        })
        let peakRssBytes = 0
        const poll = setInterval(() => {
          peakRssBytes = peakRssOf(child.pid) ?? peakRssBytes
        }, 10)
        const code = await new Promise((resolve) => child.once('close', resolve))
        clearInterval(poll)
        const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9
        const objects = count(output, settings)
        if (objects === 0) throw new NotComparable(`${name} ended with ${code} and has read nothing`)
        return { objects, seconds, cpuSeconds: cpuOfChildren() - cpuBefore, peakRssBytes }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

/** A program of somebody else's that does not work here: it is left out. */
export class NotComparable extends Error {}

const ticksPerSecond = 100

/** CPU seconds of all children that have ended, by the accounting of Linux. The servers end after the last contender. */
function cpuOfChildren(): number {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    // After the name in brackets: the 14th and 15th are the children's user and system time (proc(5): cutime, cstime).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
  } catch {
    throw new NotComparable('programs are measured on Linux only')
  }
}

function peakRssOf(pid: number | undefined): number | undefined {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return peak === undefined ? undefined : Number(peak) * 1024
  } catch {
    return undefined
  }
}

/** One kind of repair, by this library and by the SDK. Nothing is changed at a server that somebody names. */
function repair(kind: string, byLibrary: string, bySdk: string): Contender[] {
  const of = (name: string, does: string, packageName: string): Contender => ({
    ...script(`${name}-${kind}`, does, packageName, [`${name}-repairs`, kind]),
    repairs: true,
    onlyHere: true,
  })
  return [of('library', byLibrary, 'genesys-legal-hold-exporter'), of('aws-sdk', bySdk, '@aws-sdk/client-s3')]
}

/** Everything that can be compared, this library first. */
export const contenders: readonly Contender[] = [
  script('library', 'list, HEAD, verdict, journal record, its bytes hashed', 'genesys-legal-hold-exporter'),
  script('library-head', 'HEAD', 'genesys-legal-hold-exporter'),
  script('aws-sdk', 'list, HEAD', '@aws-sdk/client-s3'),
  script('minio-js', 'list, HEAD', 'minio'),
  program(
    'rclone',
    'list, HEAD',
    ['version'],
    ({ endpoint, concurrency }) => ({
      args: ['lsjson', '--metadata', '-R', '--files-only', '--checkers', String(concurrency), `bench:${bucket}`],
      env: {
        RCLONE_CONFIG: '/dev/null',
        RCLONE_CONFIG_BENCH_TYPE: 's3',
        RCLONE_CONFIG_BENCH_PROVIDER: 'Minio',
        RCLONE_CONFIG_BENCH_ENV_AUTH: 'true',
        RCLONE_CONFIG_BENCH_ENDPOINT: endpoint,
        RCLONE_CONFIG_BENCH_REGION: environment.AWS_REGION,
        RCLONE_CONFIG_BENCH_FORCE_PATH_STYLE: 'true',
        RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET: 'true',
      },
    }),
    (output) => output.split('"Path"').length - 1,
  ),
  program(
    's5cmd',
    'HEAD',
    ['version'],
    ({ endpoint, concurrency, objects }, folder) => {
      const commands = join(folder, 'commands.txt')
      const lines = Array.from({ length: objects }, (_, at) => `head s3://${bucket}/bench/${at}`)
      writeFileSync(commands, lines.join('\n'))
      return { args: ['--endpoint-url', endpoint, '--numworkers', String(concurrency), 'run', commands] }
    },
    (output) => output.split('\n').length - 1,
    true,
  ),
  program(
    'wrk',
    'an unsigned request, no client at all',
    ['-v'],
    ({ endpoint, concurrency }) => ({
      args: ['-t1', `-c${concurrency}`, '-d3s', `${endpoint}/bench-empty`],
    }),
    (output) => Number(/(\d+) requests in/.exec(output)?.[1] ?? 0),
    true,
  ),
  ...repair('copy', 'HEAD, tags, CopyObject, HEAD, tags, versions', 'HEAD, CopyObject, HEAD'),
  ...repair('tags', 'tags, HEAD, PutObjectTagging, tags', 'tags, PutObjectTagging, tags'),
  ...repair('hold', 'PutObjectLegalHold, GetObjectLegalHold', 'PutObjectLegalHold, GetObjectLegalHold'),
]

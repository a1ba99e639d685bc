import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type FindingCode, findingCodes, type Interval } from 'genesys-legal-hold-exporter'
import { counted } from './counted.ts'
import type { EngineName } from './shards.ts'

export const help = `Runs a whole export under a legal hold, on embedded servers unless told otherwise.

  npm run quickstart -- [flags]

What is exported
  --platform recording-jobs|bulk-exports   the API surface to export with (default recording-jobs)
  --media digital|call|all                 media in scope (default digital)
  --count N                                recordings in scope (default 200)
  --interval START/END                     ISO 8601 (default: the last 48 hours)
  --recordings DIR                         your own files become the recordings, each in scope and nothing else
  --fail-at-source N                       N of the recordings cannot be exported by the platform
  --index-lag HOURS                        the platform's index is that far behind: a blocker

How
  --accept CODE                            let a finding that blocks pass, by its code (repeatable)
  --dry-run                                plan the repairs, change no object
  --report FILE                            write the report there, as JSON
  --engine local|s3-batch|map              cut the run into shards, and have them done by an engine: this process, or
                                           simulated S3 Batch Operations or Step Functions
  --journal DIR                            keep a record of the run there; after a crash the same command resumes it
  --evidence DIR                           write the evidence there (default: beside the journal, or a temporary folder, which is named)
  --quiet                                  print nothing but errors
  --help

Against other servers
  --s3-endpoint URL --bucket B             any S3 server, with credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
                                           AWS_SESSION_TOKEN and AWS_REGION; only objects in scope are put there
  --genesys-endpoint URL                   a running simulator (npm run simulators); client id and secret from
                                           GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET, by default the simulator's own;
                                           the flags under "What is exported" then reshape that simulator until they are
                                           given anew, and --recordings does not work

Exit code: 0 complete, 2 incomplete, 3 nothing matched, 1 an error.
`

export type NumberFlag = 'count' | 'fail-at-source' | 'index-lag'

export interface Flags {
  readonly platform: 'recording-jobs' | 'bulk-exports'
  readonly platformGiven: boolean
  readonly media: 'digital' | 'call' | 'all'
  readonly mediaGiven: boolean
  readonly count: number
  readonly interval: Interval | undefined
  readonly recordings: string | undefined
  readonly failAtSource: number
  readonly indexLagHours: number
  readonly accept: readonly FindingCode[]
  readonly dryRun: boolean
  /** The engine that does the shards; without it the run is in one piece. */
  readonly engine: EngineName | undefined
  readonly report: string | undefined
  readonly journal: string | undefined
  readonly evidence: string | undefined
  readonly quiet: boolean
  readonly help: boolean
  readonly s3Endpoint: string | undefined
  readonly bucket: string | undefined
  readonly genesysEndpoint: string | undefined
  /** Whether a flag that shapes the organisation was given. */
  readonly shapesOrganization: boolean
  /** The numbers that were given, by their flag. */
  readonly numbers: Readonly<Partial<Record<NumberFlag, number>>>
}

/** A wrong flag; its message is for the person who typed it. */
export class FlagError extends Error {}

export function readFlags(args: readonly string[]): Flags {
  const values = parse(args)
  const shaping = ['media', 'count', 'interval', 'recordings', 'fail-at-source', 'index-lag'] as const
  const count = whole('count', values.count, 200)
  if (count === 0) throw new FlagError('--count must be at least 1: exporting nothing proves nothing.')
  const failAtSource = whole('fail-at-source', values['fail-at-source'], 0)
  const indexLagHours = whole('index-lag', values['index-lag'], 0)
  const recordings = folder(values.recordings)
  if (recordings === undefined && failAtSource > count) {
    throw new FlagError(`--fail-at-source ${failAtSource} is more than the ${counted(count, 'recording')} in scope.`)
  }
  if ((values['s3-endpoint'] === undefined) !== (values.bucket === undefined)) {
    throw new FlagError('--s3-endpoint and --bucket belong together: give both or neither.')
  }
  if (values.engine !== undefined && values.journal !== undefined) {
    throw new FlagError('--engine keeps its journals in its own store: leave --journal out.')
  }
  return {
    platform: oneOf('platform', values.platform, ['recording-jobs', 'bulk-exports']),
    platformGiven: values.platform !== undefined,
    media: oneOf('media', values.media, ['digital', 'call', 'all']),
    mediaGiven: values.media !== undefined,
    count,
    interval: interval(values.interval),
    recordings,
    failAtSource,
    indexLagHours,
    accept: (values.accept ?? []).map((code) => oneOf('accept', code, findingCodes)),
    dryRun: values['dry-run'] ?? false,
    engine:
      values.engine === undefined ? undefined : oneOf('engine', values.engine, ['local', 's3-batch', 'map'] as const),
    report: writable(values.report),
    journal: directory('journal', values.journal),
    evidence: directory('evidence', values.evidence),
    quiet: values.quiet ?? false,
    help: values.help ?? false,
    s3Endpoint: url('s3-endpoint', values['s3-endpoint']),
    bucket: values.bucket,
    genesysEndpoint: url('genesys-endpoint', values['genesys-endpoint']),
    shapesOrganization: shaping.some((name) => values[name] !== undefined),
    numbers: {
      ...(values.count === undefined ? {} : { count }),
      ...(values['fail-at-source'] === undefined ? {} : { 'fail-at-source': failAtSource }),
      ...(values['index-lag'] === undefined ? {} : { 'index-lag': indexLagHours }),
    },
  }
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        platform: text,
        media: text,
        count: text,
        interval: text,
        recordings: text,
        'fail-at-source': text,
        'index-lag': text,
        accept: { type: 'string', multiple: true },
        'dry-run': flag,
        engine: text,
        report: text,
        journal: text,
        evidence: text,
        quiet: flag,
        help: flag,
        's3-endpoint': text,
        bucket: text,
        'genesys-endpoint': text,
      },
    }).values
  } catch (error) {
    throw new FlagError((error as Error).message)
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T {
  const [first] = allowed
  if (value === undefined && first !== undefined) return first
  const found = allowed.find((other) => other === value)
  if (found !== undefined) return found
  throw new FlagError(`--${name} ${JSON.stringify(value)} is none of ${allowed.join(', ')}.`)
}

function whole(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  if (/^\d{1,7}$/.test(value)) return Number(value)
  throw new FlagError(`--${name} must be a whole number, not ${JSON.stringify(value)}.`)
}

function interval(value: string | undefined): Interval | undefined {
  if (value === undefined) return undefined
  const [start = '', end = '', ...more] = value.split('/')
  const [from, to] = [Date.parse(start), Date.parse(end)]
  if (Number.isNaN(from) || Number.isNaN(to) || more.length > 0) {
    throw new FlagError(`--interval must be START/END in ISO 8601, not ${JSON.stringify(value)}.`)
  }
  if (from >= to) throw new FlagError(`--interval is reversed or empty: ${start} is not before ${end}.`)
  if (to > Date.now()) throw new FlagError(`--interval ends in the future: ${end}.`)
  return { start, end }
}

/** Better to know before the run than after it. */
function writable(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    accessSync(dirname(resolve(path)), constants.W_OK)
  } catch {
    throw new FlagError(`--report ${path}: its folder is not there or cannot be written.`)
  }
  return path
}

function directory(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  if (path === '') throw new FlagError(`--${name} has to name a folder.`)
  if (existsSync(path) && !statSync(path).isDirectory()) throw new FlagError(`--${name} ${path}: it is not a folder.`)
  return path
}

function folder(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new FlagError(`--recordings ${path}: no such folder exists.`)
  }
  if (readdirSync(path).length === 0) throw new FlagError(`--recordings ${path}: the folder is empty.`)
  return resolve(path)
}

function url(name: string, value: string | undefined): string | undefined {
  if (value === undefined || URL.canParse(value)) return value
  throw new FlagError(`--${name} ${JSON.stringify(value)} is not a valid URL.`)
}

import { createHash } from 'node:crypto'
import { CsvReader } from '../../../internal/text/csv.js'
import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { ShardResult } from '../../ports/shard-engine.js'
import { decodeManifestKey } from './manifest.js'

/*
 * The completion report (S3 user guide, "Completion reports"): `job-ID/manifest.json` with its MD5 beside it names result files
 * with the MD5 of each. The schema that the manifest names and the examples of the guide disagree on the order of ErrorCode and
 * HTTPStatusCode: the one that is a number is the status.
 */

/** Where a report is read from. */
export interface ReportSource {
  read(key: string, options: CallOptions): Promise<Uint8Array | undefined>
}

/** Which report is read. */
export interface ReportRequest extends CallOptions {
  readonly jobId: string
  /** Prefix of reports, as the job was told. */
  readonly prefix: string
  /** Tasks that have ended, as the service counts them. */
  readonly tasks: number
}

interface ResultFile {
  readonly key: string
  readonly md5: string
}

/**
 * How each task ended.
 *
 * @throws LegalHoldError `ENGINE_REPORT_UNREADABLE` if the report is missing, damaged, or has fewer tasks than have ended
 */
export async function* readReport(source: ReportSource, request: ReportRequest): AsyncGenerator<ShardResult> {
  const { jobId, prefix, tasks } = request
  const folder = `${prefix.replace(/\/$/, '')}${prefix === '' ? '' : '/'}job-${jobId}`
  const { files, columns } = await readReportManifest(source, `${folder}/manifest.json`, request)
  let count = 0
  for (const file of files) {
    for (const result of await readResults(source, file, columns, request)) {
      count += 1
      yield result
    }
  }
  if (count < tasks) throw unreadable(jobId, `has ${count} of ${tasks} tasks`)
}

/** Where a column is that a reader needs. */
interface Columns {
  readonly key: number
  readonly status: number
}

async function readReportManifest(
  source: ReportSource,
  key: string,
  request: ReportRequest,
): Promise<{ readonly files: readonly ResultFile[]; readonly columns: Columns }> {
  const { jobId } = request
  const content = await source.read(key, request)
  if (content === undefined) throw unreadable(jobId, `is missing: there is no ${key}`)
  const sum = await source.read(`${key}.md5`, request)
  const expected = sum === undefined ? undefined : Buffer.from(sum).toString('latin1').trim().toLowerCase()
  // Hexadecimal, as the MD5 of the result files.
  if (expected !== undefined && expected !== md5Of(content))
    throw unreadable(jobId, `is damaged: the MD5 of ${key} is another`)
  const manifest = parseManifest(content)
  if (manifest === undefined) throw unreadable(jobId, `is damaged: ${key} is not the manifest of a report`)
  const names = manifest.schema.split(',').map((name) => name.trim().toLowerCase())
  const columns = { key: names.indexOf('key'), status: names.indexOf('taskstatus') }
  if (columns.key < 0 || columns.status < 0) throw unreadable(jobId, 'has no column Key or TaskStatus')
  return { files: manifest.files, columns }
}

function parseManifest(
  content: Uint8Array,
): { readonly files: readonly ResultFile[]; readonly schema: string } | undefined {
  let manifest: Readonly<Record<string, unknown>>
  try {
    manifest = JSON.parse(Buffer.from(content).toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof manifest !== 'object' || manifest === null) return undefined
  const { Results: results, ReportSchema: schema, Format: format } = manifest
  if (!Array.isArray(results) || typeof schema !== 'string' || format !== 'Report_CSV_20180820') return undefined
  const files = results.map((one: { readonly Key?: unknown; readonly MD5Checksum?: unknown } | null) => ({
    key: one?.Key,
    md5: one?.MD5Checksum,
  }))
  const isWhole = files.every(({ key, md5 }) => typeof key === 'string' && typeof md5 === 'string')
  return isWhole ? { files: files as ResultFile[], schema } : undefined
}

async function readResults(
  source: ReportSource,
  { key, md5 }: ResultFile,
  columns: Columns,
  request: ReportRequest,
): Promise<ShardResult[]> {
  const { jobId } = request
  const content = await source.read(key, request)
  if (content === undefined) throw unreadable(jobId, `is partial: there is no ${key}`)
  if (md5Of(content) !== md5.toLowerCase()) throw unreadable(jobId, `is damaged: the MD5 of ${key} is another`)
  const reader = new CsvReader()
  const rows = reader.push(Buffer.from(content).toString('utf8'))
  const last = reader.end()
  if (last === 'cut') throw unreadable(jobId, `is damaged: ${key} ends within a field`)
  return (last === undefined ? rows : [...rows, last]).map((row) => {
    const result = resultOf(row, columns)
    if (result === undefined) throw unreadable(jobId, `is damaged: ${key} has a row that is not of a task`)
    return result
  })
}

/** Reads one row, wherever it has the number of the HTTP status. */
function resultOf(row: readonly string[], columns: Columns): ShardResult | undefined {
  const key = row[columns.key]
  const status = row[columns.status]?.toLowerCase()
  if (key === undefined || key === '' || (status !== 'succeeded' && status !== 'failed')) return undefined
  if (status === 'succeeded') return { key: decodeManifestKey(key), outcome: status }
  const rest = row.filter((field, at) => at > columns.status && field !== '')
  const http = rest.find((field) => /^[1-5]\d\d$/.test(field))
  const said = rest.filter((field) => field !== http)
  const reason = [...said, ...(http === undefined ? [] : [`HTTP ${http}`])].join(': ').slice(0, 1000)
  return { key: decodeManifestKey(key), outcome: status, ...(reason === '' ? {} : { reason }) }
}

function md5Of(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

function unreadable(jobId: string, problem: string): LegalHoldError {
  return new LegalHoldError(
    `The completion report of the S3 Batch Operations job ${jobId} ${problem}. The seals in the store say what was done; look at the job in its console for why.`,
    { code: 'ENGINE_REPORT_UNREADABLE', stage: 'scale', details: { jobId } },
  )
}

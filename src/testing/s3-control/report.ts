import { createHash } from 'node:crypto'
import { csvRow } from '../../internal/text/csv.js'
import type { ControlJob } from './job.js'
import type { ControlTask } from './manifest.js'
import type { StorageAccess } from './storage.js'

/** How a task ended. */
export interface TaskEnd {
  readonly task: ControlTask
  readonly status: 'succeeded' | 'failed'
  /** `PermanentFailure` or `TemporaryFailure` of a task that failed. */
  readonly errorCode: string
  readonly message: string
}

/**
 * In which order ErrorCode and HTTPStatusCode stand: as the schema in the manifest says, or as in the examples of the user
 * guide, which disagree.
 */
export type ReportColumns = 'as-schema' | 'as-examples'

const schema = 'Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

/** Writes the completion report (user guide, "Completion reports"): result files first, the manifest with its MD5 last. */
export async function writeReport(
  access: StorageAccess,
  job: ControlJob,
  taskEnds: readonly TaskEnd[],
  style: { readonly columns: ReportColumns; readonly nowMs: number },
): Promise<void> {
  const { report } = job.request
  if (report === undefined || taskEnds.length === 0) return
  const { bucket, prefix, scope } = report
  const folder = `${prefix === undefined ? '' : `${prefix}/`}job-${job.id}`
  const results: { TaskExecutionStatus: string; Bucket: string; MD5Checksum: string; Key: string }[] = []
  for (const status of ['succeeded', 'failed'] as const) {
    if (status === 'succeeded' && scope === 'FailedTasksOnly') continue
    const rows = taskEnds.filter((end) => end.status === status)
    if (rows.length === 0) continue
    const text = rows.map((end) => rowOf(end, style.columns)).join('')
    const key = `${folder}/results/${createHash('sha1').update(`${job.id} ${status}`).digest('hex')}.csv`
    await access.write(bucket, key, text)
    results.push({ TaskExecutionStatus: status, Bucket: bucket, MD5Checksum: md5(text), Key: key })
  }
  const manifest = JSON.stringify({
    Format: 'Report_CSV_20180820',
    ReportCreationDate: new Date(style.nowMs).toISOString(),
    Results: results,
    ReportSchema: schema,
  })
  await access.write(bucket, `${folder}/manifest.json`, manifest)
  await access.write(bucket, `${folder}/manifest.json.md5`, md5(manifest))
}

function rowOf({ task, status, errorCode, message }: TaskEnd, columns: ReportColumns): string {
  const [code, http] = [status === 'succeeded' ? '' : errorCode, '200']
  const middle = columns === 'as-schema' ? [code, http] : [http, code]
  return csvRow([task.bucket, task.encodedKey, task.versionId ?? '', status, ...middle, message])
}

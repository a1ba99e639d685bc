import type { StorageAccess } from '../s3-control/storage.js'
import type { ChildExecution, MapExecution } from './execution.js'

const groups = {
  SUCCEEDED: ['SUCCEEDED'],
  FAILED: ['FAILED', 'TIMED_OUT', 'ABORTED'],
  PENDING: ['PENDING'],
} as const

/** Writes what ResultWriter writes (developer guide, "ResultWriter"). Returns the key of its manifest. */
export async function writeResults(
  access: StorageAccess,
  execution: MapExecution,
  { bucket, prefix, mapRunArn }: { readonly bucket: string; readonly prefix: string; readonly mapRunArn: string },
  nowMs: number,
): Promise<string> {
  const folder = `${prefix}/${execution.mapRunId}`
  const files: Record<string, { Key: string; Size: number }[]> = {}
  for (const [group, statuses] of Object.entries(groups)) {
    const members = execution.children.filter(({ status }) => (statuses as readonly string[]).includes(status))
    files[group] = []
    if (members.length === 0) continue
    const text = JSON.stringify(members.map((child) => describe(child, execution, nowMs)))
    const key = `${folder}/${group}_0.json`
    await access.write(bucket, key, text)
    files[group].push({ Key: key, Size: Buffer.byteLength(text) })
  }
  const manifest = { DestinationBucket: bucket, MapRunArn: mapRunArn, ResultFiles: files }
  await access.write(bucket, `${folder}/manifest.json`, JSON.stringify(manifest))
  return `${folder}/manifest.json`
}

function describe(child: ChildExecution, execution: MapExecution, nowMs: number): object {
  const { number, items, status, output, error, cause, redriveCount } = child
  const isOver = status !== 'PENDING'
  return {
    ExecutionArn: `${execution.arn.replace(':execution:', ':express:')}:${number}`,
    Input: JSON.stringify({ Items: items }),
    InputDetails: { Included: true },
    Name: `${execution.mapRunId}-${number}`,
    ...(output === undefined ? {} : { Output: output, OutputDetails: { Included: true } }),
    ...(error === undefined ? {} : { Error: error, Cause: cause }),
    RedriveCount: redriveCount,
    StateMachineArn: execution.stateMachineArn,
    Status: status,
    ...(isOver
      ? { StartDate: new Date(execution.startedMs).toISOString(), StopDate: new Date(nowMs).toISOString() }
      : {}),
  }
}

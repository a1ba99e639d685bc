/** State of an execution, of a Map Run, and of a child execution. */
export type SimulatedExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED'

/** A child execution: one batch of items. */
export interface ChildExecution {
  readonly number: number
  readonly items: readonly Readonly<Record<string, string>>[]
  status: SimulatedExecutionStatus | 'PENDING'
  output?: string | undefined
  error?: string | undefined
  cause?: string | undefined
  redriveCount: number
}

/** An execution with its Map Run, as the simulator keeps it. */
export interface MapExecution {
  readonly arn: string
  readonly name: string
  readonly stateMachineArn: string
  readonly input: string
  readonly mapRunId: string
  readonly startedMs: number
  status: SimulatedExecutionStatus
  stoppedMs: number | undefined
  error: string | undefined
  cause: string | undefined
  output: string | undefined
  children: ChildExecution[]
  /** Whether its items were read, so that there is a Map Run. */
  hasMapRun: boolean
  maxConcurrency: number
  redriveCount: number
  redrivenMs: number | undefined
}

/** How many items there are of each state. */
export function countItems({ children }: MapExecution): Record<string, number> {
  const of = (...statuses: ChildExecution['status'][]) =>
    children.reduce((sum, { status, items }) => sum + (statuses.includes(status) ? items.length : 0), 0)
  return {
    total: of('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'),
    pending: of('PENDING'),
    running: of('RUNNING'),
    succeeded: of('SUCCEEDED'),
    failed: of('FAILED'),
    timedOut: of('TIMED_OUT'),
    aborted: of('ABORTED'),
    resultsWritten: 0,
  }
}

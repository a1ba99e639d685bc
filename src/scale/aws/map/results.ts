import { LegalHoldError } from '../../../model/errors.js'
import type { CallOptions } from '../../../ports/runtime.js'
import type { ShardResult } from '../../ports/shard-engine.js'
import { decodeManifestKey } from '../batch/manifest.js'

/*
 * What ResultWriter leaves (Step Functions developer guide, "ResultWriter"): a manifest.json that names files of succeeded, failed
 * and pending child executions, each a JSON array of executions with their input as text.
 */

/** Where results are read from. */
export interface ResultSource {
  read(key: string, options: CallOptions): Promise<Uint8Array | undefined>
}

/** Which results are read. */
export interface ResultRequest extends CallOptions {
  readonly executionArn: string
  /** Key of the manifest. */
  readonly manifest: string
}

interface ResultFile {
  readonly Key: string
  readonly Size: number
}

/**
 * How each shard's child execution ended. What is pending was never begun, and is left out.
 *
 * @throws LegalHoldError `ENGINE_REPORT_UNREADABLE`
 */
export async function* readMapResults(source: ResultSource, request: ResultRequest): AsyncGenerator<ShardResult> {
  const files = filesOf(await readJson(source, { Key: request.manifest, Size: -1 }, request), request)
  for (const [outcome, list] of files) {
    for (const file of list) {
      const executions = await readJson(source, file, request)
      if (!Array.isArray(executions)) throw unreadable(request, `${file.Key} is not a list of executions`)
      for (const execution of executions) yield* resultsOf(execution, outcome, request)
    }
  }
}

function filesOf(
  manifest: unknown,
  request: ResultRequest,
): (readonly [ShardResult['outcome'], readonly ResultFile[]])[] {
  const { ResultFiles: files } = (manifest ?? {}) as { readonly ResultFiles?: Readonly<Record<string, unknown>> }
  const listOf = (name: string): readonly ResultFile[] => {
    const list = files?.[name]
    const isList =
      Array.isArray(list) && list.every((one) => typeof one?.Key === 'string' && Number.isInteger(one?.Size))
    if (!isList) throw unreadable(request, `${request.manifest} names no files of ${name} executions`)
    return list
  }
  return [
    ['succeeded', listOf('SUCCEEDED')],
    ['failed', listOf('FAILED')],
  ]
}

async function readJson(source: ResultSource, { Key: key, Size: size }: ResultFile, request: ResultRequest) {
  const content = await source.read(key, request)
  if (content === undefined) throw unreadable(request, `there is no ${key}`)
  if (size >= 0 && content.length !== size) {
    throw unreadable(request, `${key} has ${content.length} bytes, and its manifest says ${size}`)
  }
  try {
    return JSON.parse(Buffer.from(content).toString('utf8')) as unknown
  } catch {
    throw unreadable(request, `${key} is not JSON`)
  }
}

function* resultsOf(
  execution: {
    readonly Input?: unknown
    readonly Status?: unknown
    readonly Error?: unknown
    readonly Cause?: unknown
  } | null,
  outcome: ShardResult['outcome'],
  request: ResultRequest,
): Generator<ShardResult> {
  const items = itemsIn(execution?.Input)
  if (items === undefined) throw unreadable(request, 'an execution has an input that names no shard')
  const said = [execution?.Error, execution?.Cause ?? execution?.Status].filter((text) => typeof text === 'string')
  const reason = outcome === 'failed' ? said.join(': ').slice(0, 1000) : ''
  for (const key of items) yield { key: decodeManifestKey(key), outcome, ...(reason === '' ? {} : { reason }) }
}

function itemsIn(input: unknown): readonly string[] | undefined {
  let parsed: unknown
  try {
    parsed = typeof input === 'string' ? JSON.parse(input) : undefined
  } catch {
    return undefined
  }
  const { Items: items = [parsed] } = (parsed ?? {}) as { readonly Items?: unknown }
  if (!Array.isArray(items)) return undefined
  const keys = items.map((item: { readonly key?: unknown } | null) => item?.key)
  return keys.every((key) => typeof key === 'string') ? (keys as string[]) : undefined
}

function unreadable({ executionArn }: ResultRequest, problem: string): LegalHoldError {
  return new LegalHoldError(
    `The results of the execution ${executionArn} cannot be read: ${problem}. The seals in the store say what was done; look at the execution in its console for why.`,
    { code: 'ENGINE_REPORT_UNREADABLE', stage: 'scale', details: { executionArn } },
  )
}

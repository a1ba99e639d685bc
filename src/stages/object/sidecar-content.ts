import type { ObjectRef } from '../../model/object.js'
import type { ObjectPlace } from '../../model/verdict.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { isFatal } from '../validate.js'
import type { Processed } from './processed.js'

/** Real ones have less than a kilobyte or two; a file of this size is something else. */
const maxBytes = 1_048_576

/**
 * What became of a sidecar once its content was read as well: `conflicting` if it names another recording or conversation
 * than its key, `unreadable` if it cannot be read as what it should be. The fields are those that third parties report
 * (genesys-facts, what lands on S3), so that one that is not there says nothing.
 */
export async function withSidecarContent(
  storage: StorageAdapter,
  processed: Processed,
  place: ObjectPlace,
  context: StageContext,
): Promise<Processed> {
  const state = processed.remediation?.after ?? processed.verdict.state
  const isWorse = processed.outcome === 'missing' || processed.outcome === 'unreadable'
  if (place.kind !== 'sidecar' || state === undefined || isWorse) return processed
  const { bucket, key, versionId } = state
  const read = await readSidecar(
    storage,
    versionId === undefined ? { bucket, key } : { bucket, key, versionId },
    context,
  )
  if ('unreadable' in read) return { ...processed, outcome: 'unreadable', reason: `its sidecar ${read.unreadable}` }
  const contradiction = contradictionOf(read.content, place)
  return contradiction === undefined ? processed : { ...processed, outcome: 'conflicting', reason: contradiction }
}

async function readSidecar(
  storage: StorageAdapter,
  ref: ObjectRef,
  context: StageContext,
): Promise<{ readonly unreadable: string } | { readonly content: object }> {
  const { signal } = context
  let text: string | undefined
  try {
    text = await persist(context, 'validate', ref.key, async () => storage.readText?.(ref, { signal, maxBytes }))
  } catch (error) {
    if (isFatal(error)) throw error
    return { unreadable: `could not be read: ${(error as Error).message}` }
  }
  if (text === undefined) return { unreadable: 'is larger than 1 MiB' }
  try {
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof content === 'object' && content !== null ? { content } : { unreadable: 'is not a JSON object' }
  } catch {
    return { unreadable: 'is not valid JSON' }
  }
}

function contradictionOf(content: object, place: ObjectPlace): string | undefined {
  for (const name of ['recordingId', 'conversationId'] as const) {
    const said: unknown = (content as Record<string, unknown>)[name]
    const expected = place[name]
    if (typeof said !== 'string' || said === '' || expected === undefined) continue
    if (said.toLowerCase() !== expected.toLowerCase()) {
      // A text of the bucket: no more of it than an id can have.
      return `its sidecar contradicts its key: it says ${name} ${JSON.stringify(said.slice(0, 64))}`
    }
  }
  return undefined
}

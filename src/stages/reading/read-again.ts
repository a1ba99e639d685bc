import { sleepOrAbort } from '../../internal/abort.js'
import type { ObjectRef } from '../../model/object.js'
import type { HeadOptions, HeadResult, StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../context.js'
import { type Doubt, doubtOf, type ListedLine, notItsAnswer, readLine } from './listed-line.js'

/** How often an object is read again, and how long before each time: a replica that lags has a moment to catch up. */
const pausesMs = [0, 200, 800] as const

/** An answer that was not that of the object which was asked for. */
export interface Doubted {
  readonly ref: ObjectRef
  readonly answer: HeadResult
  readonly doubt: Doubt
  /** What the answer was compared with. */
  readonly line: ListedLine
  readonly needs: HeadOptions
}

/**
 * Lists an object again and reads it again until both agree: then somebody had written in between, or one answer had
 * gone astray. Where they do not agree in the end it throws `STORAGE_RESPONSE_INVALID`.
 *
 * @param attempts told how often the HEAD was sent
 */
export async function readAgain(
  storage: StorageAdapter,
  doubted: Doubted,
  context: StageContext,
  attempts: () => void,
): Promise<HeadResult> {
  const { ref, needs } = doubted
  let { answer, doubt, line } = doubted
  for (const pauseMs of pausesMs) {
    if (pauseMs > 0) await sleepOrAbort(pauseMs, context, 'validate')
    // A listing shows current versions only.
    const now = ref.versionId === undefined ? await readLine(storage, ref.key, context) : undefined
    if (now !== undefined) {
      line = now
      if (doubtOf(ref, line, answer) === undefined) return answer
    }
    const listed = line === 'none' ? {} : { listed: line }
    answer = await persist(context, 'validate', ref.key, () => {
      attempts()
      return storage.head(ref, { signal: context.signal, ...needs, ...listed })
    })
    const found = doubtOf(ref, line, answer)
    if (found === undefined) return answer
    doubt = found
  }
  throw notItsAnswer(ref, doubt, pausesMs.length)
}

import type { ExpectedRecording } from '../../model/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { GenesysClient } from '../client/client.js'
import { isRefused, retainedRecordings } from './retention-query.js'

/** Pages of the retention query that are read to date a few recordings: a fifth of a minute's worth of calls. */
const mostPages = 60

/** A recording whose metadata do not show whether it began after the interval. */
export interface UndatedRecording {
  readonly recording: ExpectedRecording
  /** Its conversation. */
  readonly row: number
  /** Milliseconds. */
  readonly endedAt: number | undefined
}

/**
 * Recordings of conversations that continued after the interval. They may or may not have begun after it. Only the
 * retention query says when one was created (genesys-facts, expected recordings). There are few.
 */
export class UndatedRecordings {
  readonly #recordings: UndatedRecording[] = []
  /** Milliseconds. */
  readonly #created = new Map<string, number>()

  add(recording: UndatedRecording): void {
    this.#recordings.push(recording)
  }

  /** @param createdAt milliseconds */
  date(recordingId: string, createdAt: number): void {
    this.#created.set(recordingId, createdAt)
  }

  /** All that were added, with the time of their creation in milliseconds if it is known. */
  *all(): Generator<UndatedRecording & { readonly createdAt: number | undefined }, void, void> {
    for (const undated of this.#recordings) {
      yield { ...undated, createdAt: this.#created.get(undated.recording.recordingId) }
    }
  }

  /**
   * Reads the retention query until all of them are dated, for at most 60 pages. `onCall` is told of each request.
   *
   * @returns why not all of the query was read, where the platform refused it or it continued for too long
   */
  async dateAll(client: GenesysClient, options: CallOptions, onCall: () => void): Promise<string | undefined> {
    const wanted = new Set(this.#recordings.map(({ recording }) => recording.recordingId))
    if (wanted.size === 0) return undefined
    const ends = this.#recordings.map(({ endedAt }) => endedAt ?? Number.POSITIVE_INFINITY)
    const latest = Math.min(client.clock.now(), Math.max(...ends))
    try {
      for await (const { recordingId, createdAt } of retainedRecordings(
        client,
        latest,
        { maxPages: mostPages, onCall },
        options,
      )) {
        if (!wanted.delete(recordingId)) continue
        if (createdAt !== undefined) this.date(recordingId, createdAt)
        if (wanted.size === 0) break
      }
      return undefined
    } catch (error) {
      if (!isRefused(error)) throw error
      return `the retention query did not say when recordings were created: ${(error as Error).message}`
    }
  }
}

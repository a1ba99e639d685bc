import { folderOf } from '../bucket.ts'

/*
 * What a whole run is measured on: recording `n` of so many has a media file and a sidecar, objects 2n and 2n + 1, in a
 * conversation of its own. Keys are in order, so that a listing is a search and not a store.
 */

/** A media file and its sidecar. */
export const objectsPerRecording = 2
const recordingsPerHour = 5_000
const conversationEnd = '-5b3e-4e89-8c6a-2f9e0b7d4a03'
const recordingEnd = '-9c6a-4b5d-8e7f-0a1b2c3d4e5f'
const marker = 'conversation_id='
const firstHour = Date.UTC(2023, 0, 1)

const hex = (number: number) => number.toString(16).padStart(8, '0')

/** Key of one object. */
export function keyAt(at: number): string {
  const recording = Math.floor(at / objectsPerRecording)
  const id = hex(recording)
  const folder = folderOf(Math.floor(recording / recordingsPerHour))
  const media = `${folder}/${marker}${id}${conversationEnd}/${id}${recordingEnd}.json`
  return at % objectsPerRecording === 0 ? media : `${media}_metadata.json`
}

/** The object of a key; undefined for a key that there is not. */
export function atOf(key: string, count: number): number | undefined {
  const start = key.indexOf(marker) + marker.length
  const recording = Number.parseInt(key.slice(start, start + 8), 16)
  const at = recording * objectsPerRecording + (key.endsWith('_metadata.json') ? 1 : 0)
  return at < count && keyAt(at) === key ? at : undefined
}

/** A recording as the platform lists it. */
export function recordingAt(n: number) {
  const id = hex(n)
  return {
    recordingId: `${id}${recordingEnd}`,
    conversationId: `${id}${conversationEnd}`,
    conversationStart: startOfHour(n),
    mediaType: 'message' as const,
  }
}

function startOfHour(n: number): string {
  return new Date(firstHour + Math.floor(n / recordingsPerHour) * 3_600_000).toISOString()
}

/** The interval in which so many recordings began. */
export function intervalOf(recordings: number): { readonly start: string; readonly end: string } {
  return { start: startOfHour(0), end: startOfHour(recordings + recordingsPerHour - 1) }
}

/** First object whose key is not less than a text; `count` if there is none. */
export function lowerBound(count: number, text: string): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyAt(middle) < text) low = middle + 1
    else high = middle
  }
  return low
}

/** What comes after every key with a prefix. */
export const after = (prefix: string) => `${prefix}\uffff`

import { hourMs } from '../../internal/durations.js'
import type { Interval } from '../request.js'

/**
 * Where a recording lies, by the layout that Genesys documents (genesys-facts, "What lands on S3"):
 * `{organizationId}/year=Y/month=M/day=D/hour=H/conversation_id={conversationId}/{recordingId}{.ext}`,
 * by the conversation's start in UTC. Month, day and hour are seen padded and unpadded; both are read.
 */
export interface ParsedKey {
  readonly organizationId: string
  /** Start of the hour folder, ISO 8601. */
  readonly hour: string
  readonly conversationId: string
  /** What follows the conversation's folder. */
  readonly rest: string
}

const folderPattern = /^([^/]+)\/year=(\d{1,4})\/month=(\d{1,2})\/day=(\d{1,2})\/hour=(\d{1,2})\/conversation_id=/

interface HourFolder {
  /** The key up to the id of the conversation. */
  readonly beginning: string
  readonly organizationId: string
  /** `undefined` for an hour that there is not. */
  readonly hour: string | undefined
}

/** The keys of a listing lie in the same folder by the thousand. */
let lastFolder: HourFolder | undefined

function folderOf(key: string): HourFolder | undefined {
  if (lastFolder !== undefined && key.startsWith(lastFolder.beginning)) return lastFolder
  const match = folderPattern.exec(key)
  if (match === null) return undefined
  const [beginning, organizationId = '', year, month, day, hour] = match
  const start = hourStart(Number(year), Number(month), Number(day), Number(hour))
  lastFolder = { beginning, organizationId, hour: start === undefined ? undefined : new Date(start).toISOString() }
  return lastFolder
}

/** Parses a key; `undefined` for one that does not follow the layout. */
export function parseKey(key: string): ParsedKey | undefined {
  const folder = folderOf(key)
  if (folder?.hour === undefined) return undefined
  const { beginning, organizationId, hour } = folder
  const end = key.indexOf('/', beginning.length)
  if (end <= beginning.length || end === key.length - 1) return undefined
  return { organizationId, hour, conversationId: key.slice(beginning.length, end), rest: key.slice(end + 1) }
}

/** Start of an hour in milliseconds, `undefined` if there is no such hour. */
export function hourStart(year: number, month: number, day: number, hour: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) return undefined
  const start = Date.UTC(year, month - 1, day, hour)
  // Date.UTC rolls 31 April over to 1 May.
  return new Date(start).getUTCDate() === day ? start : undefined
}

/** What follows the name of a media file in the name of its sidecar. */
export const sidecarSuffix = '_metadata.json'
const transcriptSuffix = '.transcript.json'

/**
 * What the part of a key below the conversation's folder says by itself, before its neighbours and the job's list are
 * asked. A name is not an identity: others write beside the platform (genesys-facts, what lands on S3).
 */
export type FileRole =
  | {
      readonly role: 'sidecar' /** Name of the file it describes. */
      readonly of: string
      readonly recordingId: string
    }
  | { readonly role: 'transcript' }
  | { readonly role: 'media'; readonly recordingId: string }
  | { readonly role: 'attachment' }

/**
 * Reads the role of a file from its name. A folder below the conversation's holds attachments. What describes a
 * transcript or another sidecar describes no recording.
 */
export function roleOf(rest: string): FileRole {
  if (rest.includes('/')) return { role: 'attachment' }
  const of = describedBy(rest)
  if (of !== undefined) {
    const describesMedia = describedBy(of) === undefined && !of.endsWith(transcriptSuffix)
    return describesMedia ? { role: 'sidecar', of, recordingId: stem(of) } : { role: 'attachment' }
  }
  if (rest.endsWith(transcriptSuffix)) return { role: 'transcript' }
  return { role: 'media', recordingId: stem(rest) }
}

/** The name of the file that a sidecar of this name describes; `undefined` if it is not the name of a sidecar. */
function describedBy(name: string): string | undefined {
  return name.endsWith(sidecarSuffix) && name.length > sidecarSuffix.length
    ? name.slice(0, -sidecarSuffix.length)
    : undefined
}

// The extension follows the codec and is never known beforehand; ids have no dot.
function stem(name: string): string {
  const dot = name.indexOf('.')
  return dot <= 0 ? name : name.slice(0, dot)
}

const codecPattern = /^\.[a-z0-9]+$/i

/** Whether what follows the id in a file's name may be the extension of a codec: which ones there are is not known. */
export function isCodecExtension(extension: string): boolean {
  return codecPattern.test(extension)
}

/** Whether the platform itself may have given a media file of this recording this name. */
export function isPlainName(name: string, recordingId: string): boolean {
  return name.length === recordingId.length || isCodecExtension(name.slice(recordingId.length))
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a name looks like an id Genesys gives. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text)
}

/** Whether a name is an id as Genesys writes it: a UUID in lower case. */
export function isGenesysId(text: string): boolean {
  return isUuid(text) && text === text.toLowerCase()
}

const idPattern = /^[\w-]+$/

/**
 * Whether a name may be the id of a recording where no list says which ones there are. The copy of one under another
 * spelling, or under `id (1)`, must not count as a second recording.
 */
export function mayBeRecordingId(text: string, conversationId: string): boolean {
  return idPattern.test(text) && text !== conversationId && (!isUuid(text) || isGenesysId(text))
}

/** The names an hour's folder may have: each of month, day and hour padded, or not. */
export function hourFolders(organizationId: string, hour: number): readonly string[] {
  const start = new Date(hour)
  const parts = [
    ['month', start.getUTCMonth() + 1],
    ['day', start.getUTCDate()],
    ['hour', start.getUTCHours()],
  ] as const
  return parts.reduce<readonly string[]>(
    (folders, [name, value]) => {
      const written = new Set([String(value), String(value).padStart(2, '0')])
      return folders.flatMap((folder) => [...written].map((text) => `${folder}${name}=${text}/`))
    },
    [`${organizationId}/year=${start.getUTCFullYear()}/`],
  )
}

/** Hours in milliseconds: a span between two starts of hours, both inclusive, and single hours beside it. */
export interface HourRange {
  readonly first: number
  readonly last: number
  readonly also?: ReadonlySet<number> | undefined
}

/** Nothing but these hours. */
export function onlyHours(hours: ReadonlySet<number>): HourRange {
  return { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY, also: hours }
}

/**
 * The hours in which a conversation of the interval can have begun. The query matches any activity inside the
 * interval, so a conversation may have started before it: hence the look-back, and `also` for starts that are known.
 */
export function hourRange(interval: Interval, lookbackHours: number, also?: ReadonlySet<number>): HourRange {
  const start = Date.parse(interval.start) - lookbackHours * hourMs
  const end = Date.parse(interval.end)
  const first = Math.floor(start / hourMs) * hourMs
  // The end is exclusive: an interval that ends at 10:00 does not touch the hour 10.
  return { first, last: Math.max(first, Math.ceil(end / hourMs) * hourMs - hourMs), also }
}

/** Whether the folder named by the given leading parts (year, month, …) can hold an hour of the range. */
export function touches(range: HourRange, parts: readonly number[]): boolean {
  const [year = 0, month, day, hour] = parts
  if (month !== undefined && (month < 1 || month > 12)) return false
  if (hour !== undefined && hour > 23) return false
  const first = Date.UTC(year, (month ?? 1) - 1, day ?? 1, hour ?? 0)
  const next =
    hour !== undefined
      ? first + hourMs
      : day !== undefined
        ? first + 24 * hourMs
        : month !== undefined
          ? Date.UTC(year, month, 1)
          : Date.UTC(year + 1, 0, 1)
  if (first <= range.last && next > range.first) return true
  for (const also of range.also ?? []) if (also >= first && also < next) return true
  return false
}

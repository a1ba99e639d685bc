import { LegalHoldError } from '../../model/errors.js'
import type { ExportRequest, Interval, MediaType } from '../../model/request.js'

const digitalMedia: readonly MediaType[] = ['chat', 'email', 'message']

/** The media types a request names, `digital` written out; `undefined` is all of them. */
export function mediaTypesOf(request: ExportRequest): readonly MediaType[] | undefined {
  const { mediaTypes } = request
  if (mediaTypes === 'digital') return digitalMedia
  return mediaTypes === undefined || mediaTypes.length === 0 ? undefined : mediaTypes
}

/** Whether a request covers a media type. */
export function coversMedia(request: ExportRequest, media: MediaType): boolean {
  return mediaTypesOf(request)?.includes(media) ?? true
}

/** Whether a request covers chat, email or messages. */
export function coversDigital(request: ExportRequest): boolean {
  return digitalMedia.some((media) => coversMedia(request, media))
}

/** Whether a request asks for all digital channels and nothing else. */
export function isDigitalOnly(request: ExportRequest): boolean {
  const mediaTypes = mediaTypesOf(request)
  return mediaTypes?.length === digitalMedia.length && digitalMedia.every((media) => mediaTypes.includes(media))
}

/** The words by which the platform's several APIs know the media types. */
const platformMedia: Readonly<Record<string, MediaType>> = {
  audio: 'call',
  call: 'call',
  calls: 'call',
  voice: 'call',
  chat: 'chat',
  chats: 'chat',
  email: 'email',
  emails: 'email',
  message: 'message',
  messages: 'message',
  messaging: 'message',
  screen: 'screen',
  screens: 'screen',
  screenrecording: 'screen',
  screenshare: 'screen',
}

/** This library's word for a medium of the platform; `undefined` if it is not known. */
export function mediaTypeFrom(word: string | undefined): MediaType | undefined {
  return word === undefined ? undefined : platformMedia[word.toLowerCase().replace(/[^a-z]/g, '')]
}

/** Two times as the platform writes an interval. */
export function intervalText(interval: Interval): string {
  const start = new Date(interval.start)
  const end = new Date(interval.end)
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime()) || start >= end) {
    throw new LegalHoldError(
      `The interval ${interval.start} to ${interval.end} is not usable: give two ISO 8601 times, the end after the start.`,
      { code: 'INVALID_REQUEST', stage: 'export' },
    )
  }
  return `${start.toISOString()}/${end.toISOString()}`
}

const agedYears = 5

/**
 * How long before now conversations can be queried, in milliseconds since the epoch: recording jobs and analytics know
 * those of five years (genesys-facts: recording jobs).
 */
export function queryableSince(now: number): number {
  const limit = new Date(now)
  limit.setUTCFullYear(limit.getUTCFullYear() - agedYears)
  return limit.getTime()
}

/** Whether analytics can list all conversations of a request. */
export function isQueryable({ interval }: ExportRequest, now: number): boolean {
  return Date.parse(interval.start) >= queryableSince(now)
}

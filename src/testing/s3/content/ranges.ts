import type { Call } from '../call.js'
import { invalidArgument, invalidRequest, S3Error } from '../http/errors.js'
import type { ObjectVersion, StoredPart } from '../state/object-version.js'

/** The stretch of an object that is asked for, end exclusive. */
export interface Stretch {
  readonly start: number
  readonly end: number
  /** Whether it was asked for, so that the answer is 206. */
  readonly partial: boolean
  readonly part?: StoredPart | undefined
  readonly partsCount?: number | undefined
}

/** Reads `Range` or `partNumber`. */
export function requestedStretch(call: Call, version: ObjectVersion): Stretch {
  const range = call.header('range')
  const partNumber = call.request.query.get('partNumber')
  if (range !== undefined && partNumber !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
  }
  if (partNumber !== undefined) return partStretch(partNumber, version)
  const size = version.body.sizeBytes
  const whole = { start: 0, end: size, partial: false }
  return range === undefined ? whole : (rangeStretch(range, size) ?? whole)
}

/** A range that cannot be read, or several at once, count as not sent: the answer is the whole object. */
function rangeStretch(range: string, size: number): Stretch | undefined {
  const [unit, set = '', ...more] = range.split('=', 3).map((part) => part.trim())
  const [first = '', last = '', ...others] = set.split('-', 3).map((part) => part.trim())
  if (unit !== 'bytes' || more.length > 0 || others.length > 0 || !set.includes('-')) return undefined
  if (![first, last].every((number) => /^\d*$/.test(number)) || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    if (length === 0) throw unsatisfiable(range, size)
    return { start: size - length, end: size, partial: true }
  }
  if (last !== '' && Number(last) < Number(first)) return undefined
  if (Number(first) >= size) throw unsatisfiable(range, size)
  return {
    start: Number(first),
    end: last === '' ? size : Math.min(Number(last) + 1, size),
    partial: true,
  }
}

function unsatisfiable(range: string, size: number): S3Error {
  return new S3Error('InvalidRange', {
    details: [
      ['RangeRequested', range.trim()],
      ['ActualObjectSize', size],
    ],
    headers: { 'content-range': `bytes */${size}` },
  })
}

function partStretch(text: string, version: ObjectVersion): Stretch {
  const number = readPartNumber(text)
  const { parts, body } = version
  if (parts === undefined) {
    if (number !== 1) throw noSuchPart(text, 1)
    return { start: 0, end: body.sizeBytes, partial: body.sizeBytes > 0 }
  }
  // Parts are asked for by their place in the object, which is what completion renumbers them to.
  const part = parts[number - 1]
  if (part === undefined) throw noSuchPart(text, parts.length)
  const start = parts.slice(0, number - 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { start, end: start + part.sizeBytes, partial: true, part, partsCount: parts.length }
}

function noSuchPart(text: string, count: number): S3Error {
  return new S3Error('InvalidPartNumber', {
    details: [
      ['ActualPartCount', count],
      ['PartNumberRequested', text],
    ],
  })
}

/** Reads a part number, 1 to 10,000. */
export function readPartNumber(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > 10_000) {
    throw invalidArgument('partNumber', text, 'Part number must be an integer between 1 and 10000, inclusive')
  }
  return number
}

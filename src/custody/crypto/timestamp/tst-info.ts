import { createHash } from 'node:crypto'
import { berTag, readBer, TimestampError } from '../ber.js'
import { Fields, readCount, readOctets, readTime } from '../ber-values.js'
import { digestOf } from './signature-algorithm.js'

/** What an authority signed (RFC 3161, 2.4.2). */
export interface TstInfo {
  readonly time: Date
  /** How far the time may be off, as the authority says; `undefined` if it does not. */
  readonly accuracyMs: number | undefined
  /** Hex without leading zeros; `undefined` if there is none. */
  readonly nonce: string | undefined
}

/**
 * Reads a TSTInfo, which must be over this data.
 *
 * @throws TimestampError
 */
export function readTstInfo(bytes: Buffer, data: Uint8Array): TstInfo {
  const fields = new Fields(readBer(bytes))
  const version = readCount(fields.next(berTag.integer))
  if (version !== 1) throw new TimestampError(`it is a time stamp of version ${version}`)
  fields.next(berTag.oid)
  const imprint = new Fields(fields.next(berTag.sequence))
  const digest = digestOf(imprint.next(berTag.sequence))
  if (digest === 'sha1') throw new TimestampError('its imprint is SHA-1')
  if (!createHash(digest).update(data).digest().equals(readOctets(imprint.any()))) {
    throw new TimestampError('it stamps other data')
  }
  fields.next(berTag.integer)
  const time = readTime(fields.next(berTag.generalizedTime))
  const accuracy = fields.maybe(berTag.sequence)
  fields.maybe(berTag.boolean)
  const nonce = fields
    .maybe(berTag.integer)
    ?.contents.toString('hex')
    .replace(/^(?:00){1,64}(?=..)/, '')
  fields.maybe(berTag.context0)
  for (const extension of fields.maybe(berTag.context1)?.children ?? []) {
    const parts = new Fields(extension)
    parts.next(berTag.oid)
    if ((parts.maybe(berTag.boolean)?.contents[0] ?? 0) !== 0) {
      throw new TimestampError('it has a critical extension that is not known here')
    }
  }
  fields.end('its time stamp')
  return { time, accuracyMs: accuracy === undefined ? undefined : readAccuracy(new Fields(accuracy)), nonce }
}

function readAccuracy(fields: Fields): number {
  const seconds = fields.maybe(berTag.integer)
  const millis = fields.maybe(berTag.value0)
  const micros = fields.maybe(berTag.value1)
  fields.end('its accuracy')
  const count = (element: typeof millis, tag: number) => (element === undefined ? 0 : readCount(element, tag))
  return count(seconds, berTag.integer) * 1000 + count(millis, berTag.value0) + count(micros, berTag.value1) / 1000
}

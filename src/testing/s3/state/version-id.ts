import { createHash } from 'node:crypto'
import { randomSlice } from '../http/random.js'

const saltBytes = 16
const sequenceBytes = 6
const sealBytes = 2

function mask(bucket: string, salt: Buffer): Buffer {
  return createHash('sha256').update(bucket).update('\0').update(salt).digest()
}

/**
 * A version id as S3 makes them: opaque, 32 characters. It hides the order of writing, so that a listing can
 * continue after a version that is gone by now. It belongs to its bucket, so that an id that was never issued is
 * recognised.
 */
export function makeVersionId(bucket: string, sequence: number): string {
  const salt = randomSlice(saltBytes)
  const hidden = mask(bucket, salt)
  const order = Buffer.alloc(sequenceBytes)
  order.writeUIntBE(sequence, 0, sequenceBytes)
  for (let i = 0; i < sequenceBytes; i++) order[i] = (order[i] ?? 0) ^ (hidden[i] ?? 0)
  const seal = createHash('sha256').update(hidden).update(order).digest().subarray(0, sealBytes)
  return Buffer.concat([salt, order, seal]).toString('base64').replaceAll('+', '.').replaceAll('/', '_')
}

/** Whether a text has the form of a version id. */
export function isVersionId(text: string): boolean {
  return text === 'null' || /^[A-Za-z0-9._]{32}$/.test(text)
}

/** Place of a version in the order of writing; undefined for an id that this bucket never gave. */
export function sequenceOfVersion(bucket: string, versionId: string): number | undefined {
  if (versionId === 'null' || !isVersionId(versionId)) return undefined
  const bytes = Buffer.from(versionId.replaceAll('.', '+').replaceAll('_', '/'), 'base64')
  const salt = bytes.subarray(0, saltBytes)
  const order = Buffer.from(bytes.subarray(saltBytes, saltBytes + sequenceBytes))
  const hidden = mask(bucket, salt)
  const seal = createHash('sha256').update(hidden).update(order).digest().subarray(0, sealBytes)
  if (!seal.equals(bytes.subarray(saltBytes + sequenceBytes))) return undefined
  for (let i = 0; i < sequenceBytes; i++) order[i] = (order[i] ?? 0) ^ (hidden[i] ?? 0)
  return order.readUIntBE(0, sequenceBytes)
}

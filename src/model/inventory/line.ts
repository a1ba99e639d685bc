import { agreementOf, type ObjectTraits } from '../identity.js'
import type { Retention } from '../object.js'

/**
 * What an inventory shows of the current version of an object that carried the hold then. Only columns of the
 * inventory are in it. A plan keeps it in the list of the object's shard.
 */
export interface InventoryLine {
  readonly versionId?: string | undefined
  readonly sizeBytes?: number | undefined
  /** Without quotes. */
  readonly etag: string
  /** ISO 8601; before the inventory began. */
  readonly lastModified: string
  readonly storageClass?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly legalHold?: 'ON' | 'OFF' | undefined
  readonly retention?: Retention | undefined
}

const secondMs = 1_000

/** Whether something was certainly written before an inventory began. HEAD leaves out fractions of a second. Pure. */
export function isBefore(lastModified: string | undefined, asOf: string): boolean {
  return lastModified !== undefined && Date.parse(lastModified) + secondMs <= Date.parse(asOf)
}

/**
 * Whether a listing, or a HEAD, shows the very object of a line: it has the same ETag, size and time, and it was
 * written before the inventory began. What is not shown is not the same. Pure.
 */
export function isObjectOf(line: InventoryLine, shown: ObjectTraits, asOf: string): boolean {
  if (shown.etag === undefined || !isBefore(shown.lastModified, asOf)) return false
  const { etag, sizeBytes, lastModified } = line
  return agreementOf({ etag, sizeBytes, lastModified }, shown) === 'same'
}

import type { ObjectState } from './object.js'
/** Properties that distinguish one state of an object from another, as far as an answer shows them. */
export interface ObjectTraits {
  /** With or without its quotes. */
  readonly etag?: string | undefined
  /** Of the content. */
  readonly sizeBytes?: number | undefined
  /** When it was written, ISO 8601. */
  readonly lastModified?: string | undefined
  /** Id of the current version, if the bucket has versions. */
  readonly versionId?: string | undefined
}

/**
 * Whether an answer shows the object that a listing showed.
 *
 * - `same`: it does, in all that both of them show
 * - `unknown`: they have neither ETag, time nor version in common
 * - `newer`: it was written after the listing, so somebody may have rewritten the object in between
 * - `contradicts`: it belongs to another object, or to an earlier state
 */
export type Agreement = 'same' | 'unknown' | 'newer' | 'contradicts'

/** HEAD gives whole seconds, and servers differ in how they round: what is closer than that may be the same time. */
const secondMs = 1_000

/**
 * Compares an answer with what a listing showed. A property that one of them leaves out is unknown, never
 * different. Pure.
 */
export function agreementOf(listed: ObjectTraits, shown: ObjectTraits): Agreement {
  if (isAlike(listed, shown)) return 'same'
  const tag = isSame(plainEtag(listed.etag), plainEtag(shown.etag))
  const version = isSame(listed.versionId, shown.versionId)
  const size = isSame(listed.sizeBytes, shown.sizeBytes)
  const laterMs = millisecondsOf(shown.lastModified) - millisecondsOf(listed.lastModified)
  const isOtherTime = Math.abs(laterMs) >= secondMs
  if (tag === false || version === false || size === false || isOtherTime) {
    return laterMs >= secondMs ? 'newer' : 'contradicts'
  }
  return tag === undefined && version === undefined && Number.isNaN(laterMs) ? 'unknown' : 'same'
}

/** Nearly always both write the same. */
function isAlike(listed: ObjectTraits, shown: ObjectTraits): boolean {
  return (
    listed.etag !== undefined &&
    listed.etag === shown.etag &&
    listed.lastModified === shown.lastModified &&
    listed.sizeBytes === shown.sizeBytes &&
    (listed.versionId === undefined || listed.versionId === shown.versionId)
  )
}

/** `true` and `false` if both say something. */
function isSame<T>(one: T | undefined, other: T | undefined): boolean | undefined {
  return one === undefined || other === undefined ? undefined : one === other
}

/** Without quotes, which some servers leave out, and without the mark of a weak one, which a proxy adds. */
function plainEtag(etag: string | undefined): string | undefined {
  return etag?.replace(/^W\//, '').replaceAll('"', '')
}

/** `NaN` if there is no time. */
function millisecondsOf(time: string | undefined): number {
  return time === undefined ? Number.NaN : Date.parse(time)
}

/** Whether an answer names another version than the one that was asked for. Pure. */
export function isOtherVersion(asked: string | undefined, answered: string | undefined): boolean {
  return asked !== undefined && answered !== undefined && answered !== '' && asked !== answered
}

/** The traits in words, for the person who must find out where a wrong answer came from. */
export function describeTraits({ etag, sizeBytes, lastModified, versionId }: ObjectTraits): string {
  const parts = [
    ...(versionId === undefined ? [] : [`version ${versionId}`]),
    ...(etag === undefined ? [] : [`ETag ${etag}`]),
    ...(sizeBytes === undefined ? [] : [`${sizeBytes} bytes`]),
    ...(lastModified === undefined ? [] : [`written ${lastModified}`]),
  ]
  return parts.length === 0 ? 'nothing that tells it from another' : parts.join(', ')
}

/** Whether the id names this one version for good: `null` is overwritten while versioning is suspended. */
export function isVersioned({ versionId }: ObjectState): boolean {
  return versionId !== undefined && versionId !== 'null'
}

import type { ObjectPlace } from '../../model/verdict.js'

/**
 * What is known of a recording, as bits: `delivered`: a media file with content and its sidecar are there; `whole`: so is
 * all else that the platform wrote of it, and none of that is empty; `freshMedia`, `freshSidecar`: one of these was written
 * since the job was created; `unlisted`: it came to be known by landing in an open conversation;
 * `archived`: the platform must restore it first; `located`: the platform said where it is stored.
 */
export const bits = {
  delivered: 1,
  whole: 2,
  repaired: 4,
  failed: 8,
  skipped: 16,
  withdrawn: 32,
  freshMedia: 64,
  unlisted: 128,
  freshSidecar: 256,
  archived: 512,
  located: 8_192,
} as const

/** The medium of a recording, as three bits beside those. */
const media: readonly (string | undefined)[] = [undefined, 'call', 'chat', 'email', 'message', 'screen']
const mediumShift = 10
const mediumBits = 7 << mediumShift

/** The bits of a medium; none if it is not known. */
export function bitsOfMedium(medium: string | undefined): number {
  return Math.max(0, media.indexOf(medium)) << mediumShift
}

/** The medium that the bits say. */
export function mediumOf(flags: number): string | undefined {
  return media[(flags & mediumBits) >> mediumShift]
}
/** Said of it by the platform or its list. */
export const settled = bits.failed | bits.skipped | bits.withdrawn
/** Both: others write beside a recording, too, but not its sidecar as well. */
const fresh = bits.freshMedia | bits.freshSidecar

/** It has not wholly landed, and nothing was said of it. */
export function isPending(flags: number): boolean {
  if (flags & bits.delivered) return (flags & bits.whole) === 0
  return (flags & settled) === 0
}

/** It did not land with its sidecar, and nothing was said of it. */
export function isNeverDelivered(flags: number): boolean {
  return (flags & (bits.delivered | settled)) === 0
}

/** The list, or the platform when asked, says that it was left out. */
export function isSkipped(flags: number): boolean {
  return (flags & bits.skipped) !== 0
}

/** The job does not cover it. */
export function isWithdrawn(flags: number): boolean {
  return (flags & bits.withdrawn) !== 0
}

/** The bit that says of a file of this kind that it was written since the job was created. */
export function freshBit(kind: ObjectPlace['kind']): number {
  return kind === 'sidecar' ? bits.freshSidecar : bits.freshMedia
}

/** It was written since the job was created. */
export function isFresh(flags: number): boolean {
  return (flags & fresh) === fresh
}

/** It was delivered since the job was created. */
export function isFreshlyDelivered(flags: number): boolean {
  return (flags & bits.delivered) !== 0 && isFresh(flags)
}

/** It came to be known by being delivered since the job was created. */
export function isUnlisted(flags: number): boolean {
  return (flags & bits.unlisted) !== 0 && isFreshlyDelivered(flags)
}

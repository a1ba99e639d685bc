import type { Shortcoming } from '../../internal/tables/fault-book.js'
import type { FilesJudgement } from './files-judgement.js'

/** Of a delivered file, or of one that has no sidecar and so may be a stranger's. */
export const sidecarMissing: Shortcoming = {
  fault: 'missing',
  reason: 'companion missing: its sidecar is not there',
}

const sidecarEmpty: Shortcoming = {
  fault: 'missing',
  reason: 'companion missing: its sidecar is empty (0 bytes)',
}

/** A file without a byte is not delivered. */
export const mediaEmpty: Shortcoming = {
  fault: 'missing',
  reason: 'not delivered: the file that came for it is empty (0 bytes)',
}

/** What a delivered recording lacks that is not whole. */
export function lackOf({ hasEmptyMedia, hasEmptySidecar }: FilesJudgement): Shortcoming {
  if (hasEmptyMedia) return mediaEmpty
  return hasEmptySidecar ? sidecarEmpty : sidecarMissing
}

/** What a listing showed once and the latest one does not. */
export const gone: Shortcoming = {
  fault: 'missing',
  reason: 'deleted since it was delivered: the bucket no longer lists it',
}

/** The same, of what a recording shares with its conversation. */
export const companionGone: Shortcoming = {
  fault: 'missing',
  reason: 'companion deleted since it was delivered: a transcript or attachment that the bucket no longer lists',
}

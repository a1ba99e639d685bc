import type { ObjectState, Retention } from '../../../model/object.js'

/*
 * Object Lock state as servers write it. What is there and cannot be understood is `unreadable`, never "off" or "none": a
 * mode that is newer than this library protects anyway.
 */

/** Legal hold by its word. `undefined` if there is none: whether that means "off" is not said. */
export function legalHoldOf(status: string | undefined): 'ON' | 'OFF' | 'unreadable' | undefined {
  if (status === undefined || status === 'ON' || status === 'OFF') return status
  return 'unreadable'
}

/** Retention by mode and date; `undefined` if neither is there. */
export function retentionOf(
  mode: string | undefined,
  until: string | undefined,
): Exclude<ObjectState['retention'], 'none'> {
  if (mode === undefined && until === undefined) return undefined
  if (!isMode(mode) || until === undefined) return 'unreadable'
  return { mode, retainUntilDate: until }
}

function isMode(mode: string | undefined): mode is Retention['mode'] {
  return mode === 'GOVERNANCE' || mode === 'COMPLIANCE'
}

import type { Call } from '../call.js'
import type { BucketSettings } from '../state/state.js'

/** Settings of the bucket of a request, for a caller who may do this with them. */
export function settingsFor(call: Call, action: string): BucketSettings {
  const { settings } = call.bucket()
  call.allow(action)
  return settings
}

/** Changes settings of the bucket of a request as it is now. */
export function changeBucket(call: Call, changes: Partial<BucketSettings>): void {
  call.store.saveBucket({ ...call.bucket().settings, ...changes })
}

/** What most documents about a bucket need: a proof of their content. */
export const digestRequired = { digestRequired: true } as const

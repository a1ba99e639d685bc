import type { ObjectRef } from '../../../model/object.js'

/** Key and version as every object operation takes them. */
export function target(ref: ObjectRef): { Key: string; VersionId?: string } {
  return { Key: ref.key, ...(ref.versionId === undefined ? {} : { VersionId: ref.versionId }) }
}

/** Ends an answer whose body is not wanted, so that its connection is free again. */
export function discard(body: unknown): void {
  const stream = body as { destroy?: () => unknown; cancel?: () => Promise<unknown> } | undefined
  if (typeof stream?.destroy === 'function') stream.destroy()
  else if (typeof stream?.cancel === 'function') stream.cancel().catch(() => {})
}

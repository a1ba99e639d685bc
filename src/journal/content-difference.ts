import type { Difference } from '../model/verdict.js'
import type { ContentDigest } from './record-data.js'

/** Digests of an object's content: as it is, and as it was before a repair that wrote it again. */
export interface ContentDigests {
  readonly digest?: ContentDigest | undefined
  readonly digestBefore?: ContentDigest | undefined
}

/** What both digests say of a copy: the difference, where both contents were read and are not the same. */
export function contentDifference({ digest, digestBefore }: ContentDigests): Difference | undefined {
  if (digest?.source !== 'content' || digestBefore?.source !== 'content') return undefined
  if (digest.value === digestBefore.value) return undefined
  return { property: 'content', before: digestBefore.value, after: digest.value }
}

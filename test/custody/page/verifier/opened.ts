import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleCheckOptions, checkBundle } from '#src/custody/page/verifier/bundle-check.js'
import { readGiven } from '#src/custody/page/verifier/key.js'
import type { PageResult } from '#src/custody/page/verifier/result.js'

/** The files of a bundle, by name. */
export type Contents = ReadonlyMap<string, Uint8Array>

/** Reads a bundle. */
export function contentsOf(dir: string): Contents {
  return new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]))
}

/** What the page finds in a bundle, by the WebCrypto of Node. */
export function checked(
  contents: Contents,
  given: string,
  options: Partial<BundleCheckOptions> = {},
): Promise<PageResult> {
  const read = readGiven(given)
  if (typeof read === 'string') throw new Error(read)
  const files = new Map([...contents].map(([name, bytes]) => [name, new Blob([bytes])]))
  return checkBundle(files, { subtle: crypto.subtle, given: read, wanted: '', ...options })
}

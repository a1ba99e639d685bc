import type { Given } from '../arguments.js'
import type { FlagSpec } from '../command.js'
import type { Resolved } from '../config/resolve.js'
import { placesOf } from './places.js'

/** For the commands about a bundle. */
export const configFlag: FlagSpec = {
  name: 'config',
  value: 'FILE',
  kind: 'text',
  about: 'matter.yaml, whose evidence is DIR',
}

/** Positional arguments that begin with a bundle: where a file is named and one is left out, the bundle is that of its matter. */
export function bundleFirst({ positionals }: Given, resolved: Resolved, count: number): readonly string[] {
  if (resolved.file === undefined || positionals.length >= count) return positionals
  return [placesOf(resolved).evidence, ...positionals]
}

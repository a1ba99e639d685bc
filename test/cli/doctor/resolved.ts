import type { Resolved } from '#src/cli/config/resolve.js'

/** A matter as the command resolved it, without a file. */
export const resolved = (matter: Resolved['matter']): Resolved => ({
  matter,
  file: undefined,
  folder: '.',
  notes: [],
  unset: [],
})

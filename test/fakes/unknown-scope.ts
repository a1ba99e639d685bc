import type { Finding } from '#src/index.js'

/** Nobody says in which divisions the client sees recordings. */
export const unknownScope: Finding = {
  code: 'client-scope-unknown',
  severity: 'warning',
  message: 'Nobody answered.',
  subject: 'divisions of the OAuth client',
  remedy: 'Ask an administrator.',
}

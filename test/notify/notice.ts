import type { Notice } from '#src/index.js'

/** A run that ended well. */
export const notice: Notice = {
  schemaVersion: 1,
  kind: 'run-finished',
  at: '2026-03-04T12:00:00.000Z',
  hold: { tag: 'matter-7' },
  bucket: 'b',
  outcome: 'complete',
}

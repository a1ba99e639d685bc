// Requests that only some runs send: a file of its own beside the tables of what every run sends.
import { describe, expect, test } from 'vitest'
import { cancellations, seldom } from './expected.js'
import { lasting, passing } from './fault-kinds.js'
import { describeRows, documented, type Open, render, rowsOf } from './matrix.js'
import { type GenesysShape, genesysWorld, outcomeOf } from './matrix-world.js'

const opening =
  (shape: GenesysShape): Open =>
  (...options) =>
    genesysWorld(shape, ...options)

const [jobs, exports] = ['recording-jobs', 'bulk-exports'] as const
const scanning = { conversations: 8, maxMetadataCalls: 2 }
const forced = { surface: exports, forced: true } as const

describeRows(
  'what only some runs send',
  [
    {
      label: 'queryRetention, of many conversations',
      open: opening({ surface: jobs, ...scanning }),
      target: { operation: 'queryRetention', after: 0 },
    },
    {
      label: 'listRecordingJobs, when the answer to a create was lost',
      open: opening({ surface: jobs, losesCreate: true }),
      // Inspection asks twice before.
      target: { operation: 'listRecordingJobs', after: 2 },
    },
    {
      label: 'listBulkExports, when the answer to a create was lost',
      open: opening({ surface: exports, losesCreate: true }),
      target: { operation: 'listBulkExports', after: 0 },
    },
    {
      label: 'updateExportProfile, to force it',
      open: opening(forced),
      target: { operation: 'updateExportProfile', after: 0 },
    },
    {
      label: 'updateExportProfile, to put it back',
      open: opening(forced),
      target: { operation: 'updateExportProfile', after: 1 },
    },
  ],
  seldom,
)

describe('each fault and the requests of a run that is aborted and cancels its job', () => {
  const requests = [
    ['getRecordingJob', jobs],
    ['deleteRecordingJob', jobs],
    ['getBulkExport', exports],
    ['deleteBulkExport', exports],
  ] as const

  /** What became of the job; then the fault goes, and the run goes on. */
  async function underFault(operation: string, surface: GenesysShape['surface'], fault: (typeof passing)[number]) {
    const action = fault.genesys
    if (action === undefined) return undefined
    const world = await genesysWorld({ surface }, { totalTimeoutMs: 60_000 }, action.kind === 'hang' ? 250 : undefined)
    try {
      const abort = new AbortController()
      const arm = () => world.faults.add({ match: { operation }, action, times: fault.times })
      abort.signal.addEventListener('abort', arm, { once: true })
      expect(await outcomeOf(world.run(undefined, abort))).toBe('ABORTED')
      const isCancelled = world.jobs?.()[0] === 'CANCELLED'
      world.faults.clear()
      expect(await outcomeOf(world.run())).toBe('survives')
      expect(world.jobs?.()).toEqual(isCancelled ? ['CANCELLED', 'FULFILLED'] : ['FULFILLED'])
      return isCancelled ? 'is cancelled' : 'continues'
    } finally {
      await world.close()
    }
  }

  test.each(requests)(
    '%s: the job ends as the table says, and the run goes on from its journal',
    async (...request) => {
      const row: Record<string, string> = {}
      for (const fault of [...passing, ...lasting.map((fault) => ({ ...fault, times: Number.POSITIVE_INFINITY }))]) {
        const outcome = await underFault(...request, fault)
        if (outcome !== undefined) row[fault.name] = outcome
      }
      expect(rowsOf({ [request[0]]: row }, 'is cancelled')).toEqual(
        cancellations.filter(([kind]) => kind === request[0]),
      )
    },
    300_000,
  )

  test('stand so in docs/faults.md', () => {
    expect(cancellations.map(([kind]) => kind)).toEqual(requests.map(([kind]) => kind))
    expect(documented).toContain(render(cancellations))
  })
})

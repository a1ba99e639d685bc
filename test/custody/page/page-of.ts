import { reportPage } from '#src/custody/page/page.js'
import type { RecordingException, RunReport } from '#src/index.js'

/** A page over a report with as many exceptions as are given. */
export function pageOf(
  report: RunReport,
  exceptions: readonly RecordingException[],
  exceptionCount = exceptions.length,
  otherHolds: readonly string[] = [],
): string {
  return reportPage({
    report,
    records: { total: 10, byType: { verdict: 10 }, objectOutcomes: {}, actions: {} },
    arrivals: { widthMs: 60_000, bins: [{ from: 0, count: 3 }] },
    exceptions,
    exceptionCount,
    otherHolds,
    custody: {
      tool: { name: 'x', version: '1' },
      sealedAt: '2023-10-20T12:00:00.000Z',
      policyDigest: '0'.repeat(64),
      log: { hash: 'sha256', rootHash: '0'.repeat(64), treeSize: 10 },
      timestamp: 'none',
      recordsSha256: '0'.repeat(64),
      fingerprint: 'sha256:0',
    },
  })
}

import { canonicalJson } from '../../internal/canonical-json.js'
import { counted, verb } from '../../internal/text/counted.js'
import { hasForm } from '../../journal/form/data-form.js'
import { contradictsItself } from '../../model/report.js'
import { bundleFiles, type CustodyPredicate } from './contents.js'
import { contradictionOfStatement } from './predicate-check.js'
import type { Findings } from './problem.js'
import type { RecordCounter } from './record-counts.js'

/** What the records of a bundle come to, and what lies beside them. */
export interface Recount {
  readonly counter: RecordCounter
  readonly treeSize: number
  /** Hex. */
  readonly rootHash: string
  /** `report.json`, where it is there. */
  readonly reportText: string | undefined
  /** Of a text, in hex. */
  readonly sha256: (text: string) => string
}

/** Compares what was signed with what the records come to. It runs in Node and in the page of a bundle. */
export function compareRecount(predicate: CustodyPredicate, recount: Recount, findings: Findings): void {
  const { log, counts, policyDigest } = predicate
  const { counter, treeSize, rootHash, sha256 } = recount
  const file = bundleFiles.records
  if (treeSize !== log.treeSize) {
    findings.fail(
      'root-mismatch',
      `${counted(treeSize, 'record')} ${verb(treeSize, 'is', 'are')} there, ${counted(log.treeSize, 'was', 'were')} signed.`,
      file,
    )
  } else if (rootHash !== log.rootHash) {
    findings.fail('root-mismatch', `The tree over the records has the root ${rootHash}, another was signed.`, file)
  }
  const recounted = { recordings: counter.recordings(), records: counter.counts() }
  for (const name of ['recordings', 'records'] as const) {
    if (canonicalJson(recounted[name]) !== canonicalJson(counts[name])) {
      findings.fail('counts-mismatch', `The ${name} counted anew do not agree with the statement.`, file)
    }
  }
  const policy = counter.policy?.data
  if (policy !== undefined && sha256(canonicalJson(policy)) !== policyDigest) {
    findings.fail('policy-mismatch', 'What the run was told is not what the statement has the digest of.', file)
  }
  const report = counter.report?.data
  const differs = report === undefined ? undefined : contradictionOfStatement(predicate, report)
  if (differs !== undefined) findings.fail('report-mismatch', differs, bundleFiles.statement)
  compareReport(recount, findings)
}

/** report.json and the record of the report say the same. */
function compareReport({ counter, reportText }: Recount, findings: Findings): void {
  const record = counter.report
  if (record !== undefined && hasForm(record) && contradictsItself(record.data)) {
    const message = `The report says ${record.data.outcome}, and its own counts do not.`
    findings.fail('counts-mismatch', message, bundleFiles.records)
  }
  if (reportText === undefined) return
  let report: unknown
  try {
    report = JSON.parse(reportText)
  } catch {
    report = undefined
  }
  if (record === undefined || canonicalJson(report) !== canonicalJson(record.data)) {
    const message = `${bundleFiles.reportJson} is not the report that is on record.`
    findings.fail('report-mismatch', message, bundleFiles.reportJson)
  }
}

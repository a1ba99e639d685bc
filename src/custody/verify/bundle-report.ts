import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasForm } from '../../journal/form/data-form.js'
import { LegalHoldError } from '../../model/errors.js'
import type { RunReport } from '../../model/report.js'
import type { CallOptions } from '../../ports/runtime.js'
import { bundleFiles } from '../bundle/contents.js'
import { RecordDigest } from '../bundle/record-digest.js'
import { fileLines } from '../bundle/record-lines.js'
import { readStatementOf } from '../bundle/statement-file.js'
import { fingerprintOf } from '../crypto/keys.js'
import { readRecord } from '../journal/record.js'
import { reportPageOf } from '../page/files.js'

/**
 * The report of a bundle, which is not verified here.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function readBundleReport(dir: string): Promise<RunReport> {
  const path = join(dir, bundleFiles.reportJson)
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new LegalHoldError(`${path} cannot be read.`, { code: 'EVIDENCE_UNREADABLE', stage: 'report', cause: error })
  }
}

/**
 * Builds the page of a bundle again from its records, its report and its statement. The version that sealed it builds the
 * same bytes.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`, `ABORTED`
 */
export async function rebuildReportPage(dir: string, options: CallOptions = {}): Promise<string> {
  const { predicate } = await readStatementOf(dir)
  const report = await readBundleReport(dir)
  const key = await readFile(join(dir, bundleFiles.publicKey), 'utf8').catch(() => '')
  const digest = new RecordDigest()
  const sha256 = createHash('sha256')
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const line of lines) {
      sha256.update(line).update('\n')
      const record = readRecord(line)
      if (typeof record !== 'string' && hasForm(record)) digest.add(record)
    }
  }
  return reportPageOf(report, { digest, recordsSha256: sha256.digest('hex') }, predicate, fingerprintOf(key))
}

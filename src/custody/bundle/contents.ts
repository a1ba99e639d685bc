import type { HashContent } from '../../model/evidence.js'
import type { LegalHold } from '../../model/hold.js'
import type { ObjectCounts, RecordingCounts, RunReport } from '../../model/report.js'
import type { Interval } from '../../model/request.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { RecordCounts } from './record-counts.js'

/** Names of the files of a bundle. All but the last two are subjects of the statement. */
export const bundleFiles = {
  records: 'records.jsonl',
  leaves: 'records.leaves',
  reportJson: 'report.json',
  reportHtml: 'report.html',
  exceptions: 'exceptions.csv',
  verifyPage: 'verify.html',
  instructions: 'VERIFY.md',
  publicKey: 'public-key.pem',
  previous: 'previous.dsse.json',
  statement: 'statement.dsse.json',
  timestamp: 'timestamp.dsse.json',
} as const

/** Files that a bundle has to hold, as subjects of its statement. Versions before `verify.html` sealed without it. */
export const requiredSubjects: readonly string[] = [
  bundleFiles.records,
  bundleFiles.leaves,
  bundleFiles.reportJson,
  bundleFiles.reportHtml,
  bundleFiles.exceptions,
  bundleFiles.instructions,
  bundleFiles.publicKey,
]

/** DSSE payload type of an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1/envelope.md). */
export const statementPayloadType = 'application/vnd.in-toto+json'

/** DSSE payload type of a signed RFC 3161 answer. */
export const timestampPayloadType = 'application/timestamp-reply'

/** Type of an in-toto statement. */
export const statementType = 'https://in-toto.io/Statement/v1'

/** Type of our predicate. A change that would break readers gets a new number. */
export const predicateType = 'urn:genesys-legal-hold-exporter:custody:v1'

/** What the statement says about a run. */
export interface CustodyPredicate {
  readonly schemaVersion: 1
  readonly tool: { readonly name: string; readonly version: string }
  /** ISO 8601 in UTC. */
  readonly sealedAt: string
  readonly runId: string
  readonly dryRun: boolean
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly platform: RunReport['platform']
  readonly storage: RunReport['storage']
  readonly interval: Interval
  readonly outcome: RunReport['outcome']
  /** What rests on an inventory in place of a HEAD. Absent if the run was given none. */
  readonly inventory?: RunReport['inventory']
  /** SHA-256, hex, of the canonical JSON of the run's instructions: the data of its `run-started` record. */
  readonly policyDigest: string
  readonly hashContent: HashContent
  readonly counts: {
    readonly recordings: RecordingCounts
    readonly objects: ObjectCounts
    readonly records: RecordCounts
  }
  /** RFC 6962 over the lines of records.jsonl, without their line breaks. */
  readonly log: { readonly hash: 'sha256'; readonly rootHash: string; readonly treeSize: number }
  /** The previous bundle of the same matter. */
  readonly previous?: PreviousLink | undefined
  /** Whether a time stamp over the signature belongs to the bundle. */
  readonly timestamp: 'rfc3161' | 'none'
}

/** How a bundle names the one before it. */
export interface PreviousLink {
  /**
   * SHA-256, hex, of its statement: of the payload in its envelope, which no other signature changes. This is the chain.
   * Absent from bundles that were chained by `statementSha256`.
   */
  readonly payloadSha256?: string | undefined
  /** SHA-256, hex, of its `statement.dsse.json`, to find the file by. */
  readonly statementSha256: string
  readonly runId: string
  /** ISO 8601 in UTC. */
  readonly sealedAt: string
}

/** An in-toto statement with our predicate. */
export interface CustodyStatement {
  readonly _type: typeof statementType
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[]
  readonly predicateType: typeof predicateType
  readonly predicate: CustodyPredicate
}

/** What ties bundles to each other: a matter, or where it has no name its tag. */
export function matterOf(hold: LegalHold): string {
  return hold.matter ?? hold.tag
}

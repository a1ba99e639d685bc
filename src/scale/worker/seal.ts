import { MerkleTree } from '../../custody/crypto/merkle.js'
import { sha256 } from '../../custody/crypto/sha256.js'
import { parseRecord } from '../../custody/journal/record.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { toolName, toolVersion } from '../../internal/package/version.js'
import { IdDigest } from '../../internal/tables/id-digest.js'
import { AccountCheck } from '../../journal/check/account-check.js'
import type { RecordedShardAccount } from '../../journal/shard-data.js'
import { LegalHoldError } from '../../model/errors.js'
import type {
  ObjectCounts,
  RecordingCounts,
  RecordingException,
  RemediationSummary,
  RunReport,
  VerdictTotals,
} from '../../model/report.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { Segment } from '../journal/segment.js'
import { segmentsOf } from '../journal/stored-segments.js'
import type { ParsedShardKey } from '../keys.js'
import type { ShardStore } from '../ports/shard-store.js'

/** The result of a finished shard. The same seal can be made again from its list and its journal. */
export interface ShardSeal {
  readonly schemaVersion: 1
  readonly tool: { readonly name: string; readonly version: string }
  readonly runId: string
  readonly shard: number
  readonly list: { readonly key: string; readonly sha256: string }
  readonly journal: {
    readonly prefix: string
    /** RFC 6962 over its records. */
    readonly treeSize: number
    readonly rootHash: string
    /** Its segments when it was sealed, each of which names the digest of the one before. Calls that came too late add others, without records. */
    readonly segments: number
    /** SHA-256 of the last of these. */
    readonly lastSegmentSha256: string
  }
  /** SHA-256 of the canonical JSON of the shard's report. */
  readonly reportSha256: string
  readonly counts: RecordingCounts
  readonly objects: ObjectCounts
  readonly verdicts: VerdictTotals
  /** Of the verdicts, those that rest on the inventory. Absent if the plan has none. */
  readonly byInventory?: number | undefined
  readonly repairs: Readonly<Record<'planned' | 'repaired' | 'notNeeded' | 'refused' | 'failed', number>>
  readonly steps: RemediationSummary['steps']
  /** Of the recordings that are held or repaired, those that a list names, and a hash total over them. */
  readonly listed: { readonly count: number; readonly digest: string }
  /** All recordings that are neither held nor repaired. */
  readonly exceptions: readonly RecordingException[]
  readonly account: RecordedShardAccount
}

/** A seal as it is stored, and its digest. */
export interface EncodedSeal {
  readonly seal: ShardSeal
  readonly content: Buffer
  readonly sha256: string
}

/** Which journal is sealed. */
export interface SealedJournal {
  readonly store: ShardStore
  readonly prefix: string
  /** How many segments the seal speaks of. @defaultValue those that are there */
  readonly segments?: number | undefined
}

/**
 * Reads the journal of a finished shard and says what it amounts to.
 *
 * @throws LegalHoldError `JOURNAL_CORRUPT` if its records contradict each other, or no report ends them
 */
export async function sealOf(
  key: ParsedShardKey,
  { store, prefix, segments }: SealedJournal,
  options: CallOptions = {},
): Promise<EncodedSeal> {
  const fold = new SealFold()
  for await (const segment of segmentsOf(store, prefix, options)) fold.take(segment, prefix, segments)
  const seal = fold.seal(key, prefix)
  const content = Buffer.from(`${canonicalJson(seal)}\n`)
  return { seal, content, sha256: sha256(content) }
}

class SealFold {
  readonly #tree = new MerkleTree()
  readonly #check = new AccountCheck()
  #digest = new IdDigest()
  #listed = 0
  #exceptions: RecordingException[] = []
  #account: RecordedShardAccount | undefined
  #report: RunReport | undefined
  #segments = 0
  #lastSegment = ''

  take({ header, lines, sha256: digest }: Segment, path: string, segments = Number.POSITIVE_INFINITY): void {
    for (const line of lines) this.#add(line, path)
    if (header.segment > segments) return
    this.#segments = header.segment
    this.#lastSegment = digest
  }

  #add(line: Uint8Array, path: string): void {
    this.#tree.appendLeaf(line)
    const number = this.#tree.size
    const record = parseRecord(Buffer.from(line.buffer, line.byteOffset, line.byteLength), number, path)
    const checked = this.#check.take(record)
    if (typeof checked === 'string') throw corrupt(path, `record ${number} ${checked}`)
    switch (checked.type) {
      case 'run-resumed':
        this.#digest = new IdDigest()
        this.#listed = 0
        this.#exceptions = []
        break
      case 'recording': {
        const { hold: _, ...recording } = checked.data
        this.#settle(recording)
        break
      }
      case 'shard-account':
        this.#account = checked.data
        break
      case 'report':
        this.#report = checked.data
        break
      default:
        break
    }
  }

  seal({ key, runId, shard, sha256: digest }: ParsedShardKey, prefix: string): ShardSeal {
    const [report, account] = [this.#report, this.#account]
    if (report === undefined || account === undefined) throw corrupt(prefix, 'no report ends it')
    const { planned, repaired, notNeeded, refused, failed, steps } = report.remediations
    return {
      schemaVersion: 1,
      tool: { name: toolName, version: toolVersion },
      runId,
      shard,
      list: { key, sha256: digest },
      journal: {
        prefix,
        treeSize: this.#tree.size,
        rootHash: this.#tree.root().toString('hex'),
        segments: this.#segments,
        lastSegmentSha256: this.#lastSegment,
      },
      reportSha256: sha256(canonicalJson(report)),
      counts: report.counts,
      objects: report.objects,
      verdicts: report.verdicts ?? { count: 0, digest: '0'.repeat(16) },
      ...(report.inventory === undefined ? {} : { byInventory: report.inventory.objects }),
      repairs: { planned, repaired, notNeeded, refused, failed },
      steps,
      listed: { count: this.#listed, digest: this.#digest.hex },
      exceptions: this.#exceptions,
      account,
    }
  }

  #settle(recording: RecordingException): void {
    const { state, recordingId = '', conversationId = '', listed } = recording
    if (state !== 'held' && state !== 'repaired') {
      this.#exceptions.push(recording)
      return
    }
    if (listed === false) return
    this.#listed += 1
    this.#digest.add(recordingId, conversationId)
  }
}

function corrupt(path: string, why: string): LegalHoldError {
  return new LegalHoldError(`The journal ${path} of a shard cannot be sealed: ${why}.`, {
    code: 'JOURNAL_CORRUPT',
    stage: 'report',
    details: { path },
  })
}

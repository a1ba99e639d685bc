import { sha256 } from '../../custody/crypto/sha256.js'
import type { HashContent } from '../../model/evidence.js'
import type { FindingCode } from '../../model/findings.js'
import type { LegalHold } from '../../model/hold.js'
import type { ProfileInspection } from '../../model/inspection.js'
import type { InventoryFacts } from '../../model/inventory/report.js'
import type { ExportJob, Organization, PlatformCapabilities, PlatformCoverage } from '../../model/platform.js'
import type { ExportRequest } from '../../model/request.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { LandingOptions } from '../../options/landing.js'
import type { RepairOptions } from '../../options/remediation.js'
import type { ShardRow } from './row.js'
import type { Slice } from './slice.js'

/** What a shard is done by: the same for all shards of a plan. */
export interface ShardFacts {
  readonly runId: string
  readonly dryRun: boolean
  readonly hashContent: HashContent
  readonly request: ExportRequest
  readonly hold: LegalHold
  readonly requirements: HoldRequirements
  readonly bucket: string
  readonly remediation: RepairOptions
  readonly accept: readonly FindingCode[]
  readonly lookbackHours: number
  readonly landing: LandingOptions
  readonly verifySidecars: boolean
  readonly platform: {
    readonly name: string
    readonly region?: string | undefined
    readonly capabilities: PlatformCapabilities
    /** Whether the platform's ids are those that Genesys gives; otherwise any name may be one. */
    readonly hasGenesysIds: boolean
    /** Whether the recordings were listed. */
    readonly lists: boolean
  }
  readonly organization: Organization
  readonly profile: ProfileInspection
  readonly coverage: PlatformCoverage
  /** The inventory that objects may rest on. Absent if there is none. */
  readonly inventory?: InventoryFacts | undefined
  /** The first of the jobs: created when the first one was, and fulfilled. */
  readonly job: ExportJob
  /** When the last of the jobs was fulfilled, in milliseconds since the epoch. */
  readonly fulfilledAtMs: number
}

/** The first line of a shard's list. */
export interface ShardHeader {
  readonly schemaVersion: 1
  /** From 0. */
  readonly shard: number
  readonly slice: Slice
  /** Lines that follow. */
  readonly rows: number
  /** Recordings that a list names, each once. */
  readonly recordings: number
  readonly facts: ShardFacts
}

/** A shard as its list says it. */
export interface ShardList {
  readonly header: ShardHeader
  readonly rows: readonly ShardRow[]
}

/** A list as it is stored, and its digest. */
export interface EncodedList {
  readonly content: Buffer
  readonly sha256: string
}

/** Writes the list of a shard: JSON Lines, the header first. */
export function encodeList(header: ShardHeader, rows: readonly ShardRow[]): EncodedList {
  const content = Buffer.from(`${[header, ...rows].map((line) => JSON.stringify(line)).join('\n')}\n`)
  return { content, sha256: sha256(content) }
}

/** Reads the list of a shard, whose digest was compared; says why if it is not one. */
export function decodeList(content: Uint8Array): ShardList | string {
  const lines = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').split('\n')
  if (lines.pop() !== '') return 'has no end'
  try {
    const [header, ...rows] = lines.map((line) => JSON.parse(line))
    if (header?.schemaVersion !== 1)
      return `is of the version ${JSON.stringify(header?.schemaVersion)}, which this one cannot read`
    if (header.rows !== rows.length) return `has ${rows.length} lines and says ${header.rows}`
    return { header, rows }
  } catch {
    return 'is not valid JSON'
  }
}

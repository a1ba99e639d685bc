import { randomUUID } from 'node:crypto'
import { sha256 } from '../../custody/crypto/sha256.js'
import { throwIfAborted } from '../../internal/abort.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { LegalHoldError } from '../../model/errors.js'
import type { InventoryFacts } from '../../model/inventory/report.js'
import { hourRange } from '../../model/layout/keys.js'
import type { FailedRecording } from '../../model/platform.js'
import type { CallOptions } from '../../ports/runtime.js'
import { type RegionCount, RegionCounts } from '../../stages/account/region-counts.js'
import type { PartAccount } from '../../stages/export/job-group.js'
import { inOrder } from '../in-order.js'
import { joined } from '../inventory/joined.js'
import { type PlannedInventory, type Weighing, weigh } from '../inventory/weighed.js'
import { indexKey, type RunKeys, shardKey, spoolKey } from '../keys.js'
import type { ShardRef } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import { type CutShard, cut } from './cut.js'
import type { PlanLedger } from './plan-ledger.js'
import { type PlacedRow, sizeOf } from './row.js'
import { encodeList, type ShardFacts } from './shard-list.js'
import { Spool, type SpoolLimits } from './spool.js'

/** What one of the jobs was expected to export, as its record in the journal says it. */
export type PlannedAccount = Omit<PartAccount, 'protection'> & Pick<Partial<PartAccount>, 'protection'>

/** A page of the plan's index. */
export interface IndexPage {
  readonly key: string
  readonly sha256: string
  readonly shards: number
}

/** A plan as it is stored: once it is there, no other is made for its run. */
export interface StoredPlan {
  readonly schemaVersion: 1
  readonly runId: string
  readonly createdAt: string
  readonly shards: number
  /** Recordings that a list names, each once. */
  readonly recordings: number
  /** All lines of the lists. */
  readonly rows: number
  readonly objectsPerShard: number
  /** Ids that the lists name for more than one conversation. */
  readonly contradictions: number
  /** Failed recordings that no list names and whose hour is not known: they belong to no shard. */
  readonly unplaced: readonly FailedRecording[]
  readonly regions: readonly (readonly [string, RegionCount])[]
  readonly accounts: readonly PlannedAccount[]
  readonly facts: ShardFacts
  /** Absent if there is none. */
  readonly inventory?: PlannedInventory | undefined
  readonly pages: readonly IndexPage[]
}

/** A plan and its digest. */
export interface Plan extends StoredPlan {
  readonly planSha256: string
}

/** How a plan is cut. */
export interface PlanOptions extends CallOptions {
  readonly objectsPerShard: number
}

/** What a plan is made of. */
export interface PlanSubject {
  readonly store: ShardStore
  readonly keys: RunKeys
  readonly spool: Spool
  /** The ids, each with its conversation. */
  readonly ids: Spool
  readonly ledger: Pick<PlanLedger, 'failed'>
  readonly facts: ShardFacts
  readonly accounts: readonly PlannedAccount[]
  /** ISO 8601. */
  readonly createdAt: string
  /** How the inventory is weighed whose rows are in the spool; absent if there is none. */
  readonly weighing?: Weighing | undefined
}

// A media file and its sidecar.
const objectsPerRecording = 2
const hoursPerShard = 7 * 24
const shardsPerPage = 1_000
const listsAtOnce = 16

/** The spools of a plan. What an attempt that was killed left is not read again. */
export function planSpools(
  store: ShardStore,
  keys: RunKeys,
  limits?: SpoolLimits,
): { readonly rows: Spool; readonly ids: Spool } {
  const attempt = randomUUID()
  const spool = (name: string) =>
    new Spool(store, (run, piece) => spoolKey(keys, `${attempt}-${name}`, run, piece), limits)
  return { rows: spool('rows'), ids: spool('ids') }
}

/**
 * Cuts what is expected into shards, and writes their lists, the index and last of all the plan. What is kept in memory does not
 * grow with the number of recordings.
 *
 * @returns the plan that is in the store: where another process was faster, that one
 */
export async function makePlan(subject: PlanSubject, options: PlanOptions): Promise<Plan> {
  const { store, keys, accounts, createdAt, weighing } = subject
  const { objectsPerShard, signal } = options
  const inventory = weighing === undefined ? undefined : await weigh(subject.spool.sorted({ signal }), weighing)
  const facts: ShardFacts =
    inventory === undefined ? subject.facts : { ...subject.facts, inventory: factsOf(inventory) }
  const placing = new Placing(subject.ledger.failed)
  const { first, last } = hourRange(facts.request.interval, facts.lookbackHours)
  const cutting = { objectsPerShard, objectsPerRecording, hoursPerShard, range: { first, last } }
  const index = new IndexWriter(store, (page, digest) => indexKey(keys, page, digest))
  let shards = 0
  let recordings = 0
  let rows = 0
  const numbered = async function* (): AsyncGenerator<readonly [CutShard, number], void, void> {
    const planned =
      inventory === undefined ? subject.spool.sorted({ signal }) : withLines(subject.spool, inventory, signal)
    for await (const shard of cut(placing.of(planned), cutting)) {
      throwIfAborted(signal, 'export')
      yield [shard, shards]
      shards += 1
      recordings += shard.recordings
      rows += shard.rows.length
    }
  }
  const write = ([shard, number]: readonly [CutShard, number]) => writeList({ store, keys, facts }, shard, number)
  for await (const key of inOrder(numbered(), listsAtOnce, write)) await index.add(key)
  const pages = await index.finish()
  const plan: StoredPlan = {
    schemaVersion: 1,
    runId: facts.runId,
    createdAt,
    shards,
    recordings,
    rows,
    objectsPerShard,
    contradictions: await contradictionsIn(subject.ids.sorted({ signal })),
    unplaced: placing.unplaced(),
    regions: [...placing.regions.counts],
    accounts,
    facts,
    ...(inventory === undefined ? {} : { inventory }),
    pages,
  }
  await store.create(keys.plan, Buffer.from(canonicalJson(plan)), { signal })
  const stored = await readPlan(store, keys, { signal })
  if (stored !== undefined) return stored
  throw unreadablePlan(keys.plan, 'is not there although it was written')
}

/** What is expected, with what a trusted inventory shows of it. One that is not trusted still shows how large objects are. */
async function* withLines(
  spool: Spool,
  { trusted }: PlannedInventory,
  signal: CallOptions['signal'],
): AsyncGenerator<PlacedRow, void, void> {
  for await (const placed of joined(spool.sorted({ signal }), { lines: 0, absent: 0 })) {
    const { row } = placed
    if (trusted || row.kind !== 'inventory') yield placed
    else yield { ...placed, row: { kind: 'inventory', key: row.key, sizeBytes: sizeOf(row) } }
  }
}

function factsOf({ objects: _, absent: __, ...facts }: PlannedInventory): InventoryFacts {
  return facts
}

/** An id stands for one recording: two conversations that claim it, however far apart, leave one of them without an account. */
async function contradictionsIn(ids: AsyncIterable<PlacedRow>): Promise<number> {
  let count = 0
  let id: string | undefined
  let owner: string | undefined
  for await (const { conversationId: recordingId, row } of ids) {
    const conversationId = row.kind === 'open' ? row.conversation.conversationId : ''
    if (recordingId === id && conversationId !== owner) count += 1
    if (recordingId !== id) owner = conversationId
    id = recordingId
  }
  return count
}

/** The plan of a run; `undefined` if there is none yet. */
export async function readPlan(store: ShardStore, keys: RunKeys, options: CallOptions): Promise<Plan | undefined> {
  const content = await store.read(keys.plan, options)
  if (content === undefined) return undefined
  let plan: Partial<StoredPlan>
  try {
    plan = JSON.parse(Buffer.from(content).toString('utf8'))
  } catch {
    throw unreadablePlan(keys.plan, 'is not valid JSON')
  }
  if (plan.schemaVersion !== 1) throw unreadablePlan(keys.plan, 'was written by another version of this library')
  return { ...(plan as StoredPlan), planSha256: sha256(content) }
}

/**
 * The shards of a plan in their order.
 *
 * @throws LegalHoldError `CHECKPOINT_MISMATCH` if a page of its index is not the one that it names
 */
export async function* refsOf(
  store: ShardStore,
  { pages }: Pick<StoredPlan, 'pages'>,
  options: CallOptions = {},
): AsyncGenerator<ShardRef, void, void> {
  let shard = 0
  for (const page of pages) {
    const content = await store.read(page.key, options)
    if (content === undefined || sha256(content) !== page.sha256) {
      throw unreadablePlan(page.key, 'is not what the plan says')
    }
    for (const line of Buffer.from(content).toString('utf8').trimEnd().split('\n')) {
      yield { shard, key: JSON.parse(line) as string }
      shard += 1
    }
  }
}

async function writeList(
  { store, keys, facts }: Pick<PlanSubject, 'store' | 'keys' | 'facts'>,
  shard: CutShard,
  number: number,
): Promise<string> {
  const { slice, rows, recordings } = shard
  const header = { schemaVersion: 1, shard: number, slice, rows: rows.length, recordings, facts } as const
  const { content, sha256: digest } = encodeList(header, rows)
  const key = shardKey(keys, number, digest)
  await store.create(key, content)
  return key
}

/** Adds what failed to the rows where its recording or its conversation is listed. */
class Placing {
  readonly regions = new RegionCounts()
  readonly #failed: Map<string, FailedRecording>
  #ofConversation: FailedRecording[] = []
  readonly #byConversation = new Map<string, FailedRecording[]>()

  constructor(failed: ReadonlyMap<string, FailedRecording>) {
    this.#failed = new Map(failed)
    for (const one of failed.values()) {
      if (one.conversationId === undefined) continue
      this.#byConversation.set(one.conversationId, [...(this.#byConversation.get(one.conversationId) ?? []), one])
    }
  }

  async *of(rows: AsyncIterable<PlacedRow>): AsyncGenerator<PlacedRow, void, void> {
    let last: PlacedRow | undefined
    for await (const placed of rows) {
      if (last !== undefined && last.conversationId !== placed.conversationId) yield* this.#rest(last)
      yield placed
      last = placed
      if (placed.row.kind !== 'recording') continue
      const { recordingId, region } = placed.row.recording
      if (region !== undefined) this.regions.add(region, recordingId)
      const failed = this.#failed.get(recordingId)
      if (failed !== undefined && this.#failed.delete(recordingId)) this.#ofConversation.push(failed)
    }
    if (last !== undefined) yield* this.#rest(last)
  }

  /** What failed in a conversation, listed or not: behind its recordings, since two lists may name one of these. */
  *#rest({ hour, conversationId }: PlacedRow): Generator<PlacedRow, void, void> {
    for (const failed of this.#ofConversation.splice(0)) yield { hour, conversationId, row: { kind: 'failed', failed } }
    for (const failed of this.#byConversation.get(conversationId) ?? []) {
      if (this.#failed.delete(failed.recordingId)) yield { hour, conversationId, row: { kind: 'failed', failed } }
    }
  }

  unplaced(): FailedRecording[] {
    return [...this.#failed.values()]
  }
}

/** Writes keys of lists, a thousand a page. */
export class IndexWriter {
  readonly #store: ShardStore
  readonly #keyOf: (page: number, sha256: string) => string
  readonly #pages: IndexPage[] = []
  #page: string[] = []

  constructor(store: ShardStore, keyOf: (page: number, sha256: string) => string) {
    this.#store = store
    this.#keyOf = keyOf
  }

  async add(key: string): Promise<void> {
    // The prefix of a run may have any character, line breaks included.
    this.#page.push(JSON.stringify(key))
    if (this.#page.length === shardsPerPage) await this.#write()
  }

  async finish(): Promise<readonly IndexPage[]> {
    if (this.#page.length > 0) await this.#write()
    return this.#pages
  }

  async #write(): Promise<void> {
    const content = Buffer.from(`${this.#page.join('\n')}\n`)
    const digest = sha256(content)
    const key = this.#keyOf(this.#pages.length, digest)
    await this.#store.create(key, content)
    this.#pages.push({ key, sha256: digest, shards: this.#page.length })
    this.#page = []
  }
}

function unreadablePlan(key: string, why: string): LegalHoldError {
  return new LegalHoldError(
    `${key} ${why}. Keep the store as it is, and begin a new run: nothing is done by a plan that somebody changed.`,
    { code: 'CHECKPOINT_MISMATCH', stage: 'export', details: { key } },
  )
}

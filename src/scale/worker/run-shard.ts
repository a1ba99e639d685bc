import { sha256 } from '../../custody/crypto/sha256.js'
import { systemClock } from '../../internal/clock.js'
import { OptionCheck } from '../../internal/option-check.js'
import type { RetryOptions } from '../../internal/retry.js'
import { bindWaits } from '../../internal/waits/waits.js'
import { LegalHoldError } from '../../model/errors.js'
import { isPort } from '../../options/checks.js'
import { checkOptions, type LegalHoldExporterOptions, type Settings } from '../../options/exporter-options.js'
import type { Clock, Logger } from '../../ports/runtime.js'
import type { StorageAdapter } from '../../ports/storage.js'
import { runOnJournal } from '../../run/journalled-run.js'
import { withDeletedKeys } from '../../stages/discover/deleted.js'
import { frozenInventory } from '../inventory/frozen.js'
import { ObjectJournal } from '../journal/object-journal.js'
import { type ParsedShardKey, parseShardKey } from '../keys.js'
import { decodeList, type ShardList } from '../plan/shard-list.js'
import type { ShardRef } from '../ports/shard-engine.js'
import type { ShardStore } from '../ports/shard-store.js'
import type { ShardEnd, ShardInvocation, ShardWorker } from '../ports/shard-worker.js'
import { requireTimeToCopy } from './copy-time.js'
import { FrozenPlatform } from './frozen-platform.js'
import { sealOf } from './seal.js'
import { type ShardStorageParts, shardStorage } from './shard-storage.js'

/** Parts of a worker. The hold, the requirements and the rules of a repair are in the list of the shard. */
export interface ShardWorkerParts {
  /** The store that the plan was written to. */
  readonly store: ShardStore
  /** The bucket of the recordings. */
  readonly storage: StorageAdapter
  /** Objects and folders that are processed in parallel, as for an exporter. */
  readonly concurrency?: LegalHoldExporterOptions['concurrency']
  readonly retry?: RetryOptions | undefined
  /** How long a change may take. No change begins with less time left before the deadline. @defaultValue 10000 */
  readonly marginMs?: number | undefined
  /**
   * How many bytes of one object S3 is taken to copy in a second. No copy begins that would not end before the deadline at this
   * rate: the next invocation does it. @defaultValue 64000000 (64 MB)
   */
  readonly copyBytesPerSecond?: number | undefined
  /** How long a claim on a shard is valid without renewal, if the invocation has no deadline. @defaultValue 60000 */
  readonly leaseMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly logger?: Logger | undefined
}

const defaultMarginMs = 10_000

/**
 * Makes a worker, which is a function that does one shard. Call it from whatever runs your work.
 *
 * @throws LegalHoldError `INVALID_OPTIONS`
 */
export function shardWorker(parts: ShardWorkerParts): ShardWorker {
  checkParts(parts)
  return (ref, invocation) => runShard(ref, parts, invocation)
}

/**
 * Does one shard: claims it, runs over its list, and seals it. It may be called any number of times, even at the
 * same time. One call does the work, and the others report that they did not. If a call ends before the shard is
 * sealed, the next call resumes it.
 *
 * It never rejects. Its result says how it ended.
 */
export async function runShard(
  ref: ShardRef,
  parts: ShardWorkerParts,
  invocation: ShardInvocation = {},
): Promise<ShardEnd> {
  try {
    return await new ShardRun(ref, parts, invocation).end()
  } catch (error) {
    const code = LegalHoldError.isInstance(error) ? error.code : 'INTERNAL'
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: isFinal(error) ? 'refused' : 'unfinished', ref, code, reason }
  }
}

/** Whether another invocation would be refused as well. */
function isFinal(error: unknown): boolean {
  return LegalHoldError.isInstance(error) && error.code === 'CHECKPOINT_MISMATCH'
}

class ShardRun {
  readonly #ref: ShardRef
  readonly #parts: ShardWorkerParts
  readonly #invocation: ShardInvocation
  readonly #clock: Clock
  readonly #startedAtMs: number

  constructor(ref: ShardRef, parts: ShardWorkerParts, invocation: ShardInvocation) {
    this.#ref = ref
    this.#parts = parts
    this.#invocation = invocation
    this.#clock = parts.clock ?? systemClock
    this.#startedAtMs = this.#clock.now()
  }

  async end(): Promise<ShardEnd> {
    const key = parseShardKey(this.#ref.key)
    if (key === undefined || key.shard !== this.#ref.shard) throw refusal(this.#ref, 'its key is not that of a shard')
    const sealed = await this.#parts.store.read(key.seal, this.#invocation)
    if (sealed !== undefined) return this.#sealed(sha256(sealed), false)
    const list = await this.#list(key)
    const { deadlineMs } = this.#invocation
    const { store, leaseMs } = this.#parts
    const journal = new ObjectJournal({ store, prefix: key.journal, deadlineMs, leaseMs, clock: this.#clock })
    await this.#run(list, journal)
    const { content, sha256: digest } = await sealOf(key, { store, prefix: key.journal }, this.#invocation)
    const isNew = await store.create(key.seal, content, this.#invocation)
    if (isNew) return this.#sealed(digest, true)
    const there = await store.read(key.seal, this.#invocation)
    return this.#sealed(there === undefined ? digest : sha256(there), false)
  }

  #sealed(sealSha256: string, isNew: boolean): ShardEnd {
    return { outcome: 'sealed', ref: this.#ref, sealSha256, isNew }
  }

  async #list(key: ParsedShardKey): Promise<ShardList> {
    const { store, storage } = this.#parts
    const content = await store.read(key.key, this.#invocation)
    if (content === undefined) throw refusal(this.#ref, 'there is no such list')
    if (sha256(content) !== key.sha256) throw refusal(this.#ref, 'its list is not the one that its key names')
    const list = decodeList(content)
    if (typeof list === 'string') throw refusal(this.#ref, `its list ${list}`)
    const { shard, facts } = list.header
    if (shard !== key.shard || facts.runId !== key.runId) throw refusal(this.#ref, 'its list is that of another shard')
    if (facts.bucket !== storage.bucket) {
      throw refusal(this.#ref, `it is about the bucket ${facts.bucket}, and this worker has ${storage.bucket}`)
    }
    return list
  }

  async #run(list: ShardList, journal: ObjectJournal): Promise<void> {
    const { marginMs = defaultMarginMs, copyBytesPerSecond, logger } = this.#parts
    const { shard, facts } = list.header
    const { deadlineMs } = this.#invocation
    const clock = this.#clock
    const time = { beganMs: this.#startedAtMs, untilMs: (deadlineMs ?? 0) - marginMs, copyBytesPerSecond }
    const stop = this.#stopInTime(marginMs)
    try {
      const settings = this.#settings(list, async (copied) => {
        if (copied !== undefined && deadlineMs !== undefined) requireTimeToCopy(copied, { ...time, nowMs: clock.now() })
        await journal.requireOwnership(marginMs)
      })
      const waits = { retry: this.#parts.retry, emit: () => {}, requireTime: () => journal.requireClaim() }
      const options = { signal: bindWaits(stop.signal, waits), dryRun: facts.dryRun, journal }
      const inventory = frozenInventory(list)
      const extras = { runId: `${facts.runId}.${shard}`, hashContent: facts.hashContent, inventory, isShard: true }
      await runOnJournal(settings, facts.request, options, extras)
    } catch (error) {
      logger?.debug(`shard ${shard}: not finished`, error)
      throw error
    } finally {
      stop.end()
    }
  }

  #settings({ header, ...list }: ShardList, mayChange: ShardStorageParts['mayChange']): Settings {
    const { storage, concurrency, retry, logger } = this.#parts
    const { facts, slice } = header
    const { landingQuietMs, landingTimeoutMs, landingSettleMs, ...landing } = facts.landing
    // What is late is waited for from the end of the jobs on, not again by each shard and each invocation.
    const leftMs = Math.max(0, facts.fulfilledAtMs + landingTimeoutMs - this.#clock.now())
    const isDeep = facts.remediation.versions === 'all'
    const settings = checkOptions({
      platform: new FrozenPlatform({ header, ...list }),
      storage: shardStorage(isDeep ? withDeletedKeys(storage) : storage, {
        organizationId: facts.organization.id,
        slice,
        mayChange,
      }),
      hold: facts.hold,
      concurrency,
      retry,
      clock: this.#clock,
      logger,
      accept: facts.accept,
      lookbackHours: facts.lookbackHours,
      verifySidecars: facts.verifySidecars,
      ...landing,
      landingTimeoutMs: leftMs,
      // A second look is for what follows within seconds: the first one of a shard mostly comes later than that.
      landingSettleMs: this.#clock.now() - facts.fulfilledAtMs < landingSettleMs ? landingSettleMs : 0,
      landingQuietMs: Math.min(landingQuietMs, leftMs),
      ...(facts.platform.lists ? {} : { reconciliation: 'counts' as const }),
    })
    return {
      ...settings,
      requirements: facts.requirements,
      remediation: facts.remediation,
      audit: false,
      includeParticipants: true,
    }
  }

  /** Ends the run before the process is ended from outside. */
  #stopInTime(marginMs: number): { readonly signal: AbortSignal; end(): void } {
    const { signal, deadlineMs } = this.#invocation
    const stop = new AbortController()
    const onAbort = () => stop.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    const leftMs = deadlineMs === undefined ? undefined : deadlineMs - marginMs - this.#clock.now()
    const late = () => stop.abort(new Error('The deadline of the invocation is near.'))
    const timer =
      leftMs === undefined ? undefined : setTimeout(late, Math.min(Math.max(0, leftMs), 2_147_483_647)).unref()
    return {
      signal: stop.signal,
      end: () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      },
    }
  }
}

function refusal({ key }: ShardRef, why: string): LegalHoldError {
  return new LegalHoldError(`The shard ${key} is not one of a plan that this worker can do: ${why}.`, {
    code: 'CHECKPOINT_MISMATCH',
    stage: 'export',
    details: { key },
  })
}

function checkParts(parts: unknown): void {
  const given = (parts ?? {}) as Record<string, unknown>
  const mistakes = new OptionCheck('The parts of shardWorker')
  const { check } = mistakes
  check(isPort(given.store, ['create', 'read', 'list']), 'store', 'must be a ShardStore')
  check(isPort(given.storage, ['head', 'list']), 'storage', 'must be a StorageAdapter')
  check(given.clock === undefined || isPort(given.clock, ['now', 'sleep']), 'clock', 'must be a Clock')
  for (const name of ['marginMs', 'leaseMs']) {
    const value = given[name]
    check(value === undefined || (Number.isFinite(value) && Number(value) >= 0), name, 'must be a number of at least 0')
  }
  const { copyBytesPerSecond: rate } = given
  check(
    rate === undefined || (Number.isFinite(rate) && Number(rate) > 0),
    'copyBytesPerSecond',
    'must be a number above 0',
  )
  mistakes.throwIfAny()
}

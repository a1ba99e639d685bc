import { describe, expect, test } from 'vitest'
import { LegalHoldError, type MutationResult, type ObjectState } from '#src/index.js'
import { BegunRepairs } from '#src/journal/begun-repairs.js'
import type { BegunRepair, MutationWitness } from '#src/journal/records.js'
import { remediationDefaults } from '#src/options/remediation.js'
import type { ReplaceMetadataOptions } from '#src/ports/storage.js'
import type { ChainLink } from '#src/stages/repair/history/chain-pass.js'
import { isDeferred } from '#src/stages/repair/history/deferred.js'
import { beginRemediation, remediateObject } from '#src/stages/repair/remediate.js'
import type { RemediationSettings } from '#src/stages/repair/settings.js'
import { judge } from '#src/stages/validate.js'
import { MemoryStorageAdapter, type MemoryStorageCall, SimulatedClock } from '#src/testing/index.js'
import { NotedWitness, requirements, tag } from '../../fakes/repair.js'

const key = 'k'
const sound = { body: 'sound', tags: { team: 'y' } }
const retry = { retries: 8, minDelayMs: 1, maxDelayMs: 2 }
const context = { clock: new SimulatedClock(), logger: undefined, retry, signal: undefined, emit: () => {} }

/** A server that knows no condition: somebody else's version comes in between, and the first copy lies on it. */
class Racing extends MemoryStorageAdapter {
  #copies = 0

  /** @param says whether the answer to a copy says what lies beneath it */
  constructor(
    readonly says: boolean,
    intercept?: (call: MemoryStorageCall, when: 'before' | 'after') => void,
  ) {
    super(intercept === undefined ? {} : { intercept })
    this.put(key, { ...sound, metadata: { project: 'x' } })
  }

  override async replaceMetadata(
    before: ObjectState,
    metadata: Readonly<Record<string, string>>,
    options: ReplaceMetadataOptions = {},
  ): Promise<MutationResult> {
    this.#copies += 1
    if (this.#copies > 1) return super.replaceMetadata(before, metadata, options)
    const { versionId = '' } = this.put(key, { ...sound, metadata: { project: 'x', note: 'theirs' } })
    const copy = this.put(key, { ...sound, metadata })
    const beneath = { versionId, isDeleteMarker: false }
    return { versionId: copy.versionId, etag: before.etag, ...(this.says ? { beneath } : {}) }
  }

  shape() {
    return this.versions(key).map(({ state }) => [state?.metadata.note, state?.legalHold])
  }
}

const untagged = (storage: MemoryStorageAdapter) => {
  const { state } = storage.versions(key).at(-1) ?? {}
  if (state === undefined) throw new Error('nothing is there')
  return judge(requirements, state, undefined)
}

const settings = (over: Partial<RemediationSettings> = {}): RemediationSettings => ({
  requirements,
  dryRun: false,
  witness: new NotedWitness(),
  options: { ...remediationDefaults, allowOverwrite: false },
  ...over,
})

/** Keeps what a journal would, up to a record after which the process is killed. */
class Killed implements MutationWitness {
  readonly #begun = new BegunRepairs()
  readonly #after: string

  constructor(after: string) {
    this.#after = after
  }

  get repair(): BegunRepair {
    const [one] = this.#begun.values()
    if (one === undefined) throw new Error('nothing was begun')
    return one.repair
  }

  async intent(...[object, step, before, about]: Parameters<MutationWitness['intent']>): Promise<void> {
    this.#begun.intend({ hold: tag, object, step, before, ...about }, 0)
    this.#endAt(`> ${step.action}`)
  }

  async outcome(...[object, { action }, result, about]: Parameters<MutationWitness['outcome']>): Promise<void> {
    const data = LegalHoldError.isInstance(result)
      ? { error: { code: result.code, outcome: result.outcome, message: result.message } }
      : { result }
    this.#begun.answered({ hold: tag, object, action, request: {}, ...about, ...data })
    this.#endAt(`< ${action}`)
  }

  #endAt(record: string): void {
    if (record !== this.#after) return
    throw new LegalHoldError('killed', { code: 'JOURNAL_UNWRITABLE', stage: 'journal' })
  }
}

describe('a run that was killed while its copy lay on what somebody else wrote', () => {
  test.each(['< replace-metadata', '> hold-noncurrent', '< hold-noncurrent'])(
    'reports that, and holds it, when it is resumed: after %s',
    async (record) => {
      const storage = new Racing(true)
      const witness = new Killed(record)
      const verdict = untagged(storage)
      await expect(remediateObject(storage, verdict, settings({ witness }), context)).rejects.toThrow('killed')
      const resumed = await remediateObject(storage, verdict, settings({ begun: witness.repair }), context)
      expect(resumed).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('somebody wrote version v2') })
      expect(storage.shape()).toEqual([
        [undefined, 'OFF'],
        ['theirs', 'ON'],
        [undefined, 'ON'],
      ])
    },
  )
})

describe('a copy beneath which could not be looked at once', () => {
  /** The first list of the key fails for a while. */
  const withoutList = () => {
    let left = 1
    return new Racing(false, ({ operation }, when) => {
      if (operation !== 'listVersions' || when !== 'before' || left === 0) return
      left -= 1
      throw new LegalHoldError('slow down', { code: 'STORAGE_THROTTLED', stage: 'discover', retryable: true })
    })
  }
  const madeAgain = [
    ['theirs', 'OFF'],
    [undefined, 'OFF'],
    ['theirs', 'ON'],
    [undefined, 'ON'],
  ]

  test('is looked at again before it counts as repaired', async () => {
    const storage = withoutList()
    const { outcome } = await remediateObject(storage, untagged(storage), settings(), context)
    expect([outcome, storage.shape()]).toEqual(['repaired', madeAgain])
  })

  test('is looked at again where that was left to a list of many keys', async () => {
    const storage = withoutList()
    const chain = { isReady: true, ready: () => {} }
    const begun = await beginRemediation(storage, untagged(storage), settings({ chain }), context)
    if (!isDeferred(begun)) throw new Error('not left to a list')
    const link: ChainLink = begun.link
    expect(link).toEqual({ key, versionId: 'v3', madeOf: 'v1' })
    const { outcome } = await begun.conclude(undefined)
    expect([outcome, storage.shape()]).toEqual(['repaired', madeAgain])
  })

  test('is looked at again by a resumed run', async () => {
    const storage = withoutList()
    const witness = new Killed('< replace-metadata')
    const verdict = untagged(storage)
    await expect(remediateObject(storage, verdict, settings({ witness }), context)).rejects.toThrow('killed')
    const resumed = await remediateObject(storage, verdict, settings({ begun: witness.repair }), context)
    expect(resumed).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('somebody wrote version v2') })
  })
})

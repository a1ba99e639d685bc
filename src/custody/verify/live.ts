import { join } from 'node:path'
import { forManyListeners } from '../../internal/abort.js'
import { canonicalJson } from '../../internal/canonical-json.js'
import { systemClock } from '../../internal/clock.js'
import { mapWindow } from '../../internal/streams/streams.js'
import { SeenSet } from '../../internal/tables/seen.js'
import { flawOfForm, hasForm } from '../../journal/form/data-form.js'
import type { RecordedState } from '../../journal/record-data.js'
import type { RecordOf, UntrustedRecord } from '../../journal/records.js'
import { LegalHoldError } from '../../model/errors.js'
import type { ObjectRef, ObjectState } from '../../model/object.js'
import { evaluate, type HoldRequirements, headNeeds } from '../../model/requirements.js'
import type { CallOptions } from '../../ports/runtime.js'
import type { HeadResult, StorageAdapter } from '../../ports/storage.js'
import { persist, type StageContext } from '../../stages/context.js'
import { KeyLines } from '../../stages/reading/key-lines.js'
import { doubtOf } from '../../stages/reading/listed-line.js'
import { readAgain } from '../../stages/reading/read-again.js'
import { bundleFiles } from '../bundle/contents.js'
import { unreadable } from '../bundle/file.js'
import { fileLines, objectNameOf } from '../bundle/record-lines.js'
import { readRecord } from '../journal/record.js'
import { type ShardVerifier, shardLines } from './shards.js'

/** How an object differs from its record. */
export type DriftKind = 'gone' | 'replaced' | 'content-changed' | 'properties-changed' | 'hold-lost' | 'unreadable'

/** An object that differs from its record. */
export interface Drift {
  readonly kind: DriftKind
  readonly object: ObjectRef
  /** Line of the record: of the bundle, or of the journal of its shard. */
  readonly line: number
  /** The shard whose record it is, from 0. */
  readonly shard?: number | undefined
  readonly message: string
}

/** The result of reading the objects again. */
export interface LiveCheck {
  /** Objects read. */
  readonly checked: number
  readonly drifted: number
  /** The first 1,000. */
  readonly drift: readonly Drift[]
}

const mostDrift = 1_000

interface Recorded {
  readonly line: number
  readonly shard: number | undefined
  readonly object: ObjectRef
  readonly state: RecordedState
  readonly held: boolean
}

/** How a bundle is looked at. */
export interface LiveOptions extends CallOptions {
  readonly concurrency: number
  /** Opens the shards that the bundle stands on. @defaultValue only objects of the bundle's own records are read */
  readonly shards?: ShardVerifier | undefined
}

/** Reads every object of a bundle and of its shards again, one HEAD each, and compares it with its last record. */
export async function checkLive(
  dir: string,
  storage: StorageAdapter,
  requirements: HoldRequirements,
  options: LiveOptions,
): Promise<LiveCheck> {
  forManyListeners(options.signal)
  const drift: Drift[] = []
  let [checked, drifted] = [0, 0]
  const source = allRecorded(dir, options)
  const context = contextOf(options.signal)
  const looking = { storage, requirements, context, lines: new KeyLines(storage, context) }
  for await (const found of mapWindow(source, options.concurrency, (one) => look(one, looking))) {
    checked += 1
    if (found === undefined) continue
    drifted += 1
    if (drift.length < mostDrift) drift.push(found)
  }
  return { checked, drifted, drift: drift.sort((a, b) => (a.shard ?? -1) - (b.shard ?? -1) || a.line - b.line) }
}

/** Lines of records with what an error calls them; each is valid until the next is asked for. */
interface Source {
  readonly shard: number | undefined
  readonly name: string
  lines(): AsyncIterable<Uint8Array>
}

/** Objects of the bundle's own records, then of each shard. An object is looked after by one shard alone. */
async function* allRecorded(dir: string, options: LiveOptions): AsyncGenerator<Recorded, void, void> {
  const { shards: verifier } = options
  yield* recordedObjects({ shard: undefined, name: bundleFiles.records, lines: () => bundleLines(dir, options) })
  if (verifier?.open === undefined) return
  for await (const { shard } of shardLines(dir, options)) {
    const opened = await verifier.open(shard, options)
    yield* recordedObjects({ shard: shard.shard, name: shard.key, lines: () => opened.lines(options) })
  }
}

async function* bundleLines(dir: string, options: CallOptions): AsyncGenerator<Uint8Array, void, void> {
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) yield* lines
}

/** Of the few objects that several records are about, the line of the last one. */
async function lastLines(source: Source): Promise<ReadonlyMap<string, number>> {
  const seen = new SeenSet()
  const last = new Map<string, number>()
  for await (const { record, line } of verdicts(source)) {
    const name = objectNameOf(record) ?? ''
    if (!seen.add(name)) last.set(name, line)
  }
  return last
}

async function* recordedObjects(source: Source): AsyncGenerator<Recorded, void, void> {
  const last = await lastLines(source)
  const { shard } = source
  for await (const { record, line } of verdicts(source)) {
    if ((last.get(objectNameOf(record) ?? '') ?? line) !== line) continue
    const { object, before, after, outcome } = record.data
    const state = after ?? before
    // What was not there then is not missed now.
    if (state !== undefined) yield { line, shard, object, state, held: outcome === 'held' || outcome === 'repaired' }
  }
}

async function* verdicts(source: Source): AsyncGenerator<{ record: RecordOf<'verdict'>; line: number }> {
  let line = 0
  for await (const bytes of source.lines()) {
    line += 1
    const record: UntrustedRecord | string = readRecord(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (typeof record === 'string' || record.type !== 'verdict') continue
    // The records were verified a moment ago.
    if (!hasForm(record)) throw unreadable(`Line ${line} of ${source.name} ${flawOfForm(record)}.`)
    yield { record, line }
  }
}

interface Looking {
  readonly storage: StorageAdapter
  readonly requirements: HoldRequirements
  readonly context: StageContext
  readonly lines: KeyLines
}

/** No run: nobody hears of what is repeated. */
function contextOf(signal: AbortSignal | undefined): StageContext {
  return { clock: systemClock, logger: undefined, retry: undefined, signal, emit: () => {} }
}

async function look(recorded: Recorded, looking: Looking): Promise<Drift | undefined> {
  const { storage, requirements, context, lines } = looking
  const { bucket, key } = recorded.object
  const ref = { bucket, key }
  try {
    // A cache may show what lay there before: an answer is believed where a listing agrees with it.
    const line = bucket === storage.bucket ? await lines.of(key) : undefined
    const needs = headNeeds(requirements)
    const listed = line === undefined || line === 'none' ? {} : { listed: line }
    const answer = await persist(context, 'validate', key, () =>
      storage.head(ref, { signal: context.signal, ...needs, ...listed }),
    )
    const doubt = doubtOf(ref, line, answer)
    if (doubt === undefined) return driftOf(recorded, answer, requirements)
    try {
      const again = await readAgain(storage, { ref, answer, doubt, line, needs }, context, () => {})
      return driftOf(recorded, again, requirements)
    } catch (error) {
      // In either case it is not as recorded.
      const drift = isAboutOneObject(error) ? driftOf(recorded, answer, requirements) : undefined
      if (drift === undefined) throw error
      return drift
    }
  } catch (error) {
    if (!isAboutOneObject(error)) throw error
    return driftTo(recorded, 'unreadable', `could not be read: ${error.code}`)
  }
}

function driftTo({ object, line, shard }: Recorded, kind: DriftKind, what: string): Drift {
  const where = shard === undefined ? { line } : { line, shard }
  return { kind, object, ...where, message: `${JSON.stringify(`${object.bucket}/${object.key}`)} ${what}.` }
}

/** How an object differs from its record by an answer to a HEAD; `undefined` if it does not. Pure. */
function driftOf(recorded: Recorded, answer: HeadResult, requirements: HoldRequirements): Drift | undefined {
  const { state, held } = recorded
  const drift = (kind: DriftKind, what: string) => driftTo(recorded, kind, what)
  if (!answer.found) return drift('gone', answer.deleteMarker ? 'lies under a delete marker' : 'is gone')
  const now = answer.state
  if (held && evaluate(requirements, now).unmet.length > 0) return drift('hold-lost', 'no longer shows the hold')
  // What is not shown now is unknown: neither the same nor changed.
  const shows = (name: 'sizeBytes' | 'versionId' | 'etag') => state[name] !== undefined && now[name] !== undefined
  if (shows('sizeBytes') && state.sizeBytes !== now.sizeBytes)
    return drift('content-changed', `has ${now.sizeBytes} bytes, not ${state.sizeBytes}`)
  if (shows('versionId') && state.versionId !== now.versionId)
    return drift('replaced', `is now version ${now.versionId}, not ${state.versionId}`)
  if (shows('etag') && unquoted(state.etag) !== unquoted(now.etag))
    return drift('content-changed', `has the ETag ${now.etag}, not ${state.etag}`)
  const changed = changedProperties(state, now)
  if (changed.length > 0) return drift('properties-changed', `has other ${changed.join(', ')} than recorded`)
  if (state.versionId !== undefined && !shows('versionId'))
    return drift('unreadable', `shows no version to compare with ${state.versionId}`)
  const isIdentified = shows('sizeBytes') || shows('versionId') || shows('etag')
  return isIdentified ? undefined : drift('unreadable', 'shows neither size nor version nor ETag to compare')
}

/** Some servers leave the quotes out in some answers. */
function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '')
}

/** Refusals and faults that may concern this object alone; the rest ends the check. */
function isAboutOneObject(error: unknown): error is LegalHoldError {
  if (!LegalHoldError.isInstance(error)) return false
  return [
    'STORAGE_FORBIDDEN',
    'STORAGE_REJECTED',
    'STORAGE_UNSUPPORTED',
    'OBJECT_ARCHIVED',
    'STORAGE_RESPONSE_INVALID',
    'OBJECT_NOT_FOUND',
  ].includes(error.code)
}

function changedProperties(then: RecordedState, now: ObjectState): string[] {
  return (['metadata', 'tags', 'legalHold', 'retention', 'checksum', 'checksums'] as const).filter(
    // What was not read then, or not now, cannot have changed.
    (name) =>
      then[name] !== undefined &&
      now[name] !== undefined &&
      !(name === 'checksums' && [then[name], now[name]].includes('unreadable')) &&
      canonicalJson(then[name]) !== canonicalJson(now[name]),
  )
}

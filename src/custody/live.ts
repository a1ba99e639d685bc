import { join } from 'node:path'
import { LegalHoldError } from '../errors.js'
import { forManyListeners } from '../internal/abort.js'
import { canonicalJson } from '../internal/canonical-json.js'
import { retrying } from '../internal/retry.js'
import { SeenSet } from '../internal/seen.js'
import { mapWindow } from '../internal/streams.js'
import type { CallOptions, JournalRecord, ObjectRef, ObjectState, StorageAdapter } from '../ports.js'
import { evaluate, type HoldRequirements, headNeeds } from '../requirements.js'
import { bundleFiles } from './bundle.js'
import { fileLines } from './record-lines.js'
import { objectNameOf, parseRecord } from './records-check.js'

/** How an object differs from its record. */
export type DriftKind = 'gone' | 'replaced' | 'content-changed' | 'properties-changed' | 'hold-lost' | 'unreadable'

/** An object that is no longer what its record says. */
export interface Drift {
  readonly kind: DriftKind
  readonly object: ObjectRef
  /** Line of the record. */
  readonly line: number
  readonly message: string
}

/** What a look at the objects found. */
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
  readonly object: ObjectRef
  readonly state: Partial<ObjectState>
  readonly held: boolean
}

/** Reads every object of a bundle again, one HEAD each, and compares it with its last record. */
export async function checkLive(
  dir: string,
  storage: StorageAdapter,
  requirements: HoldRequirements,
  options: CallOptions & { readonly concurrency: number },
): Promise<LiveCheck> {
  forManyListeners(options.signal)
  const last = await lastLines(dir, options)
  const drift: Drift[] = []
  let [checked, drifted] = [0, 0]
  const source = recordedObjects(dir, last, options)
  for await (const found of mapWindow(source, options.concurrency, (one) =>
    look(one, storage, requirements, options),
  )) {
    checked += 1
    if (found === undefined) continue
    drifted += 1
    if (drift.length < mostDrift) drift.push(found)
  }
  return { checked, drifted, drift: drift.sort((a, b) => a.line - b.line) }
}

/** Of the few objects that several records are about, the line of the last one. */
async function lastLines(dir: string, options: CallOptions): Promise<ReadonlyMap<string, number>> {
  const seen = new SeenSet()
  const last = new Map<string, number>()
  for await (const { record, line } of verdicts(dir, options)) {
    const name = objectNameOf(record) ?? ''
    if (!seen.add(name)) last.set(name, line)
  }
  return last
}

async function* recordedObjects(
  dir: string,
  last: ReadonlyMap<string, number>,
  options: CallOptions,
): AsyncGenerator<Recorded, void, void> {
  for await (const { record, line } of verdicts(dir, options)) {
    if ((last.get(objectNameOf(record) ?? '') ?? line) !== line) continue
    const { object, before, after, outcome } = record.data as {
      object: ObjectRef
      before?: Partial<ObjectState>
      after?: Partial<ObjectState>
      outcome: string
    }
    const state = after ?? before
    // What was not there then is not missed now.
    if (state !== undefined) yield { line, object, state, held: outcome === 'held' || outcome === 'repaired' }
  }
}

async function* verdicts(dir: string, options: CallOptions): AsyncGenerator<{ record: JournalRecord; line: number }> {
  let line = 0
  for await (const { lines } of fileLines(join(dir, bundleFiles.records), options)) {
    for (const bytes of lines) {
      line += 1
      const record = parseRecord(bytes)
      if (record?.type === 'verdict') yield { record, line }
    }
  }
}

async function look(
  { line, object, state, held }: Recorded,
  storage: StorageAdapter,
  requirements: HoldRequirements,
  { signal }: CallOptions,
): Promise<Drift | undefined> {
  const { bucket, key } = object
  const drift = (kind: DriftKind, what: string): Drift => ({
    kind,
    object,
    line,
    message: `${JSON.stringify(`${bucket}/${key}`)} ${what}.`,
  })
  try {
    const answer = await retrying(
      () => storage.head({ bucket, key }, { signal, ...headNeeds(requirements) }),
      undefined,
      { stage: 'validate', signal },
    )
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
  } catch (error) {
    if (!LegalHoldError.isInstance(error) || error.code === 'ABORTED' || !isAboutOneObject(error)) throw error
    return drift('unreadable', `could not be read: ${error.code}`)
  }
}

/** Some servers leave the quotes out in some answers. */
function unquoted(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '')
}

/** Refusals and faults that may concern this object alone; the rest ends the check. */
function isAboutOneObject({ code }: LegalHoldError): boolean {
  return [
    'STORAGE_FORBIDDEN',
    'STORAGE_REJECTED',
    'STORAGE_UNSUPPORTED',
    'OBJECT_ARCHIVED',
    'STORAGE_RESPONSE_INVALID',
    'OBJECT_NOT_FOUND',
  ].includes(code)
}

function changedProperties(then: Partial<ObjectState>, now: ObjectState): string[] {
  return (['metadata', 'tags', 'legalHold', 'retention', 'checksum', 'checksums'] as const).filter(
    // What was not read then, or not now, cannot have changed.
    (name) =>
      then[name] !== undefined &&
      now[name] !== undefined &&
      !(name === 'checksums' && [then[name], now[name]].includes('unreadable')) &&
      canonicalJson(then[name]) !== canonicalJson(now[name]),
  )
}

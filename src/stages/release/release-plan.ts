import type { AskedChanges } from '../../model/compare.js'
import { carriesTag, type LegalHold, readTagList, removeTag, type TagListForm } from '../../model/hold.js'
import type { ObjectState } from '../../model/object.js'
import type { HoldRequirements } from '../../model/requirements.js'
import type { RemediationStep } from '../../model/verdict.js'
import { type RepairPlan, withEntries } from '../repair/plan.js'

/** Where the hold's tag stands: the metadata and object tags whose required value it is. */
export interface HoldNames {
  readonly metadata: readonly string[]
  readonly tags: readonly string[]
}

/** The names under which the requirements ask for the hold's tag. */
export function holdNamesOf({ metadata = {}, tags = {} }: HoldRequirements, { tag }: LegalHold): HoldNames {
  const names = (record: Readonly<Record<string, string>>) => Object.keys(record).filter((name) => record[name] === tag)
  return { metadata: names(metadata), tags: names(tags) }
}

/** What an object shows of the holds on it. */
export interface HoldsShown {
  /** Whether the hold's own tag is there. */
  readonly ours: boolean
  /** The tags of other matters. */
  readonly others: readonly string[]
  /** What could not be read, in words: it may hold a tag. */
  readonly unreadable?: string | undefined
}

/** Reads off an object which matters hold it. Pure. */
export function holdsShown(names: HoldNames, tag: string, state: ObjectState): HoldsShown {
  const values = [
    ...names.metadata.map((name) => [own(state.metadata, name), 'metadata'] as const),
    ...names.tags.map((name) => [own(tagsOf(state), name), 'object-tag'] as const),
  ]
  const held = values.flatMap(([value, form]) => (value === undefined ? [] : readTagList(value, form)))
  const others = [...new Set(held.filter((other) => other !== tag))]
  return { ours: held.includes(tag), others, unreadable: unreadablePart(names, state) }
}

function unreadablePart(names: HoldNames, state: ObjectState): string | undefined {
  if (names.tags.length > 0 && (state.tags === 'unreadable' || state.tags === undefined)) return 'its tags'
  const isMissing = names.metadata.some((name) => own(state.metadata, name) === undefined)
  return isMissing && (state.missingMetadata ?? 0) > 0 ? 'some of its metadata' : undefined
}

const onlyLocked = 'it carries no tag, and allowUnlock (--allow-unlock) is needed to lift its Object Lock hold'

/** What to remove from an object. */
export interface ReleaseWish {
  readonly names: HoldNames
  readonly tag: string
  /** Whether its Object Lock hold may go with the last tag. */
  readonly allowUnlock: boolean
}

/**
 * Plans the release of one object. The Object Lock hold goes only with the last tag. If the tag is in the
 * metadata, one copy removes both. If it is in object tags alone, the hold goes right before the tag. An
 * interrupted release then leaves a tag by which the next one finds the object again. Pure.
 */
export function planRelease(
  { names, tag, allowUnlock }: ReleaseWish,
  state: ObjectState,
  asked: AskedChanges,
): RepairPlan {
  const { ours, others, unreadable } = holdsShown(names, tag, state)
  if (unreadable !== undefined) return { refused: `${unreadable} could not be read`, conflict: false }
  // Another matter came while the hold was being lifted: it is put back first.
  if (asked.legalHold === 'OFF' && others.length > 0 && state.legalHold === 'OFF') {
    return { steps: [{ action: 'put-legal-hold' }, ...withoutTag(names, tag, state, false)] }
  }
  const isNamed = names.metadata.length + names.tags.length > 0
  if (isNamed && !ours) return { steps: [] }
  // Without a tag the lock is all that holds it: nothing to do would read as nothing held.
  if (!isNamed && !allowUnlock && state.legalHold === 'ON') return { refused: onlyLocked, conflict: false }
  const mayLift = allowUnlock && others.length === 0
  if (mayLift && state.legalHold === 'unreadable')
    return { refused: 'its lock state could not be read', conflict: false }
  return { steps: withoutTag(names, tag, state, mayLift && state.legalHold === 'ON') }
}

function withoutTag(names: HoldNames, tag: string, state: ObjectState, lifts: boolean): RemediationStep[] {
  const metadata = removed(state.metadata, names.metadata, tag, 'metadata')
  const tags = removed(tagsOf(state), names.tags, tag, 'object-tag')
  const replaceTags: RemediationStep[] = tags === undefined ? [] : [{ action: 'replace-tags', tags }]
  if (metadata !== undefined) {
    const copy = { action: 'replace-metadata', metadata } as const
    return [...replaceTags, lifts ? { ...copy, legalHold: 'OFF' } : copy]
  }
  return lifts ? [{ action: 'lift-legal-hold' }, ...replaceTags] : replaceTags
}

function removed(
  record: Readonly<Record<string, string>>,
  names: readonly string[],
  tag: string,
  form: TagListForm,
): Readonly<Record<string, string>> | undefined {
  const carrying = names.filter((name) => carriesTag(own(record, name) ?? '', tag, form))
  if (carrying.length === 0) return undefined
  const rest = withEntries(record, {})
  for (const name of carrying) {
    const value = removeTag(own(record, name) ?? '', tag, form)
    if (value === undefined) delete rest[name]
    else rest[name] = value
  }
  return rest
}

function tagsOf({ tags }: ObjectState): Readonly<Record<string, string>> {
  return typeof tags === 'object' ? tags : {}
}

function own(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

import { type AskedChanges, compareObjectStates } from '../../../model/compare.js'
import { readTagList } from '../../../model/hold.js'
import type { ObjectState, Retention } from '../../../model/object.js'
import { withEntries } from '../plan.js'
import { type HoldLists, listWith, sameTags, tagsWanted } from './hold-lists.js'
import { changesOf, isEmpty, listsIn, lostWith, missingOf, type Texts, tagsOf, textOf } from './tag-changes.js'

/** What a copy of ours carried when it was made. */
export interface OwnCopy {
  /** The version it was made of. */
  readonly madeOf: string | undefined
  readonly tags: Texts | undefined
  readonly legalHold: ObjectState['legalHold']
  /** The server dropped its tags, and they were put back after it: whoever read the version in between lacks them. */
  readonly isBare: boolean
}

/** One version since the first reading. */
export interface Link {
  /** As it is. */
  readonly shown: ObjectState
  /** The same without the hold that we put there to protect it. */
  readonly state: ObjectState
  /** Set if we wrote it. */
  readonly own?: OwnCopy | undefined
  /** One of our copies was made on top of it, although it was made of another. */
  readonly isBuried: boolean
}

/** The versions of an object since a repair read it first, oldest first. */
export interface History {
  /** As the oldest was when it was read first. */
  readonly first: ObjectState
  /** Versions right beneath the first, oldest first: what others wrote since may be a copy of one of them. */
  readonly older: readonly Pick<ObjectState, 'metadata'>[]
  readonly links: readonly [Link, ...Link[]]
}

/** What others want of the version that must be on top. */
export interface Wanted {
  /** The newest version that others wrote: what the one on top must be made of. */
  readonly source: Link
  /** Our own copy, where that is on top. */
  readonly ours?: Link | undefined
  /** The user metadata it must show, except for what we want ourselves. */
  readonly metadata: Texts
}

/**
 * What must be on top of what others wrote meanwhile: the newest of their versions. Its lists must have every tag
 * that some matter put there, and none that its own matter removed. It must have the metadata that others changed
 * in versions that our copies demoted.
 */
export function wantedOf(history: History, lists: HoldLists): Wanted {
  const { links, first, older } = history
  const top = topOf(history)
  const source = sourceOf(history)
  let metadata: Texts = source.state.metadata
  for (const { state } of buriedBeside(history, source.state)) {
    metadata = withChanges(metadata, first.metadata, state.metadata, lists.names.metadata)
  }
  for (const name of lists.names.metadata) {
    const listOf = (state: Pick<ObjectState, 'metadata'>) => readTagList(textOf(state.metadata, name) ?? '', 'metadata')
    const tags = tagsWanted(
      links.map(({ state, own }) => ({ tags: listOf(state), isOurs: own !== undefined })),
      older.map(listOf),
    )
    metadata = withValue(metadata, name, listWith(textOf(metadata, name), tags, 'metadata'))
  }
  return { source, metadata, ...(top.own === undefined ? {} : { ours: top }) }
}

/** Whether two states show the same user metadata, lists of hold tags in whatever order. */
export function showsMetadata(state: Pick<ObjectState, 'metadata'>, wanted: Texts, { names }: HoldLists): boolean {
  const keys = [...new Set([...Object.keys(state.metadata), ...Object.keys(wanted)])]
  return keys.every((name) => {
    const [is, was] = [textOf(state.metadata, name), textOf(wanted, name)]
    if (is === was) return true
    return (
      names.metadata.includes(name) && sameTags(readTagList(is ?? '', 'metadata'), readTagList(was ?? '', 'metadata'))
    )
  })
}

/**
 * What our copy shows beyond the version it lies on, if it shows all the rest of that; `undefined` if it does not, and the
 * copy must be made again of that version. Tags that are missing can be put back in place.
 */
export function coverage(
  { first }: History,
  { source, ours }: Wanted,
  metadata: Texts,
  lists: HoldLists,
): AskedChanges | undefined {
  if (ours === undefined || !showsMetadata(ours.state, metadata, lists)) return undefined
  const asked: AskedChanges = {
    metadata: ours.state.metadata,
    ...tagsCovered(ours.state, source.state, first, lists),
    ...(ours.shown.legalHold === 'ON' ? { legalHold: 'ON' } : {}),
  }
  const missing = Object.keys(tagsOf(source.state)).filter((key) => !Object.hasOwn(tagsOf(ours.state), key))
  const lenient = { ...asked, removedTags: [...(asked.removedTags ?? []), ...missing] }
  return compareObjectStates(source.state, ours.shown, lenient).length === 0 ? asked : undefined
}

/**
 * Tags of others that `current` must carry and does not, each with its value.
 *
 * @param metadata the user metadata it must show: a hold tag that is still in a list there was not taken off
 */
export function tagsDue(history: History, current: ObjectState, metadata: Texts, lists: HoldLists): Texts {
  const { first } = history
  const top = topOf(history)
  const due: Record<string, string> = Object.create(null)
  const add = (texts: Texts, present: Texts) => Object.assign(due, missingOf(texts, { ...present, ...due }, lists))
  for (const { state } of buriedBeside(history, current)) add(changesOf(first, state, lists), tagsOf(current))
  const isOurs = top.own !== undefined && isSame(top, current)
  // What our copy carried and does not show any more was taken away since.
  if (isOurs && top.own !== undefined) add(changesOf(top.own, sourceOf(history).state, lists), tagsOf(current))
  // Put onto our copy while it was on top.
  if (top.own?.tags !== undefined && !isOurs) add(changesOf(top.own, top.state, lists), tagsOf(current))
  // Put onto what our copies were made of since it was read for them.
  for (const { own } of history.links) {
    const source = history.links.find(({ state }) => own !== undefined && state.versionId === own.madeOf)
    if (own !== undefined && source !== undefined) add(changesOf(own, source.state, lists), tagsOf(current))
  }
  const copies = history.links.flatMap(({ own }) => (own === undefined ? [] : [own]))
  if (copies.some(({ isBare }) => isBare)) {
    const carried = [...copies.toReversed(), first].map(tagsOf)
    const newest = carried.find((tags) => !isEmpty(tags)) ?? {}
    for (const tags of carried) add(lostWith(tags, newest, current, lists), tagsOf(current))
  }
  add(listsStillMeant(tagsOf(first), metadata, lists), tagsOf(current))
  return due
}

/** Of lists of object tags what the metadata name as well. */
function listsStillMeant(tags: Texts, metadata: Texts, lists: HoldLists): Texts {
  const named = lists.names.metadata.flatMap((name) => readTagList(textOf(metadata, name) ?? '', 'metadata'))
  const meant = Object.entries(listsIn(tags, lists)).map(([key, value]) => [
    key,
    readTagList(value, 'object-tag')
      .filter((tag) => named.includes(tag))
      .join(' '),
  ])
  return Object.fromEntries(meant)
}

/**
 * Whether `current` must be held, because a version that our copies demoted was held, or the object when it was
 * first read.
 */
export function isHoldDue(history: History, current: ObjectState): boolean {
  if (current.legalHold === 'ON') return false
  const top = topOf(history)
  if (top.own !== undefined && !isSame(top, current) && top.own.legalHold !== 'ON' && top.state.legalHold === 'ON')
    return true
  if (buriedBeside(history, current).some(({ state }) => state.legalHold === 'ON')) return true
  // A server that drops it from a copy gives it back a moment later: whoever copies that copy in between lacks it.
  return history.first.legalHold === 'ON'
}

/** The retention that `current` lacks, of what our copies demoted and of the object when it was read first. */
export function retentionDue(history: History, current: ObjectState, now: number): Retention | undefined {
  const top = topOf(history)
  const all: readonly ObjectState['retention'][] = [
    ...buriedBeside(history, current).map(({ state }) => state.retention),
    ...(top.own !== undefined && !isSame(top, current) ? [top.state.retention] : []),
    history.first.retention,
  ]
  let due: Retention | undefined
  for (const one of all) {
    if (typeof one !== 'object' || Date.parse(one.retainUntilDate) <= now) continue
    if (retains(current.retention, one) || retains(due, one)) continue
    const mode = due?.mode === 'COMPLIANCE' || one.mode === 'COMPLIANCE' ? 'COMPLIANCE' : 'GOVERNANCE'
    const dates = [one.retainUntilDate, ...(due === undefined ? [] : [due.retainUntilDate])]
    due = { mode, retainUntilDate: dates.reduce((a, b) => (Date.parse(a) >= Date.parse(b) ? a : b)) }
  }
  return due
}

/**
 * What others changed in versions that our copies demoted, if `result` shows it as it was before. No change in
 * place can mend it, nor can a copy that is made of one version only.
 */
export function lostWithout(history: History, source: ObjectState, result: ObjectState): ObjectState | undefined {
  const differs = (from: ObjectState) =>
    compareObjectStates(from, result, { metadata: result.metadata, tags: tagsOf(result) })
      .map(({ property }) => property)
      .filter((property) => !/^(tags|legalHold|retention|metadata\.)/.test(property))
  const changedSince = new Set(differs(history.first))
  return buriedBeside(history, source).find(({ state }) =>
    differs(state).some((property) => !changedSince.has(property)),
  )?.state
}

function topOf({ links }: History): Link {
  return links.at(-1) ?? links[0]
}

function sourceOf({ links }: History): Link {
  return links.findLast(({ own }) => own === undefined) ?? links[0]
}

function isSame({ state }: Link, { versionId }: ObjectState): boolean {
  return state.versionId === versionId
}

function buriedBeside({ links }: History, current: ObjectState): readonly Link[] {
  return links.filter((link) => link.isBuried && !isSame(link, current))
}

/** `metadata` with what `later` changed of `first`, wherever it still shows that; lists are seen to by themselves. */
function withChanges(metadata: Texts, first: Texts, later: Texts, lists: readonly string[]): Texts {
  let merged = metadata
  for (const name of new Set([...Object.keys(first), ...Object.keys(later)])) {
    const was = textOf(first, name)
    const isOpen = !lists.includes(name) && textOf(later, name) !== was && textOf(merged, name) === was
    if (isOpen) merged = withValue(merged, name, textOf(later, name))
  }
  return merged
}

/** The tags in which a copy may differ from what it lies on: lists, which are seen to in place, and what a server drops. */
function tagsCovered(
  ours: ObjectState,
  source: ObjectState,
  first: ObjectState,
  { names }: HoldLists,
): Pick<AskedChanges, 'tags' | 'removedTags'> {
  if (typeof ours.tags !== 'object' || typeof source.tags !== 'object') return {}
  const tags: Record<string, string> = Object.create(null)
  const removedTags: string[] = []
  for (const name of names.tags) {
    const value = textOf(ours.tags, name)
    if (value !== undefined) tags[name] = value
    else if (Object.hasOwn(source.tags, name)) removedTags.push(name)
  }
  // One that was there at first and is gone from what another made of it was dropped by the server, and comes back there.
  for (const [key, value] of Object.entries(ours.tags)) {
    const isPending = !Object.hasOwn(source.tags, key) && textOf(tagsOf(first), key) === value
    if (isPending && isEmpty(source.tags)) tags[key] = value
  }
  return { tags, ...(removedTags.length > 0 ? { removedTags } : {}) }
}

function retains(present: ObjectState['retention'], wanted: Retention): boolean {
  if (typeof present !== 'object') return false
  const isStrict = present.mode === 'COMPLIANCE' || wanted.mode === 'GOVERNANCE'
  return isStrict && Date.parse(present.retainUntilDate) >= Date.parse(wanted.retainUntilDate)
}

function withValue(texts: Texts, name: string, value: string | undefined): Texts {
  if (textOf(texts, name) === value) return texts
  const changed = withEntries(texts, value === undefined ? {} : { [name]: value })
  if (value === undefined) delete changed[name]
  return changed
}

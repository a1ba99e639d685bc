import { type AskedChanges, compareObjectStates } from '../compare.js'
import { LegalHoldError } from '../errors.js'
import { readTagList, type TagListForm } from '../hold.js'
import type { ObjectState } from '../ports.js'
import { withEntries } from './plan.js'
import type { HoldNames } from './release-plan.js'

/*
 * S3 has no condition on a version: two copies of the same version both succeed, and the later one demotes the earlier.
 * Which version lies beneath the new one shows it afterwards. What these functions say is pure.
 */

/** A version that somebody else wrote between a reading and the copy, and that the copy demoted. */
export interface Buried {
  readonly versionId: string
  /** Whether the hold on it is the one that we put there when it was found. */
  readonly heldByUs: boolean
}

/** What an error says of a copy that was made on top of another's version. */
export interface Burial {
  readonly versionId: string
  readonly isDeleteMarker: boolean
  /** The copy. */
  readonly written: string | undefined
}

/** Reads a burial off the error that reports it. */
export function burialOf(error: unknown): Burial | undefined {
  if (!LegalHoldError.isInstance(error) || error.code !== 'OBJECT_CHANGED') return undefined
  const { beneath, beneathIsDeleteMarker, versionId } = error.details ?? {}
  if (typeof beneath !== 'string') return undefined
  return {
    versionId: beneath,
    isDeleteMarker: beneathIsDeleteMarker === true,
    written: typeof versionId === 'string' ? versionId : undefined,
  }
}

/** Where hold tags stand in lists, and the one among them that is about to go. */
export interface HoldLists {
  readonly names: HoldNames
  readonly released?: string | undefined
}

/**
 * What was asked for beyond what `buried` shows, if `top` shows all the rest of it; `undefined` if it does not. A list of
 * hold tags may be longer and in another order, a hold may be on in addition.
 */
export function coverage(top: ObjectState, buried: ObjectState, lists: HoldLists): AskedChanges | undefined {
  const { names, released } = lists
  const metadata = widened(buried.metadata, top.metadata, names.metadata, 'metadata', released)
  const hasTags = typeof top.tags === 'object' && typeof buried.tags === 'object'
  const wanted = hasTags ? widened(tagsOf(buried), tagsOf(top), names.tags, 'object-tag', released) : {}
  const removedTags = Object.keys(tagsOf(buried)).filter((key) => hasTags && !Object.hasOwn(wanted, key))
  const asked: AskedChanges = {
    metadata,
    ...(hasTags && names.tags.length > 0 ? { tags: wanted } : {}),
    ...(removedTags.length > 0 ? { removedTags } : {}),
    ...(top.legalHold === 'ON' ? { legalHold: 'ON' } : {}),
  }
  return compareObjectStates(buried, top, asked).length === 0 ? asked : undefined
}

/** `metadata` with the hold tags that only `buried` has, each at the end of its list. */
export function withHoldTagsOf(
  buried: ObjectState,
  metadata: Readonly<Record<string, string>>,
  { names, released }: HoldLists,
): Readonly<Record<string, string>> {
  const merged = withEntries(metadata, {})
  for (const name of names.metadata) {
    const has = new Set(readTagList(own(metadata, name) ?? '', 'metadata'))
    const more = readTagList(own(buried.metadata, name) ?? '', 'metadata').filter(
      (tag) => tag !== released && !has.has(tag),
    )
    if (more.length > 0) merged[name] = [own(metadata, name) ?? '', ...more].filter((part) => part !== '').join(',')
  }
  return merged
}

/** `before` with the lists of `after`, where those have every tag that `before` has but for the released one. */
function widened(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  names: readonly string[],
  form: TagListForm,
  released: string | undefined,
): Readonly<Record<string, string>> {
  const wanted = withEntries(before, {})
  for (const name of names) {
    const value = own(after, name)
    const has = new Set(readTagList(value ?? '', form))
    const needs = readTagList(own(before, name) ?? '', form).filter((tag) => tag !== released)
    if (!needs.every((tag) => has.has(tag))) continue
    if (value === undefined) delete wanted[name]
    else wanted[name] = value
  }
  return wanted
}

function tagsOf({ tags }: ObjectState): Readonly<Record<string, string>> {
  return typeof tags === 'object' ? tags : {}
}

function own(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

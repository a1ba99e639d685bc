import { readTagList } from '../../../model/hold.js'
import type { ObjectState } from '../../../model/object.js'
import { type HoldLists, listWith, union } from './hold-lists.js'

/** Names and values, of metadata or tags. */
export type Texts = Readonly<Record<string, string>>

/** What has object tags, as far as they could be read. */
type Tagged = Pick<ObjectState, 'tags'>

/** What was added or changed, of lists only the tags that were added. */
export function changesOf(before: Tagged, now: Tagged, lists: HoldLists): Texts {
  const was = typeof before.tags === 'object' ? before.tags : undefined
  if (was === undefined || typeof now.tags !== 'object') return {}
  const changes: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(now.tags)) {
    if (textOf(was, key) === value) continue
    if (!lists.names.tags.includes(key)) changes[key] = value
    else {
      const known = readTagList(textOf(was, key) ?? '', 'object-tag')
      const added = readTagList(value, 'object-tag').filter((tag) => !known.includes(tag))
      if (added.length > 0) changes[key] = added.join(' ')
    }
  }
  return changes
}

/**
 * The tags that a copy should carry, on a server that drops them. A version that was made of such a copy before
 * they were put back has none of them. If `current` has some of them, its lists are as their matters want them.
 * Otherwise the lists are as in the newest version that we know.
 */
export function lostWith(carried: Texts, newest: Texts, current: Tagged, { names }: HoldLists): Texts {
  const present = tagsOf(current)
  const isList = (key: string) => names.tags.includes(key)
  const isMadeLater = Object.keys(carried).some((key) => !isList(key) && Object.hasOwn(present, key))
  const isMeant = (key: string) => !isList(key) || (carried === newest && !isMadeLater)
  return Object.fromEntries(Object.entries(carried).filter(([key]) => isMeant(key)))
}

/** Of these tags what is not there yet. A value that is there is another's, and is left alone. */
export function missingOf(texts: Texts, present: Texts, { names, released }: HoldLists): Texts {
  const missing: Record<string, string> = Object.create(null)
  for (const [key, value] of Object.entries(texts)) {
    const is = textOf(present, key)
    if (!names.tags.includes(key)) {
      if (is === undefined) missing[key] = value
      continue
    }
    const has = readTagList(is ?? '', 'object-tag')
    const wanted = readTagList(value, 'object-tag').filter((tag) => tag !== released)
    if (wanted.every((tag) => has.includes(tag))) continue
    const list = listWith(is, union(has, wanted), 'object-tag')
    if (list !== undefined) missing[key] = list
  }
  return missing
}

/** Those that are lists of hold tags. */
export function listsIn(texts: Texts, { names }: HoldLists): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => names.tags.includes(key)))
}

export function tagsOf({ tags }: Tagged): Texts {
  return typeof tags === 'object' ? tags : {}
}

export function isEmpty(texts: Texts): boolean {
  return Object.keys(texts).length === 0
}

export function textOf(record: Texts, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

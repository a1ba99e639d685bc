import { addTag, joinTags, readTagList, type TagListForm } from '../../../model/hold.js'

/** Where hold tags are in lists, and the one among them that is about to go. */
export interface HoldLists {
  readonly names: { readonly metadata: readonly string[]; readonly tags: readonly string[] }
  readonly released?: string | undefined
}

/** One version of an object, oldest first in a history: the list of hold tags it shows, and whether we wrote it. */
export interface ListedHolds {
  readonly tags: readonly string[]
  readonly isOurs: boolean
}

/*
 * S3 has no condition on a version: two copies of the same version both succeed, and the later one shows nothing of what
 * the earlier one changed. Each exporter adds or takes away one tag, so that the versions tell by themselves what each of
 * them was made of.
 */

/**
 * The tags that others want on the object, by the history of its list: what each version adds to its source, or
 * removes from it. Entries that a copy only carries along, because it was made of an older version than the one
 * beneath it, do not count. Our own entries are left out; a plan adds them again. If no single change explains a
 * version, or it repeats an earlier list, nothing is dropped: more holds are better than fewer.
 *
 * @param older the lists before the first: what explains a version that nothing in the history does
 */
export function tagsWanted(
  history: readonly ListedHolds[],
  older: readonly (readonly string[])[] = [],
): readonly string[] {
  const [first, ...later] = history
  let wanted: readonly string[] = first?.tags ?? []
  const seen: (readonly string[])[] = [wanted]
  for (const { tags, isOurs } of later) {
    if (!isOurs && !sameTags(tags, wanted)) wanted = withEdit(wanted, tags, { seen, older })
    seen.push(tags)
  }
  return wanted
}

interface Sources {
  readonly seen: readonly (readonly string[])[]
  readonly older: readonly (readonly string[])[]
}

function withEdit(wanted: readonly string[], tags: readonly string[], { seen, older }: Sources): readonly string[] {
  const sources = seen.toReversed()
  // A copy of an older version, put on top as it was: whatever came in between is still wanted.
  if (sources.some((one) => isSameList(tags, one))) return wanted
  // A tag is added at the end, and the others keep their places.
  const source =
    sources.find((one) => isMadeOf(tags, one)) ??
    sources.find((one) => isOneApart(tags, one)) ??
    older.toReversed().find((one) => isMadeOf(tags, one))
  if (source === undefined) return union(wanted, tags)
  const gone = new Set(without(source, tags))
  const kept = wanted.filter((tag) => !gone.has(tag))
  return union(kept, without(tags, source))
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag, at) => tag === b[at])
}

function isMadeOf(tags: readonly string[], source: readonly string[]): boolean {
  const [longer, shorter] = tags.length > source.length ? [tags, source] : [source, tags]
  if (!isOneApart(tags, source)) return false
  const short = new Set(shorter)
  const rest = longer.filter((tag) => short.has(tag))
  const keepsPlaces = rest.every((tag, at) => tag === shorter[at])
  return keepsPlaces && (longer === source || longer.slice(0, shorter.length).every((tag, at) => tag === shorter[at]))
}

function isOneApart(tags: readonly string[], source: readonly string[]): boolean {
  return without(tags, source).length + without(source, tags).length <= 1
}

/** Whether two lists hold the same tags, in whatever order. */
export function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return without(a, b).length === 0 && without(b, a).length === 0
}

/** Both lists, those of the second that are new at the end. */
export function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...a, ...without(b, a)]
}

/** The tags of one list that another lacks. */
function without(tags: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others)
  return tags.filter((tag) => !known.has(tag))
}

/** A list with exactly these tags: those that stay keep their places, byte for byte where none goes. */
export function listWith(value: string | undefined, tags: readonly string[], form: TagListForm): string | undefined {
  const present = readTagList(value ?? '', form)
  const wanted = new Set(tags)
  const kept = present.filter((tag) => wanted.has(tag))
  const list = kept.length === present.length ? value : kept.length === 0 ? undefined : joinTags(kept, form)
  const more = without([...wanted], kept)
  return more.length === 0 ? list : addTag(list, joinTags(more, form), form)
}

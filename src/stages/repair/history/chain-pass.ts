import { compareKeys, justBefore } from '../../../internal/key-order.js'
import { piecesOf } from '../../../internal/streams/source.js'
import type { ListedVersion } from '../../../model/object.js'
import type { StorageAdapter, VersionBeneath } from '../../../ports/storage.js'
import type { StageContext } from '../../context.js'

/** A copy, and the version that it was made of. */
export interface ChainLink {
  readonly key: string
  readonly versionId: string
  readonly madeOf: string
}

/** What the list of a key's versions shows of a copy. */
export interface ChainFound {
  readonly beneath: VersionBeneath | 'nothing'
  /** Whether it is the current version. */
  readonly isOnTop: boolean
}

/** Whether a copy is on top, and lies on the version it was made of. */
export function isAsMade({ madeOf }: ChainLink, { beneath, isOnTop }: ChainFound): boolean {
  return isOnTop && beneath !== 'nothing' && beneath.versionId === madeOf
}

/** A list that passes this many versions of other keys begins again at the wanted key. */
const mostBetween = 1_000
/** So few copies are looked at key by key: a page of their neighbours would cost more to read. */
const fewLinks = 3

/** What a list shows of a copy; `undefined` where that is not among the versions of its key. */
type Shown = ChainFound | undefined

/** What the lists of versions show of copies, in the order of the links, which must be that of their keys; as it is read. */
export async function* chainsOf(
  storage: StorageAdapter,
  links: readonly ChainLink[],
  context: StageContext,
): AsyncGenerator<readonly Shown[], void, void> {
  let at = 0
  for (let first = links[0]; first !== undefined; first = links[at]) {
    const from = at
    const rest = links.slice(at)
    const before = rest.length <= fewLinks ? undefined : justBefore(first.key)
    for await (const found of before === undefined ? [] : walk(storage, rest, before, context)) {
      at += found.length
      yield found
    }
    // Few, or far away from the beginning of the list.
    if (at > from) continue
    yield [await alone(storage, first, context)]
    at += 1
  }
}

/** One key by a list of its own. */
async function alone(storage: StorageAdapter, link: ChainLink, context: StageContext): Promise<Shown> {
  for await (const [found] of walk(storage, [link], undefined, context)) return found
  return undefined
}

/** Walks one list from the first link on; ends early where the next one is too far away. */
async function* walk(
  storage: StorageAdapter,
  links: readonly ChainLink[],
  startAfter: string | undefined,
  { signal }: StageContext,
): AsyncGenerator<readonly Shown[], void, void> {
  const [first] = links
  if (storage.listVersions === undefined || first === undefined) return
  const prefix = links.length === 1 ? first.key : commonPrefix(first.key, links.at(-1)?.key ?? first.key)
  let at = 0
  let between = 0
  let history: ListedVersion[] = []
  for await (const versions of piecesOf(storage.listVersions(prefix, { signal, startAfter }))) {
    const found: Shown[] = []
    for (const version of versions) {
      let link = links[at]
      while (link !== undefined && isPast(version.key, link.key)) {
        found.push(foundIn(history, link))
        history = []
        at += 1
        link = links[at]
        between = 0
      }
      if (link === undefined) break
      if (version.key === link.key) history.push(version)
      else between += 1
      if (between > mostBetween) break
    }
    if (found.length > 0) yield found
    if (at === links.length || between > mostBetween) return
  }
  const rest = links.slice(at)
  if (rest.length > 0) yield rest.map((link, place) => foundIn(place === 0 ? history : [], link))
}

function isPast(key: string, wanted: string): boolean {
  return key !== wanted && compareKeys(key, wanted) > 0
}

/** Newest first, as they are listed. */
function foundIn(history: readonly ListedVersion[], { versionId }: ChainLink): ChainFound | undefined {
  const at = history.findIndex((version) => version.versionId === versionId)
  if (at < 0) return undefined
  const beneath = history[at + 1]
  return {
    isOnTop: at === 0,
    beneath: beneath === undefined ? 'nothing' : { versionId: beneath.versionId, isDeleteMarker: beneath.deleteMarker },
  }
}

function commonPrefix(one: string, other: string): string {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  // Not in the middle of a surrogate pair.
  const code = one.charCodeAt(length - 1)
  return one.slice(0, code >= 0xd800 && code <= 0xdbff ? length - 1 : length)
}

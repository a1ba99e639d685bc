/** Which objects of a folder had to wait after its last whole listing. */
export interface HeldBack {
  /** Objects older than the job that it may still overwrite. */
  readonly stale: number
  /** It has objects that belong to nobody yet. */
  readonly unclaimed: boolean
  /** It has halves of recordings that no list names: files without their sidecars, or sidecars without their files. */
  readonly halves: boolean
}

/**
 * What is known of a folder:
 *
 * - `unread`: nothing. It was not listed yet, or a list that was read since may claim what lies in it
 * - `read`: what its last whole listing showed
 */
export type FolderState =
  | { readonly state: 'unread' }
  | {
      readonly state: 'read'
      /** Start of that listing, in milliseconds. */
      readonly listedAt: number
      readonly heldBack: HeldBack
    }

/** A folder about which nothing is known. */
export const unread: FolderState = { state: 'unread' }

/** When a folder must be listed next: at once, at a time in milliseconds, or not again. */
export type NextLook =
  | { readonly look: 'now' }
  | { readonly look: 'at'; readonly at: number }
  | { readonly look: 'never' }

/**
 * Whether a job writes once more into an hour in which an earlier one has written:
 *
 * - `none`: no job does
 * - `open`: one does, and has not ended
 * - `at`: the last that did so has ended, and what it wrote is there from then on, in milliseconds
 */
export type Revisit =
  | { readonly revisit: 'none' }
  | { readonly revisit: 'open' }
  | { readonly revisit: 'at'; readonly at: number }

/** What decides beside a folder's state when it must be listed next. */
export interface Surroundings {
  /** Something is awaited in it. */
  readonly isAwaited: boolean
  /** Everything that will come into it is known: each recording is listed, and no other hour is awaited. */
  readonly isKnown: boolean
  /** Conversations whose recordings are not known. */
  readonly hasOpenConversations: boolean
  /** There are no more lists to come. */
  readonly listsComplete: boolean
  /** Milliseconds; `undefined` while a job runs. */
  readonly fulfilledAt: number | undefined
  readonly revisit: Revisit
  /** When something new was last seen in it, in milliseconds. */
  readonly newestAt: number | undefined
  /** Nothing new for this long, and the waiting is over. */
  readonly quietMs: number
  /** A folder is listed once more, this long after its last new object. */
  readonly settleMs: number
}

const staleRestMs = 3_000
const now: NextLook = { look: 'now' }
const never: NextLook = { look: 'never' }
const at = (time: number): NextLook => ({ look: 'at', at: time })

/** When a folder must be listed next. Pure. */
export function nextLook(folder: FolderState, around: Surroundings): NextLook {
  if (folder.state === 'unread' || around.isAwaited) return now
  if (folder.heldBack.unclaimed && around.listsComplete) return now
  return around.fulfilledAt === undefined
    ? whileRunning(folder, around)
    : afterTheJob(folder, around, around.fulfilledAt)
}

type ReadFolder = Extract<FolderState, { readonly state: 'read' }>

function whileRunning({ listedAt, heldBack }: ReadFolder, around: Surroundings): NextLook {
  if (!around.isKnown) return now
  // The end of the job that writes there again is not known yet; it wakes whoever waits.
  if (around.revisit.revisit === 'open') return never
  const quietAt = quietSince(around)
  if (quietAt !== undefined && listedAt < quietAt) return at(quietAt)
  return heldBack.stale > 0 ? at(listedAt + around.quietMs) : never
}

function afterTheJob({ listedAt, heldBack }: ReadFolder, around: Surroundings, fulfilledAt: number): NextLook {
  const { isKnown, hasOpenConversations, newestAt, settleMs, revisit } = around
  const quietAt = quietSince(around)
  const isQuiet = quietAt === undefined || listedAt >= quietAt
  // What is known to be complete needs no look after the job's end, if it has been left alone long enough.
  if (isKnown && !hasOpenConversations && heldBack.stale === 0 && isQuiet) return never
  const settledAt = latest(
    fulfilledAt,
    newestAt === undefined ? undefined : newestAt + settleMs,
    revisit.revisit === 'at' ? revisit.at : undefined,
  )
  if (settledAt !== undefined && listedAt < settledAt) return at(settledAt)
  // What is older than the job may still be written again: looked at now and then, until the landing is over.
  return heldBack.stale === 0 ? never : at(listedAt + staleRestMs)
}

/** From when on a folder counts as left alone; `undefined` if nothing new came and no job writes there again. */
function quietSince({ newestAt, quietMs, revisit }: Surroundings): number | undefined {
  return latest(
    newestAt === undefined ? undefined : newestAt + quietMs,
    revisit.revisit === 'at' ? revisit.at : undefined,
  )
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((last, time) => {
    if (time === undefined) return last
    return last === undefined ? time : Math.max(last, time)
  }, undefined)
}

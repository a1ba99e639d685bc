/** A place between two keys of the hour folders: of an hour, before the first name that is not less than `name`. */
export interface SliceBound {
  /** Start of the hour, in milliseconds. */
  readonly hour: number
  /** What follows the hour's folder in a key; empty for the beginning of the hour. */
  readonly name: string
}

/**
 * The part of a bucket that a shard looks after: the keys of the hour folders from one bound up to another. The slices of a
 * plan adjoin, and together they are everything, so that what is in no list is seen by exactly one shard.
 */
export interface Slice {
  /** Inclusive; without it from the beginning, folders that are not hours included. */
  readonly from?: SliceBound | undefined
  /** Exclusive; without it to the end. */
  readonly to?: SliceBound | undefined
}

/** The bound right behind the folder of a conversation. */
export function boundBehind(hour: number, conversationId: string): SliceBound {
  // `0` is the character after `/`.
  return { hour, name: `conversation_id=${conversationId}0` }
}

/** Whether the beginning of an hour is in a slice. Pure. */
export function holds({ from, to }: Slice, hour: number): boolean {
  const isBehind = from === undefined || from.hour < hour || (from.hour === hour && from.name === '')
  return isBehind && (to === undefined || hour < to.hour || (hour === to.hour && to.name !== ''))
}

/** Whether a span of time, both in milliseconds and the end exclusive, may hold keys of a slice. Pure. */
export function mayTouch({ from, to }: Slice, start: number, end: number): boolean {
  if (from !== undefined && end <= from.hour) return false
  if (to === undefined) return true
  return to.name === '' ? start < to.hour : start <= to.hour
}

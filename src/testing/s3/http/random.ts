import { randomFillSync } from 'node:crypto'

// Each call of the operating system costs more than the rest of an answer; one fills the ids of a hundred requests.
const pool = Buffer.alloc(8192)
let used = pool.length

/** Random bytes, valid until the next call. */
export function randomSlice(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.subarray(used - bytes, used)
}

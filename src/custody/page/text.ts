/** An instant as a person reads it, in UTC. */
export function utc(time: number | string): string {
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return String(time)
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
  return `${day}, ${date.toISOString().slice(11, date.getUTCSeconds() === 0 ? 16 : 19)} UTC`
}

/** An instant in the column of a table, to the minute. */
export function shortUtc(time: string): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? time : date.toISOString().slice(0, 16).replace('T', ' ')
}

/** States of recordings as the report names them. */
export const stateNames: Readonly<Record<string, string>> = {
  held: 'held',
  repaired: 'repaired',
  conflicting: 'conflicting',
  unreadable: 'unreadable',
  unrepaired: 'not repaired',
  missing: 'missing',
  failedAtSource: 'failed at source',
  skippedAtSource: 'left out at source',
}

/** The order of keys in a listing: that of their bytes in UTF-8, which differs from that of JavaScript beyond U+FFFF. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

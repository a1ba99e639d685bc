const surrogate = /[\ud800-\udfff]/

/** The order of keys in a listing: that of their bytes in UTF-8, which differs from that of JavaScript beyond U+FFFF. */
export function compareKeys(one: string, other: string): number {
  if (one === other) return 0
  if (!surrogate.test(one) && !surrogate.test(other)) return one < other ? -1 : 1
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** A text right before a key, with next to nothing in between; `undefined` if its last character has none beneath it. */
export function justBefore(key: string): string | undefined {
  const code = key.charCodeAt(key.length - 1)
  // Of ASCII, as in nearly all keys.
  return code > 0x21 && code < 0x7f ? `${key.slice(0, -1)}${String.fromCharCode(code - 1)}~` : undefined
}

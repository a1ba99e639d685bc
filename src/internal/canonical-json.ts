/**
 * JSON in one form only (RFC 8785): members sorted by their UTF-16 code units, no white space. The value must be
 * plain JSON; members that are `undefined` are left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  const object = value as Record<string, unknown>
  for (const name of Object.keys(object).sort()) {
    const member = object[name]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(member)}`
  }
  return `{${text}}`
}

/** A fingerprint as people type it, with or without `sha256:`, colons and capitals; `undefined` where it is none. */
export function normaliseFingerprint(text: string): string | undefined {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
    .replaceAll(':', '')
  return /^[0-9a-f]{64}$/.test(hex) ? `sha256:${hex}` : undefined
}

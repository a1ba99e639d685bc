/** The version that an answer names; some servers name none by an empty text, or by blanks. */
export function namedVersion(id: string | undefined): string | undefined {
  return id === undefined || id.trim() === '' ? undefined : id
}

/** The same output without a version that is none. */
export function withNamedVersion<T extends object>(output: T): T {
  const { VersionId } = output as { readonly VersionId?: unknown }
  if (typeof VersionId !== 'string' || namedVersion(VersionId) !== undefined) return output
  return { ...output, VersionId: undefined }
}
